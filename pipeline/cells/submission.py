"""Places a return: which unit, which scope, which period, and what its header leaves in doubt."""

from dataclasses import dataclass
from datetime import date

from pipeline.cells.reading import report_id
from pipeline.cells.text import fold
from pipeline.forms import Forms
from pipeline.registry.periods import period_id
from pipeline.registry.units import Unit, UnitRegistry
from pipeline.vocabulary import Origin, Scope, Vintage


@dataclass(frozen=True)
class Heading:
    """What a return says of itself, as written."""

    unit_text: str | None
    period: tuple[date | None, date | None]
    unit_code: str | None = None
    parent_text: str | None = None
    scope: str | None = None
    revision: str | None = None
    reason: str | None = None
    signer: str | None = None
    is_simulated: bool = False
    sheet: str | None = None
    unit_address: str | None = None
    period_address: str | None = None


def submission(
    identity: str, receipt: dict, heading: Heading, forms: Forms, registry: UnitRegistry
) -> tuple[dict, list[dict]]:
    """Return the submission row of a return and the remarks that its header earns."""
    start, end = heading.period
    unit = _unit(heading, end, registry)
    scope = _scope(heading, unit, forms)
    period = period_id(start, end) if start and end else None
    place = {"submission_id": identity, "sheet": heading.sheet}
    remarks = []
    if unit is None:
        remarks.append(
            place
            | {"code": "header_unit", "address": heading.unit_address, "raw": heading.unit_text}
            | {
                "detail_vi": f"Đơn vị báo cáo «{heading.unit_text or ''}» (mã «{heading.unit_code or ''}») không có trong danh mục vào cuối kỳ; hãy ghi đúng tên hoặc mã đơn vị.",
                "detail_en": f"Reporting unit '{heading.unit_text or ''}' (key '{heading.unit_code or ''}') is not in the registry at the end of the period; write its name or key as registered.",
            }
        )
    named = registry.find(heading.unit_text, end, heading.parent_text) if unit and heading.unit_text and end else None
    if unit and named and named.key != unit.key:
        remarks.append(
            place
            | {"code": "header_unit", "address": heading.unit_address, "raw": heading.unit_text}
            | {
                "detail_vi": f"Tên «{heading.unit_text}» là {named.name}, nhưng mã «{heading.unit_code}» là {unit.name}; hãy dùng đúng mẫu của đơn vị mình.",
                "detail_en": f"The name '{heading.unit_text}' is {named.name}, but the key '{heading.unit_code}' is {unit.name}; use the template of your own unit.",
            }
        )
    if period is None or "@" in period:
        span = f"{_spoken(start)} - {_spoken(end)}"
        remarks.append(
            place
            | {"code": "header_period", "address": heading.period_address, "raw": span}
            | {
                "detail_vi": f"Kỳ báo cáo ghi «{span}»; hãy ghi từ ngày 01/10 đến ngày cuối tháng.",
                "detail_en": f"The period reads '{span}'; write from 1 October to the last day of a month.",
            }
        )
    regime = next(iter(forms.in_force(end).values())).regime if end else None
    if regime and end and not regime.covers(end):
        remarks.append(
            place
            | {"code": "header_regime", "address": heading.period_address, "raw": regime.name}
            | {
                "detail_vi": f"Mẫu biểu theo Thông tư {regime.name} không có hiệu lực vào ngày {_spoken(end)}.",
                "detail_en": f"The form of circular {regime.name} is not in force on {end}.",
            }
        )
    row = {
        "submission_id": identity,
        "receipt_id": receipt["receipt_id"],
        "batch": receipt["batch"],
        "source_ref": receipt["path"],
        "file_name": receipt["file_name"],
        "sha256": receipt["sha256"],
        "received_at": receipt["received_at"],
        "origin": str(Origin.SUBMITTED),
        "is_simulated": heading.is_simulated,
        "vintage": str(Vintage.REPORTED),
        "report_id": report_id(
            Origin.SUBMITTED, unit.key if unit else None, scope, period, is_simulated=heading.is_simulated
        ),
        "unit_key": unit.key if unit else None,
        "unit_text": heading.unit_text,
        "scope": scope,
        "period_id": period,
        "period_start": start,
        "period_end": end,
        "regime": regime.name if regime else None,
        "revision": _revision(heading.revision),
        "reason": heading.reason,
        "signer": heading.signer,
        "is_readable": True,
    }
    return row, remarks


def _unit(heading: Heading, end: date | None, registry: UnitRegistry) -> Unit | None:
    """Find the unit by its key, if it is valid at the end of the period, else by its name."""
    day = end or date.max
    by_key = registry.units.get(heading.unit_code or "")
    if by_key and (end is None or by_key.is_valid_on(day)):
        return by_key
    return registry.find(heading.unit_text, day, heading.parent_text) if heading.unit_text and end else None


def _scope(heading: Heading, unit: Unit | None, forms: Forms) -> str | None:
    """Return the scope that the header chooses; a unit that is no province has only the one of its level."""
    if unit is None:
        return None
    if unit.level == "office":
        return str(Scope.OFFICE)
    if unit.level == "nation":
        return str(Scope.NATION)
    said = fold(heading.scope or "")
    choices = {fold(text): name for name, text in forms.header["scope"]["choices"].items()}
    chosen = choices.get(said, said)
    return str(Scope.OWN) if chosen == Scope.OWN else str(Scope.PROVINCE)


def _revision(text: str | None) -> int:
    """Return the version that the header states, 1 where it states none."""
    return int(text) if text and text.isdecimal() and len(text) < 4 else 1


def _spoken(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else "?"
