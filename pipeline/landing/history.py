"""What landed before under each path: it distinguishes a file left in the inbox from one that was sent again."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl


@dataclass
class LandingHistory:
    """The receipts of all loads by path; a load adds its own as it goes."""

    latest: dict[str, tuple[int, set[str]]] = field(default_factory=dict)  # path -> its last batch, contents then
    times: dict[str, Counter[datetime]] = field(default_factory=dict)  # path -> when files arrived under it, how often
    receipts: Counter[tuple[str, str]] = field(default_factory=Counter)  # of one content under one path

    @classmethod
    def from_receipts(cls, receipts: pl.DataFrame) -> "LandingHistory":
        """Return the history recorded in receipts (``tables.RECEIPTS``, of all batches)."""
        history = cls()
        rows = receipts.select("batch", "path", pl.coalesce("sha256", "problem"), "received_at").sort("batch")
        for batch, path, content_key, received_at in rows.iter_rows():
            history.add(batch, path, content_key or "", received_at)
        return history

    def add(self, batch: int, path: str, content_key: str, received_at: datetime) -> None:
        """Note that something arrived."""
        last, contents = self.latest.get(path, (0, set()))
        self.latest[path] = (batch, contents | {content_key} if last == batch else {content_key})
        self.times.setdefault(path, Counter())[received_at] += 1
        self.receipts[path, content_key] += 1

    def is_current(self, path: str, content_key: str) -> bool:
        """Tell whether this content is what last arrived under the path: then it still lies there and is nothing new."""
        return content_key in self.latest.get(path, (0, ()))[1]

    def next_receipt_id(self, path: str, content_key: str) -> str:
        """Return the identity of the next receipt of this content under this path: sent again, it gets another one."""
        count = self.receipts[path, content_key]
        return receipt_id(path, f"{content_key}#{count + 1}" if count else content_key)


def receipt_id(path: str, content_key: str) -> str:
    """Return the identity of a receipt: a hash of the path and of the content's hash."""
    return hashlib.sha256(f"{content_key}\n{path}".encode()).hexdigest()[:32]
