"""Text made comparable: one spelling for what people write in many ways.

``fold`` gives the key by which labels and names are matched, ``fold_bare`` the same without diacritics for a last resort.
``fold_column`` and ``fold_bare_column`` are their twins over whole columns and give the same results.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

import polars as pl
import yaml

from pipeline.text.encoding import text_encoding

TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook, dot below
_MARKS = "\u0300-\u036f"
_EDGES = " .,:;…*_/\\–—-\"'“”‘’`´"
_INVISIBLE = "[\u00ad\u200b-\u200f\u2060\ufeff]"
_SPACE = "[\\s\x1c-\x1f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"

# Over decomposed lower-case text: the tone of an open oa, oe, uy stands on its first letter (hòa, thủy), that of a
# closed one on its second (hoàn); after q it is always on the second (quý, quá).
_TONE_PLACES = [
    (rf"(^|[^q])(u)(y)([{TONES}])", r"${1}${2}${4}${3}"),
    (rf"(o)([ae])([{TONES}])($|[^{_MARKS}])", r"${1}${3}${2}${4}"),
    (rf"(^|[^q])(u|o)([{TONES}])([aey])([a-zđ])", r"${1}${2}${4}${3}${5}"),
    (rf"(qu)([{TONES}])([aey])", r"${1}${3}${2}"),
]
#: What nobody sees at the ends of a value, in whatever program it was typed: spaces of all widths and of none, tabs, line ends.
BLANKS = "".join(
    chr(code) for code in range(0x10000) if re.fullmatch(f"{_SPACE}|{_INVISIBLE}|\u3164|\u2800", chr(code))
)
_LEGACY_SIGN = r"[\x{00A1}-\x{00FF}]"  # Western letters and signs; only text with one of them can be legacy


def fold(text: str) -> str:
    """Return the key of a label: Unicode, one tone placement, lower case, single spaces, no punctuation at its ends."""
    text = re.sub(_INVISIBLE, "", modernise(text))
    text = _one_tone_placement(unicodedata.normalize("NFC", text).lower())
    return re.sub(_SPACE, " ", text).strip(_EDGES)


def fold_bare(text: str) -> str:
    """Return the key of a label without diacritics (``đ`` is ``d``)."""
    decomposed = unicodedata.normalize("NFD", fold(text))
    return re.sub(f"[{_MARKS}]", "", decomposed).replace("đ", "d")


def fold_column(column: pl.Expr) -> pl.Expr:
    """Return the label keys of a column, the same as ``fold`` gives one by one."""
    text = modernise_column(column).str.replace_all(_INVISIBLE, "").str.normalize("NFC").str.to_lowercase()
    text = text.str.normalize("NFD")
    for pattern, replacement in _TONE_PLACES:
        text = text.str.replace_all(pattern, replacement)
    return text.str.normalize("NFC").str.replace_all(_SPACE, " ").str.strip_chars(_EDGES)


def fold_bare_column(column: pl.Expr) -> pl.Expr:
    """Return the label keys of a column without diacritics, the same as ``fold_bare`` gives one by one."""
    return (
        fold_column(column)
        .str.normalize("NFD")
        .str.replace_all(f"[{_MARKS}]", "")
        .str.replace_all("đ", "d", literal=True)
    )


def trim(text: str) -> str:
    """Return a text without what looks blank at its ends."""
    return text.strip(BLANKS)


def is_blank(text: str) -> bool:
    """Tell whether a text shows nothing."""
    return not text.strip(BLANKS)


def trim_column(column: pl.Expr) -> pl.Expr:
    """Return a column without what looks blank at the ends of its values, as ``trim`` does; null where that is all."""
    text = column.str.strip_chars(BLANKS)
    return pl.when(text != "").then(text)


def visible_key(column: pl.Expr) -> pl.Expr:
    """Return keys by which values that look the same are one: composed, lower case, one space for any, nothing unseen."""
    text = column.str.replace_all(_INVISIBLE, "").str.normalize("NFC").str.to_lowercase()
    return trim_column(text.str.replace_all(_SPACE, " "))


def modernise(text: str) -> str:
    """Return text in Unicode: TCVN3 and VNI are converted when that makes Vietnamese of what was none.

    The reading with most well-formed syllables wins, and the text as it stands wins a tie: a lone word such as ``soá``
    (VNI for ``số``) that is well-formed in both stays as written.
    """
    if text.isascii() or not _may_be_legacy(text):
        return text
    readings = [text, _from_tcvn3(text), _from_vni(text)]
    return max(readings, key=_share_of_syllables)


def modernise_column(column: pl.Expr) -> pl.Expr:
    """Return a column in Unicode, the same as ``modernise`` gives one by one; only suspect values are looked at."""
    return column.map_batches(_modernise_series, return_dtype=pl.String)


def decode(content: bytes) -> str | None:
    """Return the text that bytes hold, in whatever Vietnamese encoding, or None when they are no text."""
    encoding = text_encoding(content)
    if encoding != "cp1258":
        return content.decode(encoding).removeprefix("\ufeff") if encoding else None
    windows = unicodedata.normalize("NFC", content.decode("cp1258"))
    return max(windows, modernise(content.decode("cp1252", errors="replace")), key=_share_of_syllables)


def _modernise_series(column: pl.Series) -> pl.Series:
    suspects = column.filter(column.str.contains(_LEGACY_SIGN)).unique()
    replacements = {text: new for text in suspects if (new := modernise(text)) != text}
    return column.replace(list(replacements), list(replacements.values())) if replacements else column


def _one_tone_placement(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFD", text)
    for pattern, replacement in _TONE_PLACES:
        text = re.sub(pattern, re.sub(r"\$\{(\d)\}", r"\\\1", replacement), text)
    return unicodedata.normalize("NFC", text)


@cache
def _tables() -> dict:
    return yaml.safe_load(Path(__file__).with_name("legacy_code_pages.yaml").read_text(encoding="utf-8"))


@cache
def _pairs(code_page: str) -> dict[str, str]:
    words = _tables()[code_page].replace("\\u00AD", "\u00ad").split()
    return dict(zip(words[::2], words[1::2], strict=True))


@cache
def _vni_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    pairs = _pairs("vni")
    pairs = pairs | {legacy.upper(): letters.upper() for legacy, letters in pairs.items()}
    longest_first = sorted(pairs, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), pairs


def _from_tcvn3(text: str) -> str:
    return text.translate({ord(legacy): letter for legacy, letter in _pairs("tcvn3").items()})


def _from_vni(text: str) -> str:
    pattern, pairs = _vni_pattern()
    return pattern.sub(lambda match: pairs[match[0]], text)


def _may_be_legacy(text: str) -> bool:
    """Tell whether no letter is beyond the Western ones; true Vietnamese nearly always has one that is."""
    return not any(ord(character) > 0xFF and character.isalpha() for character in unicodedata.normalize("NFC", text))


@cache
def _syllables() -> frozenset[str]:
    parts = _tables()["syllable"]
    onsets = ["", *parts["onsets"].split()]
    rimes = parts["rimes"].split()
    joined = {onset + rime for onset in onsets for rime in rimes}
    return frozenset(joined | {"gi" + rime[1:] for rime in rimes if rime.startswith("i")})


def _share_of_syllables(text: str) -> float:
    """Return how much of a text's marked words is well-formed Vietnamese; signs inside words count against it."""
    words = [word for word in re.split(r"[\s\d.,:;()\[\]/%\"'“”–—-]+", text) if word and not word.isascii()]
    return sum(map(_is_syllable, words)) / len(words) if words else 1.0


def _is_syllable(word: str) -> bool:
    decomposed = unicodedata.normalize("NFD", word.lower())
    toneless = unicodedata.normalize("NFC", re.sub(f"[{TONES}]", "", decomposed))
    return len(re.findall(f"[{TONES}]", decomposed)) <= 1 and toneless in _syllables()
