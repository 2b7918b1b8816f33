"""Agencies that an annex names: whether the registry of that day knows them, and whether they are others at all.

A column that asks for a name (``Column.is_name``) has no figure that a rule could compare. Problems with a name are
remarks, like problems of reading, but they are made here: verdicts are pinned to the units of the period's last day, so
that an office which is loaded later is recognised when its period is judged again.
"""

import unicodedata
from collections.abc import Iterator
from datetime import date

import polars as pl

from pipeline import tables
from pipeline.forms import Forms
from pipeline.registry.units import FOREVER, Unit, UnitRegistry
from pipeline.vocabulary import Scope

#: Prefixes that the name of a province's agency may have; as ``fct_transfers`` reads it.
NAME_PREFIXES = ("", "Cục THADS ", "Cục THADS tỉnh ", "THADS ", "THADS tỉnh ")
LINE = ["submission_id", "form", "row_code"]


def counterpart_remarks(
    submissions: pl.DataFrame, cells: pl.DataFrame, declarations: Forms, registry: UnitRegistry
) -> pl.DataFrame:
    """Return the problems with the agencies that ``cells`` name, as ``tables.REMARKS``.

    Codes: ``unknown_counterpart``, ``counterpart_of_another_day``, ``own_counterpart``, and ``missing_counterpart`` for a
    line with figures and no name. A line without figures is not used, whatever it names.
    """
    name_places = [
        (form.code, column.code, row.code)
        for form in declarations.current.values()
        for column in form.columns
        if column.is_name
        for row in form.rows
        if not row.is_total
    ]
    places = pl.DataFrame(name_places, schema=["form", "column_code", "row_code"], orient="row")
    line_cells = cells.join(places.select("form", "row_code").unique(), on=["form", "row_code"], how="semi")
    used_lines = line_cells.group_by(LINE).agg(
        is_used=pl.col("value").count() > 0, is_moved=(pl.col("value") > 0).any(), sheet_used=pl.col("sheet").first()
    )
    names = line_cells.join(places, on=["form", "column_code", "row_code"], how="semi").select(
        *LINE, "column_code", "sheet", "address", "raw"
    )
    lines = (
        used_lines.filter("is_used")
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
        for code, vi, en in _name_problems(line, agencies)
    ]
    return pl.DataFrame(rows, schema=tables.REMARKS)


class Agencies:
    """The units of a registry by the names that an annex may use."""

    def __init__(self, registry: UnitRegistry) -> None:
        self.registry = registry
        self._by_spelling: dict[str, dict[str, Unit]] = {}
        for unit in registry.units.values():
            for spelling in (unit.key, *(f"{prefix}{unit.name}" for prefix in NAME_PREFIXES), *unit.aliases):
                self._by_spelling.setdefault(_normalize(spelling), {})[unit.key] = unit

    def units_named(self, text: str) -> list[Unit]:
        """Return the units that have or ever had this name, sorted by key."""
        return [unit for _, unit in sorted(self._by_spelling.get(_normalize(text), {}).items())]

    def find(self, text: str, day: date, reporter_key: str | None) -> Unit | None:
        """Return the one unit called ``text`` on ``day``; a single one in the reporter's province goes first."""
        valid_units = [unit for unit in self.units_named(text) if unit.is_valid_on(day)]
        same_province = [unit for unit in valid_units if self._province(unit.key) == self._province(reporter_key)]
        for candidates in (same_province, valid_units):
            if len(candidates) == 1:
                return candidates[0]
        return None

    def successor_names(self, unit: Unit) -> list[str]:
        """Return the names of the units that took over its territory."""
        successor_keys = self.registry.succession.filter(pl.col("predecessor_key") == unit.key)["successor_key"]
        return [self.registry.units[key].name for key in successor_keys.sort() if key in self.registry.units]

    def _province(self, key: str | None) -> str | None:
        unit = self.registry.units.get(key or "")
        return (unit.parent if unit.level == "office" else unit.key) if unit else None


def _name_problems(line: dict, agencies: Agencies) -> Iterator[tuple[str, str, str]]:
    """Yield code and details, Vietnamese and English, of each problem with the name on a line."""
    text, day = (line["raw"] or "").strip(), line["period_end"]
    day_text, sheet, cell = f"{day:%d/%m/%Y}", line["sheet"], line["address"]
    place_vi, place_en = (f" (trang «{sheet}», ô {cell})", f" (sheet '{sheet}', cell {cell})") if cell else ("", "")
    if not text:
        if line["is_moved"]:
            yield (
                "missing_counterpart",
                f"Dòng này có số liệu nhưng không ghi cơ quan nào{place_vi}; hãy ghi tên hoặc mã của cơ quan.",
                f"This line has figures and names no agency{place_en}; write the agency's name or key.",
            )
        return
    unit = agencies.find(text, day, line["unit_key"])
    is_ambiguous = any(candidate.is_valid_on(day) for candidate in agencies.units_named(text))
    if unit is None and is_ambiguous and line["unit_key"] is None:
        return  # the one in the reporter's province would be meant, but the reporter is unknown, which has its own remark
    if unit is None:
        yield _unknown_name(text, day_text, line, agencies, place_vi, place_en)
    elif unit.key == line["unit_key"] and line["scope"] in (Scope.OWN, Scope.OFFICE):
        yield (
            "own_counterpart",
            f"«{text}»{place_vi} chính là cơ quan báo cáo; hãy ghi cơ quan đã nhận hoặc đã gửi ủy thác.",
            f"'{text}'{place_en} is the reporting agency itself; write the agency to which cases went or from which they came.",
        )


def _unknown_name(
    text: str, day_text: str, line: dict, agencies: Agencies, place_vi: str, place_en: str
) -> tuple[str, str, str]:
    day = line["period_end"]
    candidates = agencies.units_named(text)
    if [unit for unit in candidates if unit.is_valid_on(day)]:
        return (
            "unknown_counterpart",
            f"Nhiều cơ quan tên là «{text}»{place_vi}; hãy ghi mã đơn vị, hoặc thêm tên tỉnh.",
            f"Several agencies are called '{text}'{place_en}; write the key of the unit, or a name that only one has.",
        )
    if candidates:
        unit = candidates[0]
        successors = ", ".join(agencies.successor_names(unit)) if unit.valid_to <= day else ""
        until_vi = f" đến trước {unit.valid_to:%d/%m/%Y}" if unit.valid_to != FOREVER else ""
        until_en = f" until {unit.valid_to}" if unit.valid_to != FOREVER else ""
        return (
            "counterpart_of_another_day",
            f"Cơ quan «{text}»{place_vi} không tồn tại vào cuối kỳ ({day_text}): chỉ có từ {unit.valid_from:%d/%m/%Y}{until_vi}; "
            f"hãy ghi cơ quan của ngày cuối kỳ{f': {successors}' if successors else ''}.",
            f"'{text}'{place_en} did not exist at the end of the period ({day}): it is there from {unit.valid_from}{until_en}; "
            f"write the agency of that day{f': {successors}' if successors else ''}.",
        )
    reporter = agencies.registry.units.get(line["unit_key"] or "")
    suggestion = agencies.registry.find(text, day, reporter.parent if reporter and reporter.level == "office" else None)
    suggestion = suggestion or agencies.registry.find(text, day)
    return (
        "unknown_counterpart",
        f"Cơ quan «{text}»{place_vi} không có trong danh mục đơn vị vào cuối kỳ ({day_text})"
        f"{f', có phải là «{suggestion.name}»' if suggestion else ''}; hãy ghi đúng tên hoặc mã đơn vị.",
        f"'{text}'{place_en} is in no register of units at the end of the period ({day})"
        f"{f', perhaps {suggestion.name} is meant' if suggestion else ''}; write the unit's name or key as registered.",
    )


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().lower())
