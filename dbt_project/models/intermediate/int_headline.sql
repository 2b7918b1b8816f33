{%- set printed_measures = [
    'eligible_share', 'completion_rate', 'completion_rate_change', 'completed_change', 'completed_growth',
    'over_target'
] -%}
{%- set place = ['basis', 'statistical_year', 'months', 'scope', 'origin', 'vintage', 'is_simulated'] -%}

with

current_forms as (

    select
        *,
        case when form = '01' then 'cases' else 'money' end as basis
    from {{ ref('fct_form_version') }}
    where
        superseded_by is null
        and form in ('01', '02')

),

cases as (

    select * from {{ ref('fct_case_results') }}
    where
        case_kind = 'total'
        and initiative = 'total'

),

money as (

    select * from {{ ref('fct_money_results') }}
    where
        case_kind = 'total'
        and initiative = 'total'

),

printed_ratios as (

    select * from {{ ref('fct_printed_ratio') }}
    where
        is_current
        and form in ('01', '02')
        and row_code = 'total.total'

),

outcomes as (

    select * from {{ ref('fct_outcome') }}
    where status = 'fail'

),

rules as (

    select * from {{ ref('dim_rule') }}
    where
        rule_kind = 'money_per_case'
        and on_fail = 'query'

),

periods as (

    select * from {{ ref('dim_period') }}

),

targets as (

    select * from {{ ref('dim_target') }}

),

units as (

    select * from {{ ref('dim_unit') }}

),

successions as (

    select * from {{ ref('bridge_unit_succession') }}

),

national_targets as (

    select
        targets.statistical_year,
        targets.basis,
        targets.target_pct
    from targets
    inner join units on targets.unit_key = units.unit_key
    where units.level = 'nation'

),

totals as (

    select
        report_id,
        'cases' as basis,
        due,
        eligible,
        completed
    from cases

    union all

    select
        report_id,
        'money' as basis,
        due_vnd as due,
        eligible_vnd as eligible,
        completed_vnd as completed
    from money

),

printed as (

    select
        {%- for measure in printed_measures %}
            max(printed) filter (where measure = '{{ measure }}') as printed_{{ measure }},
            max(verdict) filter (where measure = '{{ measure }}') as printed_{{ measure }}_verdict,
        {%- endfor %}
        submission_id,
        form
    from printed_ratios
    group by submission_id, form

),

-- Money per case tells a slip of the unit; such amounts are not compared with anything.
unit_slips as (

    select distinct
        current_forms.report_id,
        'money' as basis
    from current_forms
    inner join outcomes on current_forms.submission_id = outcomes.submission_id
    inner join rules
        on
            outcomes.pack = rules.pack
            and outcomes.rule_id = rules.rule_id

),

measured as (

    select
        {{ report_columns('current_forms') }},
        current_forms.version,
        current_forms.basis,
        current_forms.form,
        current_forms.is_queried,
        unit_slips.report_id is not null as has_unit_slip,
        periods.statistical_year,
        periods.months,
        periods.is_standard,
        totals.due,
        totals.eligible,
        totals.completed,
        {{ percentage('totals.eligible', 'totals.due') }} as eligible_share,
        {{ percentage('totals.completed', 'totals.eligible') }} as completion_rate,
        coalesce(targets.target_pct, national_targets.target_pct) as target_pct
    from current_forms
    left join totals
        on
            current_forms.report_id = totals.report_id
            and current_forms.basis = totals.basis
    left join unit_slips
        on
            current_forms.report_id = unit_slips.report_id
            and current_forms.basis = unit_slips.basis
    left join periods on current_forms.period_id = periods.period_id
    left join targets
        on
            current_forms.unit_key = targets.unit_key
            and periods.statistical_year = targets.statistical_year
            and current_forms.basis = targets.basis
    left join national_targets
        on
            periods.statistical_year = national_targets.statistical_year
            and current_forms.basis = national_targets.basis

),

-- One vintage, the same months; where two reports claim the place, neither is compared.
comparable as (

    select
        unit_key,
        {{ place | join(', ') }},
        max(report_id) as report_id,
        max(eligible) as eligible,
        max(completed) as completed
    from measured
    where
        completed is not null
        and is_standard
        and not has_unit_slip
    group by unit_key, {{ place | join(', ') }}
    having count(*) = 1

),

predecessors as (

    select
        predecessor_key,
        successor_key,
        count(*) over (partition by predecessor_key) > 1 as is_divided
    from successions

),

-- Units that consist of others whole, and of how many; what was divided between successors is in no sum.
merged as (

    select
        successor_key,
        count(*) as units
    from predecessors
    group by successor_key
    having not bool_or(is_divided)

),

-- The figures of a unit's territory: its own report, else the sum of the reports of all that merged into it.
own_figures as (

    select
        unit_key,
        {{ place | join(', ') }},
        [report_id] as report_ids,
        completed,
        {{ percentage('completed', 'eligible') }} as completion_rate
    from comparable

),

summed_figures as (

    select
        merged.successor_key as unit_key,
        {%- for column in place %}
            comparable.{{ column }},
        {%- endfor %}
        list(comparable.report_id order by comparable.report_id) as report_ids,
        sum(comparable.completed) as completed,
        case
            when count(comparable.eligible) = count(*)
                then {{ percentage('sum(comparable.completed)', 'sum(comparable.eligible)') }}
        end as completion_rate
    from comparable
    inner join predecessors on comparable.unit_key = predecessors.predecessor_key
    inner join merged on predecessors.successor_key = merged.successor_key
    group by all
    having count(*) = any_value(merged.units)

),

territory_figures as (

    select * from own_figures

    union all

    -- A unit that reported itself is compared with that, or with nothing.
    select summed_figures.*
    from summed_figures
    left join measured
        on
            summed_figures.unit_key = measured.unit_key
            {%- for column in place %}
                and summed_figures.{{ column }} = measured.{{ column }}
            {%- endfor %}
    where measured.unit_key is null

)

select
    {{ report_columns('measured') }},
    measured.version,
    measured.basis,
    measured.is_queried,
    measured.has_unit_slip,
    measured.due,
    measured.eligible,
    measured.completed,
    measured.eligible_share,
    measured.completion_rate,
    measured.target_pct,
    measured.target_pct * measured.months / 12 as target_pro_rata_pct,
    case
        when measured.completion_rate is not null
            then rank() over (
                partition by
                    measured.basis,
                    measured.period_id,
                    measured.scope,
                    measured.origin,
                    measured.vintage,
                    measured.is_simulated,
                    measured.completion_rate is null
                order by measured.completion_rate desc
            )
    end as completion_rank,
    last_year.report_ids as last_year_report_ids,
    measured.completed - last_year.completed as completed_change,
    {{ percentage('(measured.completed - last_year.completed)', 'last_year.completed') }} as completed_growth,
    measured.completion_rate - last_year.completion_rate as completion_rate_change,
    {{ all_but('printed', ['submission_id', 'form']) }}

from measured

left join territory_figures as last_year
    on
        measured.unit_key = last_year.unit_key
        and measured.basis = last_year.basis
        and measured.statistical_year - 1 = last_year.statistical_year
        and measured.months = last_year.months
        and measured.scope = last_year.scope
        and measured.origin = last_year.origin
        and measured.vintage = last_year.vintage
        and measured.is_simulated = last_year.is_simulated
        and measured.is_standard
        and not measured.has_unit_slip

left join printed
    on
        measured.submission_id = printed.submission_id
        and measured.form = printed.form
