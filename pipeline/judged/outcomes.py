"""Outcomes: every applicable rule leaves one on every form of every submission, with the versions it is based on."""

import polars as pl

from expectations.rules import Pack
from pipeline import tables
from pipeline.comparison.database import JudgingDatabase
from pipeline.forms import Forms
from pipeline.registry.units import UnitRegistry
from pipeline.vocabulary import Status


def outcomes_frame(
    db: JudgingDatabase,
    failed_ids: list[int],
    waived_comparisons: pl.DataFrame,
    rule_packs: tuple[Pack, ...],
    declarations: Forms,
    registry: UnitRegistry,
) -> pl.DataFrame:
    """Return one outcome per applicable rule, form and submission; nothing compared is not applicable, never a pass.

    What fails and is all in ``waived_comparisons`` is explained or known; the column ``failed`` counts it all the same.
    """
    versions = pl.DataFrame(
        [(pack.pack, pack.full_version) for pack in rule_packs], schema=["pack", "pack_version"], orient="row"
    )
    form_versions = pl.DataFrame(
        [
            (form.code, regime.name, form.version)
            for regime in declarations.regimes.values()
            for form in declarations.applied_in(regime).values()
        ],
        schema=["form", "regime", "form_version"],
        orient="row",
    )
    end_days = [day for (day,) in db.query("select distinct period_end from submission").iter_rows()]
    unit_versions = pl.DataFrame(
        [(day, registry.version_on(day)) for day in end_days],
        schema={"period_end": pl.Date, "unit_version": pl.String},
        orient="row",
    )
    connection = db.connection
    connection.register(
        "failed_in", pl.DataFrame({"comparison_id": failed_ids}, schema={"comparison_id": pl.Int64}).to_arrow()
    )
    connection.register("excused_in", waived_comparisons.to_arrow())
    connection.register("versions_in", versions.to_arrow())
    connection.register("unit_versions_in", unit_versions.to_arrow())
    connection.register("form_versions_in", form_versions.to_arrow())
    frame = db.query(
        f"""
        with counted as (
            select submission_id, pack, rule_id, form, count(*) as checked,
                   count(*) filter (comparison_id in (select comparison_id from failed_in)) as failed,
                   count(excused_in.status) as excused, bool_or(excused_in.status = 'explained') as is_explained
            from comparison
            left join excused_in using (comparison_id)
            group by all
        )
        select applicable.submission_id, applicable.period_id, applicable.rule_id, applicable.form, applicable.pack,
               versions_in.pack_version, form_versions_in.form_version, unit_versions_in.unit_version,
               case when coalesce(failed, 0) > coalesce(excused, 0) then '{Status.FAIL}'
                    when is_explained then '{Status.EXPLAINED}'
                    when coalesce(failed, 0) > 0 then '{Status.KNOWN}'
                    when coalesce(checked, 0) > 0 then '{Status.PASS}'
                    else '{Status.NOT_APPLICABLE}' end as status,
               coalesce(checked, 0) as checked, coalesce(failed, 0) as failed
        from applicable
        join submission using (submission_id)
        join versions_in on versions_in.pack = applicable.pack
        join unit_versions_in on unit_versions_in.period_end is not distinct from submission.period_end
        left join form_versions_in on form_versions_in.form = applicable.form
                                  and form_versions_in.regime = submission.regime
        left join counted on counted.submission_id = applicable.submission_id and counted.pack = applicable.pack
                         and counted.rule_id = applicable.rule_id and counted.form = applicable.form
        order by applicable.submission_id, applicable.form, applicable.rule_id
        """
    )
    for name in ("failed_in", "excused_in", "versions_in", "unit_versions_in", "form_versions_in"):
        connection.unregister(name)
    return frame.cast(tables.OUTCOMES)
