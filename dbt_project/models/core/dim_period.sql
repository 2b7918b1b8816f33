with

submissions as (

    select * from {{ ref('int_submission') }}
    where period_id is not null

),

seen as (

    select
        period_id,
        cast(left(period_id, 4) as integer) as statistical_year,
        cast(substring(period_id, 6, 2) as integer) as months,
        max(period_end) as period_end
    from submissions
    group by period_id

),

bounds as (

    select
        min(statistical_year) as first_year,
        max(statistical_year) as last_year
    from seen

),

years as (

    {{ year_spine('bounds') }}

),

months as (

    select numbers.months
    from (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) as numbers (months)

),

standard as (

    select
        years.statistical_year || '-' || lpad(cast(months.months as varchar), 2, '0') as period_id,
        cast(years.statistical_year as integer) as statistical_year,
        months.months,
        cast(
            make_date(cast(years.statistical_year as integer) - 1, 10, 1)
            + to_months(months.months) - interval '1 day' as date
        ) as period_end,
        true as is_standard
    from years
    cross join months

),

-- Reports that end inside a month have periods of their own.
other as (

    select
        period_id,
        statistical_year,
        months,
        period_end,
        false as is_standard
    from seen
    where period_id not in (select standard.period_id from standard)

),

combined as (

    select * from standard

    union all

    select * from other

)

select
    period_id,
    statistical_year,
    months,
    make_date(statistical_year - 1, 10, 1) as period_start,
    period_end,
    is_standard,
    months = 12 and is_standard as is_full_year,
    case
        when not is_standard
            then 'Năm ' || statistical_year || ', đến ngày ' || strftime(period_end, '%d/%m/%Y')
        when months = 12 then 'Năm ' || statistical_year
        else months || ' tháng năm ' || statistical_year
    end as label_vi,
    case
        when not is_standard
            then 'Year ' || statistical_year || ' to ' || strftime(period_end, '%d/%m/%Y')
        when months = 12 then 'Year ' || statistical_year
        when months = 1 then '1 month of ' || statistical_year
        else months || ' months of ' || statistical_year
    end as label_en

from combined
