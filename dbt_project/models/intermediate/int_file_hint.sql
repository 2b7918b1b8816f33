with

files as (

    select * from {{ ref('int_submission') }}

),

units as (

    select * from {{ ref('dim_unit') }}
    where level in ('province', 'office')

),

periods as (

    select * from {{ ref('dim_period') }}

),

unreadable as (

    select
        submission_id,
        source_ref,
        received_at
    from files
    where verdict = 'unreadable'

),

-- A readable file under the same path, sent before or since, says whose it is.
by_path as (

    select
        unreadable.submission_id,
        readable.unit_key,
        readable.scope,
        readable.period_id,
        readable.is_simulated,
        1 as rank
    from unreadable
    inner join files as readable on unreadable.source_ref = readable.source_ref
    where
        readable.report_id is not null
        and readable.origin = 'submitted'

),

-- Templates are named by key and period; the longest key that stands in the path is the office, not its province.
by_name as (

    select
        unreadable.submission_id,
        units.unit_key,
        case when units.level = 'office' then 'office' else 'own' end as scope,
        periods.period_id,
        units.is_simulated,
        2 as rank
    from unreadable
    inner join units
        on regexp_matches(unreadable.source_ref, '(^|[/!_ -])' || replace(units.unit_key, '.', '[.]') || '([.!/_ -]|$)')
    inner join periods
        on
            contains(unreadable.source_ref, periods.period_id)
            and units.valid_from <= periods.period_end
            and (units.valid_to is null or units.valid_to > periods.period_end)
    qualify
        row_number() over (
            partition by unreadable.submission_id
            order by length(units.unit_key) desc, units.unit_key, length(periods.period_id) desc
        ) = 1

),

hints as (

    select * from by_path
    union all
    select * from by_name

)

select
    hints.submission_id,
    hints.unit_key,
    hints.scope,
    hints.period_id,
    hints.is_simulated,
    unreadable.source_ref,
    unreadable.received_at

from hints

inner join unreadable on hints.submission_id = unreadable.submission_id

qualify
    row_number() over (
        partition by hints.submission_id
        order by hints.rank, hints.unit_key, hints.period_id, hints.scope, hints.is_simulated
    ) = 1
