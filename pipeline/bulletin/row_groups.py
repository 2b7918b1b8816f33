"""Rows grouped by the subject of a page, and a digest of them that tells whether the page changed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl
from markupsafe import escape

Row = dict[str, Any]


class RowGroups(Mapping[str, list[Row]]):
    """The rows of a frame by key, in the frame's order. Rows become dictionaries only when a page needs them; the
    digest of a key's rows does not need that."""

    def __init__(self, frame: pl.DataFrame, key: str) -> None:
        frame = frame.filter(pl.col(key).is_not_null())
        self._frames = {
            str(value): part for (value,), part in frame.partition_by(key, as_dict=True, maintain_order=True).items()
        }
        digests = frame.select(key, digest=frame.hash_rows()).group_by(key).agg(pl.col("digest").sum())
        self._digests = {str(value): digest for value, digest in digests.iter_rows()}

    def __getitem__(self, key: str) -> list[Row]:
        return self._frames[key].to_dicts()

    def __contains__(self, key: object) -> bool:
        return key in self._frames

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def digest(self, key: str) -> int:
        """Return a number that changes when the rows of ``key`` change; 0 where there are none."""
        return self._digests.get(key, 0)


def digest_of(*parts: object) -> str:
    """Return one digest of ``parts``: other digests, and whatever else a page depends on."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def frame_digest(frame: pl.DataFrame) -> int:
    """Return a number that changes when any row changes."""
    return int(frame.hash_rows().sum() or 0)


def truncate_rows(rows: Iterable[Row], limit: int, size: int) -> list[Row]:
    """Return the first rows, at most ``limit`` and at most ``size`` bytes of text: a cell of a file may be long."""
    result: list[Row] = []
    for row in rows:
        size -= sum(len(escape(text[:900]).encode()) for text in row.values() if isinstance(text, str))
        if size < 0 or len(result) == limit:
            break
        result.append(row)
    return result
