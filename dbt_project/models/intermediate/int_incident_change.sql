with

steps as (

    select * from {{ ref('int_incident_step') }}

),

submissions as (

    select * from {{ ref('int_submission') }}

),

readable_files as (

    select * from {{ ref('int_readable_file') }}

),

followed as (

    select
        *,
        lag(is_failing) over (partition by alert_id order by step) as was_failing,
        bool_or(is_failing) over (
            partition by alert_id order by step rows between unbounded preceding and current row
        ) as has_opened
    from steps

),

changes as (

    select
        alert_id,
        chain,
        case when not is_failing then 'resolved' when was_failing is null then 'opened' else 'reopened' end as event,
        step,
        submission_id,
        version,
        received_at
    from followed
    where has_opened and is_failing is distinct from was_failing

),

-- An unreadable file is an incident of its path; what broke our reader, or what we put aside, is for engineers to see to.
unreadable as (

    select
        {{ surrogate_key(["'unreadable'", 'path']) }} as alert_id,
        *,
        row_number() over (partition by path order by batch, submission_id) as step,
        count(*) over (partition by path) as steps
    from submissions
    where
        verdict = 'unreadable'
        and coalesce(problem, '') not in {{ for_engineers() }}

),

-- What has no place in any report is made good by a later file under the same path that has one; an .xls that was saved
-- as .xlsx has another ending.
unplaced as (

    select
        steps.alert_id,
        submissions.chain,
        steps.step,
        submissions.path,
        regexp_replace(submissions.path, '[.][^./]*$', '') as stem,
        submissions.batch,
        true as must_be_placed
    from steps
    inner join submissions on steps.submission_id = submissions.submission_id
    where
        submissions.report_id is null
        and steps.is_failing
    qualify row_number() over (partition by steps.alert_id order by steps.step desc) = 1

    union all

    select
        alert_id,
        chain,
        step,
        path,
        regexp_replace(path, '[.][^./]*$', '') as stem,
        batch,
        false as must_be_placed
    from unreadable
    where step = steps

),

-- A marked workbook that comes back replaces the file it answers, under whatever path it comes.
replies as (

    select
        path,
        batch,
        receipt_id,
        submission_id,
        version,
        received_at,
        is_placed
    from readable_files

    union all

    select
        answered.path,
        readable_files.batch,
        readable_files.receipt_id,
        readable_files.submission_id,
        readable_files.version,
        readable_files.received_at,
        readable_files.is_placed
    from readable_files
    inner join submissions as answers on readable_files.submission_id = answers.submission_id
    inner join submissions as answered on answers.in_answer_to = answered.submission_id
    where readable_files.path <> answered.path

),

replacements as (

    select
        unplaced.alert_id,
        unplaced.chain,
        'resolved' as event,
        unplaced.step + 1 as step,
        replies.submission_id,
        replies.version,
        replies.received_at
    from unplaced
    inner join replies
        on
            unplaced.stem = regexp_replace(replies.path, '[.][^./]*$', '')
            and unplaced.batch < replies.batch
            and (replies.is_placed or not unplaced.must_be_placed)
    qualify
        row_number() over (
            partition by unplaced.alert_id order by replies.batch, replies.receipt_id
        ) = 1

)

select
    alert_id,
    chain,
    event,
    step,
    submission_id,
    version,
    received_at
from changes

union all

select
    alert_id,
    chain,
    'opened' as event,
    step,
    submission_id,
    version,
    received_at
from unreadable
where step = 1

union all

select
    alert_id,
    chain,
    event,
    step,
    submission_id,
    version,
    received_at
from replacements
where
    not exists (
        select 1
        from changes
        where
            changes.alert_id = replacements.alert_id
            and changes.step = replacements.step
    )
