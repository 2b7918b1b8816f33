with recursive

findings as (

    select * from {{ ref('int_cause_finding') }}

),

causes as (

    select
        chain,
        cause_id,
        min(step) as first_step
    from findings
    group by chain, cause_id

),

-- What fails at a place where another cause failed before, and fails no longer, is that cause seen better.
candidates as (

    select
        causes.chain,
        causes.cause_id,
        causes.first_step,
        earlier.cause_id as owner,
        count(distinct earlier.place) as shared
    from causes
    inner join findings
        on
            causes.chain = findings.chain
            and causes.cause_id = findings.cause_id
            and causes.first_step = findings.step
    inner join findings as earlier
        on
            causes.chain = earlier.chain
            and findings.place = earlier.place
            and causes.cause_id <> earlier.cause_id
            and causes.first_step > earlier.step
    left join findings as still
        on
            causes.chain = still.chain
            and earlier.cause_id = still.cause_id
            and causes.first_step = still.step
    where still.finding_id is null
    group by causes.chain, causes.cause_id, causes.first_step, earlier.cause_id

),

owners as (

    select
        *,
        row_number() over (partition by chain, cause_id order by shared desc, owner asc) as place
    from candidates

),

-- One cause goes on as one cause: of two that share its places the closer is its heir, the other is new.
heirs as (

    select
        *,
        row_number() over (partition by chain, owner, first_step order by shared desc, cause_id asc) as heir_place
    from owners
    where place = 1

),

lineage as (

    select
        causes.chain,
        causes.cause_id,
        causes.cause_id as first_cause_id
    from causes
    left join heirs
        on
            causes.chain = heirs.chain
            and causes.cause_id = heirs.cause_id
            and heirs.heir_place = 1
    where heirs.cause_id is null

    union all

    select
        heirs.chain,
        heirs.cause_id,
        lineage.first_cause_id
    from heirs
    inner join lineage
        on
            heirs.chain = lineage.chain
            and heirs.owner = lineage.cause_id
    where heirs.heir_place = 1

)

select
    chain,
    cause_id,
    {{ surrogate_key(['first_cause_id', 'chain']) }} as alert_id

from lineage
