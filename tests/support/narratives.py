"""Narrative reports: the receipt of one, and a real one where it is at hand."""

import hashlib
from datetime import datetime

from pipeline.home import PROJECT

SEED = PROJECT.parent / "shared" / "seeds" / "000_79fa8de862e8143d.txt"


def receipt(name: str, content: bytes, media: str = "txt") -> dict:
    return {
        "receipt_id": "r1",
        "batch": 1,
        "path": f"hau-giang/{name}",
        "file_name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "received_at": datetime(2024, 10, 9, 8, 0),
        "media": media,
    }
