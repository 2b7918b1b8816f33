"""Agencies that an annex names: whether the registry of that day knows them, and whether they are others at all.

A column that asks for a name (``Column.is_name``) has no figure that a rule could compare. What is wrong with a name is
said as remarks, like what reading stumbles over, but here: verdicts are pinned to the units of the period's last day, so
that an office which is loaded later answers for its name when its period is judged again.
"""

import unicodedata
from collections.abc import Iterator
from datetime import date

import polars as pl

from pipeline import tables
from pipeline.forms import Forms
from pipeline.registry.units import FOREVER, Unit, UnitRegistry
from pipeline.vocabulary import Scope

#: What may stand before the name of a province's agency; as ``fct_transfers`` reads it.
BEFORE_A_NAME = ("", "Cục THADS ", "Cục THADS tỉnh ", "THADS ", "THADS tỉnh ")
LINE = ["submission_id", "form", "row_code"]


def counterpart_remarks(
    submissions: pl.DataFrame, cells: pl.DataFrame, declared: Forms, registry: UnitRegistry
) -> pl.DataFrame:
    """Return what is wrong with the agencies that ``cells`` name, as ``tables.REMARKS``.

    Codes: ``unknown_counterpart``, ``counterpart_of_another_day``, ``own_counterpart``, and ``missing_counterpart`` for a
    line with figures and no name. A line without figures is not used, whatever it names.
    """
    asked = [
        (form.code, column.code, row.code)
        for form in declared.current.values()
        for column in form.columns
        if column.is_name
        for row in form.rows
        if not row.is_total
    ]
    places = pl.DataFrame(asked, schema=["form", "column_code", "row_code"], orient="row")
    of_lines = cells.join(places.select("form", "row_code").unique(), on=["form", "row_code"], how="semi")
    used = of_lines.group_by(LINE).agg(
        is_used=pl.col("value").count() > 0, is_moved=(pl.col("value") > 0).any(), sheet_used=pl.col("sheet").first()
    )
    names = of_lines.join(places, on=["form", "column_code", "row_code"], how="semi").select(
        *LINE, "column_code", "sheet", "address", "raw"
    )
    lines = (
        used.filter("is_used")
        .join(places, on=["form", "row_code"])
        .join(names, on=[*LINE, "column_code"], how="left")
        .join(submissions.select("submission_id", "unit_key", "scope", "period_end"), on="submission_id")
        .drop_nulls("period_end")
        .with_columns(pl.coalesce("sheet", "sheet_used").alias("sheet"))
        .sort(*LINE, "column_code")
    )
    agencies = Agencies(registry)
    rows = [
        {name: line[name] for name in (*LINE, "column_code", "sheet", "address", "raw")}
        | {"code": code, "detail_vi": vi, "detail_en": en}
        for line in lines.to_dicts()
        for code, vi, en in _told(line, agencies)
    ]
    return pl.DataFrame(rows, schema=tables.REMARKS)


class Agencies:
    """The units of a registry by what an annex may call them."""

    def __init__(self, registry: UnitRegistry) -> None:
        self.registry = registry
        self._by_spelling: dict[str, dict[str, Unit]] = {}
        for unit in registry.units.values():
            for spelling in (unit.key, *(f"{before}{unit.name}" for before in BEFORE_A_NAME), *unit.aliases):
                self._by_spelling.setdefault(_spelt(spelling), {})[unit.key] = unit

    def called(self, text: str) -> list[Unit]:
        """Return the units that are or were ever called so, by key."""
        return [unit for _, unit in sorted(self._by_spelling.get(_spelt(text), {}).items())]

    def find(self, text: str, day: date, near: str | None) -> Unit | None:
        """Return the one unit called ``text`` on ``day``: the one in the province of ``near`` before all others."""
        valid = [unit for unit in self.called(text) if unit.is_valid_on(day)]
        beside = [unit for unit in valid if self._province(unit.key) == self._province(near)]
        for found in (beside, valid):
            if len(found) == 1:
                return found[0]
        return None

    def became(self, unit: Unit) -> list[str]:
        """Return the names of the units that have its territory."""
        after = self.registry.succession.filter(pl.col("predecessor_key") == unit.key)["successor_key"]
        return [self.registry.units[key].name for key in after.sort() if key in self.registry.units]

    def _province(self, key: str | None) -> str | None:
        unit = self.registry.units.get(key or "")
        return (unit.parent if unit.level == "office" else unit.key) if unit else None


def _told(line: dict, agencies: Agencies) -> Iterator[tuple[str, str, str]]:
    """Yield code and details, Vietnamese and English, of what is wrong with the name on a line."""
    text, day = (line["raw"] or "").strip(), line["period_end"]
    on, sheet, cell = f"{day:%d/%m/%Y}", line["sheet"], line["address"]
    at_vi, at_en = (f" (trang «{sheet}», ô {cell})", f" (sheet '{sheet}', cell {cell})") if cell else ("", "")
    if not text:
        if line["is_moved"]:
            yield (
                "missing_counterpart",
                f"Dòng này có số liệu nhưng không ghi cơ quan nào{at_vi}; hãy ghi tên hoặc mã của cơ quan.",
                f"This line has figures and names no agency{at_en}; write the agency's name or key.",
            )
        return
    found = agencies.find(text, day, line["unit_key"])
    is_one_of_several = any(unit.is_valid_on(day) for unit in agencies.called(text))
    if found is None and is_one_of_several and line["unit_key"] is None:
        return  # the one in the reporter's own province would be meant, and who reports is told to be unknown already
    if found is None:
        yield _unknown(text, on, line, agencies, at_vi, at_en)
    elif found.key == line["unit_key"] and line["scope"] in (Scope.OWN, Scope.OFFICE):
        yield (
            "own_counterpart",
            f"«{text}»{at_vi} chính là cơ quan báo cáo; hãy ghi cơ quan đã nhận hoặc đã gửi ủy thác.",
            f"'{text}'{at_en} is the reporting agency itself; write the agency to which cases went or from which they came.",
        )


def _unknown(text: str, on: str, line: dict, agencies: Agencies, at_vi: str, at_en: str) -> tuple[str, str, str]:
    day = line["period_end"]
    called = agencies.called(text)
    if [unit for unit in called if unit.is_valid_on(day)]:
        return (
            "unknown_counterpart",
            f"Nhiều cơ quan tên là «{text}»{at_vi}; hãy ghi mã đơn vị, hoặc thêm tên tỉnh.",
            f"Several agencies are called '{text}'{at_en}; write the key of the unit, or a name that only one has.",
        )
    if called:
        unit = called[0]
        after = ", ".join(agencies.became(unit)) if unit.valid_to <= day else ""
        until = f" đến trước {unit.valid_to:%d/%m/%Y}" if unit.valid_to != FOREVER else ""
        before = f" until {unit.valid_to}" if unit.valid_to != FOREVER else ""
        return (
            "counterpart_of_another_day",
            f"Cơ quan «{text}»{at_vi} không tồn tại vào cuối kỳ ({on}): chỉ có từ {unit.valid_from:%d/%m/%Y}{until}; "
            f"hãy ghi cơ quan của ngày cuối kỳ{f': {after}' if after else ''}.",
            f"'{text}'{at_en} did not exist at the end of the period ({day}): it is there from {unit.valid_from}{before}; "
            f"write the agency of that day{f': {after}' if after else ''}.",
        )
    near = agencies.registry.units.get(line["unit_key"] or "")
    meant = agencies.registry.find(text, day, near.parent if near and near.level == "office" else None)
    meant = meant or agencies.registry.find(text, day)
    return (
        "unknown_counterpart",
        f"Cơ quan «{text}»{at_vi} không có trong danh mục đơn vị vào cuối kỳ ({on})"
        f"{f', có phải là «{meant.name}»' if meant else ''}; hãy ghi đúng tên hoặc mã đơn vị.",
        f"'{text}'{at_en} is in no register of units at the end of the period ({day})"
        f"{f', perhaps {meant.name} is meant' if meant else ''}; write the unit's name or key as registered.",
    )


def _spelt(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().lower())
