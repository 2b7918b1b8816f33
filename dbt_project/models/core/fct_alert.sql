with

submissions as (

    select * from {{ ref('int_submission') }}

),

rule_incidents as (

    select * from {{ ref('int_rule_incident') }}

),

file_incidents as (

    select * from {{ ref('int_file_incident') }}

),

failures as (

    select * from {{ ref('int_failure') }}

),

readable_files as (

    select * from {{ ref('int_readable_file') }}

),

incidents as (

    select
        chain,
        rule_id,
        form,
        opened_by,
        opened_version,
        opened_at,
        last_failing_submission_id,
        resolved_by,
        resolved_version,
        resolved_at
    from rule_incidents

    union all

    select
        chain,
        rule_id,
        null as form,
        opened_by,
        opened_version,
        opened_at,
        last_failing_submission_id,
        null as resolved_by,
        null as resolved_version,
        null as resolved_at
    from file_incidents

),

-- A file without a place in any report is made good by a later file under the same path.
replacements as (

    select
        submissions.submission_id as last_failing_submission_id,
        incidents.rule_id,
        incidents.form,
        readable_files.submission_id as resolved_by,
        readable_files.version as resolved_version,
        readable_files.received_at as resolved_at,
        row_number() over (
            partition by submissions.submission_id, incidents.rule_id, coalesce(incidents.form, '')
            order by readable_files.batch, readable_files.receipt_id
        ) as place
    from incidents
    inner join submissions on incidents.last_failing_submission_id = submissions.submission_id
    inner join readable_files
        on
            submissions.path = readable_files.path
            and submissions.batch < readable_files.batch
    where
        incidents.rule_id = 'unreadable'
        or (submissions.report_id is null and readable_files.is_placed)

)

select
    {{ surrogate_key(['incidents.rule_id', 'incidents.chain', 'incidents.form']) }} as alert_id,
    incidents.rule_id,
    submissions.report_id,
    submissions.unit_key,
    incidents.form,
    submissions.period_id,
    submissions.scope,
    submissions.origin,
    submissions.vintage,
    submissions.is_simulated,
    submissions.source_ref,
    case when incidents.rule_id = 'unreadable' then 'error' else failures.severity end as severity,
    case when incidents.rule_id = 'unreadable' then 'return' else failures.on_fail end as on_fail,
    case
        when coalesce(incidents.resolved_by, replacements.resolved_by) is null then 'open' else 'resolved'
    end as state,
    incidents.opened_by,
    incidents.opened_version,
    incidents.opened_at,
    incidents.last_failing_submission_id,
    coalesce(incidents.resolved_by, replacements.resolved_by) as resolved_by,
    coalesce(incidents.resolved_version, replacements.resolved_version) as resolved_version,
    coalesce(incidents.resolved_at, replacements.resolved_at) as resolved_at,
    case when incidents.rule_id = 'unreadable' then 1 else failures.findings end as findings,
    case when incidents.rule_id = 'unreadable' then submissions.problem_vi else failures.sentence_vi end as sentence_vi,
    case when incidents.rule_id = 'unreadable' then submissions.problem_en else failures.sentence_en end as sentence_en,
    failures.story_vi,
    failures.story_en,
    failures.cells

from incidents

inner join submissions on incidents.last_failing_submission_id = submissions.submission_id

left join failures
    on
        incidents.last_failing_submission_id = failures.submission_id
        and incidents.rule_id = failures.rule_id
        and coalesce(incidents.form, '') = coalesce(failures.form, '')

left join replacements
    on
        incidents.last_failing_submission_id = replacements.last_failing_submission_id
        and incidents.rule_id = replacements.rule_id
        and coalesce(incidents.form, '') = coalesce(replacements.form, '')
        and replacements.place = 1
