"""Numbers as Vietnamese offices write them: ``.`` groups thousands, ``,`` is the decimal mark.

What can be read in two ways is never guessed. ``1.052`` is 1052 by the Vietnamese rule. ``1,052`` is a decimal by that
rule and 1052 by the English one that many spreadsheets follow, so it is refused with both readings. ``1.05`` and
``1,234,567`` are refused too: only the English rule can read them, and who follows it here may follow it elsewhere.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl
import yaml

from pipeline.tables import AMOUNT
from pipeline.vocabulary import CellState

NUMERAL = pl.Struct(
    {
        "state": pl.String,  # vocabulary.CellState
        "value": AMOUNT,  # as written, per cent not divided by 100; 0 when nil; null when there is no number
        "places": pl.Int32,  # decimals as printed
        "is_percent": pl.Boolean,
        "reason": pl.String,  # code in numerals.yaml, when illegible
        "reason_vi": pl.String,
        "reason_en": pl.String,
    }
)


@dataclass(frozen=True)
class Numeral:
    """What a cell says: a number, or that there is none."""

    state: CellState
    value: Decimal | None = None  # as written; 0 when nil
    places: int | None = None  # decimals as printed; negative in amounts of money, -3 for whole thousands
    is_percent: bool = False


@dataclass(frozen=True)
class NotANumber:
    """Why a text is not taken as a number, with a sentence in each language."""

    reason: str
    vi: str
    en: str
    state: CellState = CellState.ILLEGIBLE


BLANK = Numeral(CellState.BLANK)
NIL = Numeral(CellState.NIL, Decimal(0), 0)
NOT_APPLICABLE = Numeral(CellState.NOT_APPLICABLE)

_LOOKALIKES = dict(zip("０１２３４５６７８９．，％（）－＋−–—×Ｘ", "0123456789.,%()-+---xx", strict=True))
_SPACES = "[\t-\r\x1c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
_INVISIBLE = "[\u200b-\u200f\u2060\ufeff]"

# A body is what is left without sign, brackets and per-cent mark. Space between thousands is as good as a point.
_GROUPED = r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+"
_NUMBER = rf"(?:{_GROUPED}|[0-9]+)(?:,[0-9]+)?"
_AMBIGUOUS = r"[1-9][0-9]{0,2},[0-9]{3}"
_FOREIGN = r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]+|[0-9]+\.[0-9]+)"
_MISGROUPED = r"[0-9]+(?:[., ][0-9]+)+"
_TRAILING = r"^[-+(]? ?[0-9][0-9., ]*?(?: ?%)? ?([^0-9., %()+-].*)$"
_SIGNED = r"^(?:(\() ?|([-+]) ?)?([0-9][0-9., ]*?) ?(%)? ?(\))? ?(%)?$"
_MAX_WHOLE, _MAX_PLACES = 24, 6

_POWERS = {"nghìn tỷ": 12, "tỷ": 9, "triệu": 6, "nghìn": 3, "đồng": 0}
_TERM = re.compile(r" ?([0-9][0-9., ]*?) ?(?:(nghìn tỷ|tỷ|triệu|nghìn)(?: đồng)?|(đồng))(?![^\W\d_])")


def parse_numeral(text: str) -> Numeral | NotANumber:
    """Return what a cell's text says: a number, nil (``-``), blank, not applicable (``x``), or why it is none."""
    plain = _plain(text)
    if plain == "":
        return BLANK
    if plain == "-":
        return NIL
    if plain in ("x", "X"):
        return NOT_APPLICABLE
    match = re.match(_SIGNED, plain)
    if match is None or bool(match[1]) != bool(match[5]) or (match[4] and match[6]):
        rest = re.match(_TRAILING, plain)
        return _refuse("trailing_text", plain, rest=rest[1]) if rest else _refuse("not_a_number", plain)
    body, is_percent = match[3], bool(match[4] or match[6])
    sign = "-" if match[1] or match[2] == "-" else ""
    if re.fullmatch(_AMBIGUOUS, body):
        return _refuse("ambiguous_number", plain, first=sign + body, second=sign + body.replace(",", "."))
    if not re.fullmatch(_NUMBER, body):
        if re.fullmatch(_FOREIGN, body):
            return _refuse("foreign_number", plain, first=sign + _swap_marks(body))
        return _refuse("bad_grouping" if re.fullmatch(_MISGROUPED, body) else "not_a_number", plain)
    whole, _, decimals = body.replace(".", "").replace(" ", "").partition(",")
    if len(whole) > _MAX_WHOLE or len(decimals) > _MAX_PLACES:
        return _refuse("number_too_long", plain)
    return Numeral(CellState.NUMBER, Decimal(f"{sign}{whole}.{decimals}".rstrip(".")), len(decimals), is_percent)


def parse_amount(text: str) -> Numeral | NotANumber:
    """Return an amount of money in đồng: ``500 tỷ 283 triệu 352 nghìn đồng`` is 500283352000."""
    plain = unicodedata.normalize("NFC", _plain(text))
    spelling = plain.lower().replace("tỉ", "tỷ").replace("ngàn", "nghìn")
    total, power, places, position = Decimal(0), None, 0, 0
    while position < len(spelling):
        match = _TERM.match(spelling, position)
        if match is None:
            is_number = isinstance(parse_numeral(spelling), Numeral)
            return _refuse("unit_missing" if is_number and position == 0 else "not_a_number", plain)
        number = parse_numeral(match[1])
        if isinstance(number, NotANumber):
            return number
        previous_power, power = power, _POWERS[match[2] or match[3]]
        if previous_power is not None and power >= previous_power:
            return _refuse("unit_order", plain)
        total += (number.value or 0) * 10**power
        places = (number.places or 0) - power
        position = match.end()
    return Numeral(CellState.NUMBER, total, places) if spelling else BLANK


def refuse_as_too_long(text: str) -> NotANumber:
    """Return that a text is too long to be a number."""
    return _refuse("number_too_long", text)


def numerals(column: pl.Expr) -> pl.Expr:
    """Return a struct column (``NUMERAL``) that says of each text what ``parse_numeral`` says; null is blank."""
    plain = (
        column.fill_null("")
        .str.replace_many(list(_LOOKALIKES), list(_LOOKALIKES.values()))
        .str.replace_all(_INVISIBLE, "")
        .str.replace_all(_SPACES, " ")
        .str.strip_chars(" ")
        .str.replace("^['’] ?", "")
    )
    groups = plain.str.extract_groups(_SIGNED)
    opening, sign_character, body, percent, closing, percent_outside = (
        groups.struct.field(str(n)) for n in range(1, 7)
    )
    is_percent = percent.is_not_null() | percent_outside.is_not_null()
    is_body = (
        body.is_not_null()
        & (opening.is_not_null() == closing.is_not_null())
        & ~(percent.is_not_null() & percent_outside.is_not_null())
    )
    sign = (
        pl.when(opening.is_not_null() | (sign_character == "-").fill_null(False))
        .then(pl.lit("-"))
        .otherwise(pl.lit(""))
    )
    rest = plain.str.extract(_TRAILING, 1)
    digits = body.str.replace_all("[. ]", "")
    whole, decimals = digits.str.extract("^([0-9]+)"), digits.str.extract(",([0-9]+)$").fill_null("")
    places = decimals.str.len_bytes()

    reason = (
        pl.when(~is_body & rest.is_not_null())
        .then(pl.lit("trailing_text"))
        .when(~is_body)
        .then(pl.lit("not_a_number"))
        .when(body.str.contains(_whole(_AMBIGUOUS)))
        .then(pl.lit("ambiguous_number"))
        .when(body.str.contains(_whole(_NUMBER)))
        .then(pl.when((whole.str.len_bytes() > _MAX_WHOLE) | (places > _MAX_PLACES)).then(pl.lit("number_too_long")))
        .when(body.str.contains(_whole(_FOREIGN)))
        .then(pl.lit("foreign_number"))
        .when(body.str.contains(_whole(_MISGROUPED)))
        .then(pl.lit("bad_grouping"))
        .otherwise(pl.lit("not_a_number"))
    )
    state = (
        pl.when(plain == "")
        .then(pl.lit(CellState.BLANK))
        .when(plain == "-")
        .then(pl.lit(CellState.NIL))
        .when(plain.is_in(["x", "X"]))
        .then(pl.lit(CellState.NOT_APPLICABLE))
        .when(reason.is_null())
        .then(pl.lit(CellState.NUMBER))
        .otherwise(pl.lit(CellState.ILLEGIBLE))
    )
    is_number, is_illegible = state == CellState.NUMBER, state == CellState.ILLEGIBLE
    is_foreign = reason == "foreign_number"
    details = {
        "text": plain,
        "rest": rest.fill_null(""),
        "first": sign + pl.when(is_foreign).then(_swap_marks_in_column(body)).otherwise(body).fill_null(""),
        "second": sign + body.str.replace_all(",", ".", literal=True).fill_null(""),
    }
    value = pl.when(is_number).then(sign + whole + "." + decimals + "0").cast(AMOUNT, strict=False)
    return pl.struct(
        state=state,
        value=pl.when(state == CellState.NIL).then(pl.lit(0).cast(AMOUNT)).otherwise(value),
        places=pl.when(is_number).then(places).when(state == CellState.NIL).then(0).cast(pl.Int32),
        is_percent=is_number & is_percent,
        reason=pl.when(is_illegible).then(reason),
        reason_vi=pl.when(is_illegible).then(_sentence_column(reason, "vi", details)),
        reason_en=pl.when(is_illegible).then(_sentence_column(reason, "en", details)),
    )


def _plain(text: str) -> str:
    text = text.translate({ord(sign): plain for sign, plain in _LOOKALIKES.items()})
    text = re.sub(_SPACES, " ", re.sub(_INVISIBLE, "", text)).strip(" ")
    return re.sub("^['’] ?", "", text)


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _swap_marks(body: str) -> str:
    return body.translate(str.maketrans(".,", ",."))


def _swap_marks_in_column(body: pl.Expr) -> pl.Expr:
    return body.str.replace_many([".", ","], [",", "."])


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def _refuse(reason: str, text: str, **details: str) -> NotANumber:
    sentences = _sentences()[reason]
    vi, en = (sentences[language].format(text=text, **details) for language in ("vi", "en"))
    return NotANumber(reason, vi, en)


def _sentence_column(reason: pl.Expr, language: str, details: dict[str, pl.Expr]) -> pl.Expr:
    def sentence(template: str) -> pl.Expr:
        pieces = re.split(r"\{(\w+)\}", template)
        return pl.concat_str(details[piece] if number % 2 else pl.lit(piece) for number, piece in enumerate(pieces))

    return pl.coalesce(
        pl.when(reason == code).then(sentence(sentences[language])) for code, sentences in _sentences().items()
    )
