with

outcomes as (

    select * from {{ ref('stg_outcomes') }}

),

rules as (

    select * from {{ ref('stg_rules') }}

),

findings as (

    select * from {{ ref('stg_findings') }}

),

-- The finding that speaks for the rule: the one that is furthest off.
ranked as (

    select
        *,
        row_number() over (
            partition by submission_id, pack, rule_id, coalesce(form, '')
            order by abs(difference) desc nulls last, finding_id asc
        ) as place,
        count(*) over (partition by submission_id, pack, rule_id, coalesce(form, '')) as findings
    from findings
    where status = 'fail'

)

select
    outcomes.submission_id,
    outcomes.pack,
    outcomes.rule_id,
    outcomes.form,
    rules.rule_kind,
    coalesce(rules.severity, ranked.severity) as severity,
    coalesce(rules.on_fail, ranked.on_fail) as on_fail,
    coalesce(ranked.findings, 0) as findings,
    ranked.sentence_vi,
    ranked.sentence_en,
    ranked.story_vi,
    ranked.story_en,
    ranked.cells

from outcomes

left join rules
    on
        outcomes.pack = rules.pack
        and outcomes.rule_id = rules.rule_id

left join ranked
    on
        outcomes.submission_id = ranked.submission_id
        and outcomes.pack = ranked.pack
        and outcomes.rule_id = ranked.rule_id
        and coalesce(outcomes.form, '') = coalesce(ranked.form, '')
        and ranked.place = 1

where outcomes.status = 'fail'
