"""Finds and repairs what another program or a broken disk did to the published files.

Only a load writes below ``published/``. So a write-ahead log next to a warehouse, a live file that is not as it was
published, or one that a process keeps open for writing, is none of ours: it is moved to ``published/aside`` and kept
there, and the release takes its place. Releases are mended from the live file where that is the same release, intact.
"""

import os
import shutil
from pathlib import Path

import duckdb
from filelock import Timeout

from pipeline.home import Home, vietnam_now
from pipeline.published import releases as releases_module
from pipeline.published.opening import holder, open_readonly
from pipeline.published.record import Record
from pipeline.published.releases import Release, copy_file, has_one_name, live_release, one_publisher, releases

#: How many things are kept aside; the oldest go.
MOST_ASIDE = 10


def is_sound(home: Home) -> bool:
    """Tell, for the cost of looking at three names, whether the live file is the one that was published last."""
    record = Record.read(home.published / "release.json")
    return record is not None and record.describes(home.live) and not any(path.exists() for path in _logs(home.live))


def mend(home: Home, *, is_thorough: bool = False, patience: float = releases_module.PATIENCE_SECONDS) -> list[str]:
    """Repair what is published; return a sentence on everything that was wrong, also in ``logs/night.log``.

    ``is_thorough`` reads every byte of the live file and of its release. Raises ``OSError`` where we may not write, and
    ``filelock.Timeout`` where another process publishes.
    """
    if not releases(home) and not home.live.is_symlink() and not home.live.exists():
        return []
    with one_publisher(home, patience):
        sentences = [*_mend_logs(home), *_mend_releases(home, is_thorough), *_mend_live(home, is_thorough)]
    home.note(sentences)
    return sentences


def try_to_mend(home: Home, *, is_thorough: bool = False) -> list[str]:
    """Do :func:`mend` where that is possible; otherwise change nothing, and return a sentence that says why."""
    try:
        return mend(home, is_thorough=is_thorough, patience=1)
    except (OSError, Timeout) as error:
        return [
            f"Không sửa được {home.published} ({error}); lần nạp sau sẽ sửa · it could not be put right now; the next load does it"
        ]


def problem_of(path: Path) -> str | None:
    """Say why a warehouse file cannot be read, and what to do; None where it can."""
    try:
        with open_readonly(path) as connection:
            connection.execute("select count(*) from duckdb_tables()").fetchall()
    except duckdb.ConnectionException:
        return None  # this process has it open already, in another way
    except (duckdb.Error, OSError) as error:
        return explain(path, error)
    return None


def explain(path: Path, error: Exception) -> str:
    """Say in one sentence why a file could not be opened: who holds it, or what is wrong with it."""
    if process := holder(path, error):
        return (
            f"{path.name}: tiến trình đang mở để ghi: {process}; hãy dừng tiến trình đó, chỉ mở tệp ở chế độ chỉ đọc · "
            f"{process} has it open to write; end that process, and open the file read-only"
        )
    reason = " ".join(str(error).split())[:200]
    return f"{path.name}: không đọc được · it cannot be read: {reason}"


def _mend_logs(home: Home) -> list[str]:
    """Move away write-ahead logs: ours are gone before a file is published."""
    sentences = []
    for path in (home.live, *(release.path for release in releases(home))):
        for log in _logs(path):
            if log.exists():
                target = _set_aside(home, log)
                sentences.append(
                    f"Cạnh {path.name} có {log.name} do chương trình khác để lại; đã chuyển sang {target} · a write-ahead log "
                    f"that another program left beside it was moved to {target}; open the file read-only"
                )
    return sentences


def _logs(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{ending}") for ending in (".wal", ".wal.checkpoint", ".wal.recovery")]


def _mend_releases(home: Home, is_thorough: bool) -> list[str]:
    """Restore a damaged release from the live file, where that is the same release and intact, else move it away."""
    sentences = []
    live = live_release(home)
    for release in releases(home):
        is_live = release == live
        if release.is_whole(is_thorough=is_thorough and is_live) and not (is_live and problem_of(release.path)):
            continue
        reason = problem_of(release.path) or f"{release.path.name}: bị sửa đổi · it was changed"
        # The live file may hold these very bytes; that is checked before the damaged file moves away.
        is_restored = release.record is not None and release.record.describes(home.live, is_thorough=True)
        target = _set_aside(home, release.path, keeps_name=is_restored)
        if is_restored:
            copy_file(home.live, release.path)
        consequence = (
            "đã lấy lại từ tệp đang dùng · taken again from the live file"
            if is_restored
            else "lần nạp sau dựng lại nếu cần · built again by the next load if it is needed"
        )
        sentences.append(f"{reason}; đã chuyển sang {target} · moved to {target}; {consequence}")
    return sentences


def _mend_live(home: Home, is_thorough: bool) -> list[str]:
    """Replace a live file that is damaged, or that a process keeps readers out of, by the live release."""
    live = live_release(home)
    if live is None:
        return _mend_without_release(home)
    reason = _live_problem(home, live, is_thorough)
    if reason is None:
        if not has_one_name(home.live):  # published before the live file was a copy
            releases_module._make_live(home, live)
        releases_module._describe(home, live)
        return []
    target = _set_aside(home, home.live, keeps_name=True) if os.path.lexists(home.live) else None
    releases_module._make_live(home, live)
    releases_module._describe(home, live)
    note = f"; đã chuyển sang {target} · moved to {target}" if target else ""
    return [f"{reason}{note}; thay bằng bản phát hành {live.number} · release {live.number} stands in its place"]


def _live_problem(home: Home, live: Release, is_thorough: bool) -> str | None:
    assert live.record is not None
    if not os.path.lexists(home.live):
        return f"{home.live.name}: đã bị xóa · it was deleted"
    if problem := problem_of(home.live):
        return problem
    if live.record.describes(home.live, is_thorough=is_thorough):
        return None
    if process := holder(home.live):
        return (
            f"{home.live.name}: bị {process} sửa đổi; hãy dừng tiến trình đó · changed by {process}; end that process"
        )
    return f"{home.live.name}: không phải tệp đã công bố · it is not the file that was published"


def _mend_without_release(home: Home) -> list[str]:
    """Move away a live file that cannot be read and of which no release is left."""
    if not os.path.lexists(home.live):
        return []
    reason = problem_of(home.live)
    if reason is None:
        return []
    target = _set_aside(home, home.live)
    return [
        f"{reason}; đã chuyển sang {target}; không còn bản phát hành nguyên vẹn, hãy chạy thads load · moved to {target}; "
        "no whole release is left, 'thads load INBOX' builds it again"
    ]


def _set_aside(home: Home, path: Path, *, keeps_name: bool = False) -> Path:
    """Move ``path`` to ``published/aside``, and return where it is now; with ``keeps_name`` its name stays in use.

    It is replaced in a moment, and readers never miss it; a folder or a link, which no rename replaces, moves at once.
    """
    folder = home.published / "aside"
    folder.mkdir(exist_ok=True)
    stem = f"{vietnam_now():%Y%m%d-%H%M%S}-{path.name}"
    count = len(list(folder.glob(f"{stem}*")))
    target = folder / (f"{stem}.{count}" if count else stem)
    try:
        if not (keeps_name and path.is_file() and not path.is_symlink()):
            raise OSError
        os.link(path, target)
    except OSError:  # nor does every file system know links
        path.rename(target)
    for old in sorted(folder.iterdir())[:-MOST_ASIDE]:
        shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    return target
