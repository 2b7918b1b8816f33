"""Keeps the Data Docs of the last night that judged anything: ``data_docs/index.html`` and a page for each suite."""

import hashlib
from collections.abc import Mapping

from pipeline.home import Home
from pipeline.storage import commit_files


def keep_data_docs(home: Home, files: Mapping[str, bytes] | None) -> int:
    """Replace the pages in one rename; return how many there are, 0 where ``files`` is None and the old ones stay."""
    if files is None:
        return 0
    mark = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()
    commit_files(home, home.data_docs, files, fingerprint=mark)
    return len(files)
