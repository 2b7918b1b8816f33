"""``thads bulletin``: the static site of the live warehouse."""

import json
from pathlib import Path

from rich.text import Text

from pipeline.bulletin import make_bulletin
from pipeline.bulletin.site import as_object
from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.published.query import NoWarehouse


def write_bulletin(folder: Path | None, home: Path | None, *, as_json: bool) -> int:
    """Make the site and say where it is; return the exit code."""
    try:
        bulletin = make_bulletin(open_home(home), folder)
    except (NoWarehouse, FileExistsError) as error:
        err.print(Text(f"thads bulletin: {error}"))
        return 2
    if as_json:
        print(json.dumps(as_object(bulletin), ensure_ascii=False))
        return 0
    out.print(Text(f"Bản tin · Bulletin: {bulletin.folder / 'index.html'}", style="bold"))
    out.print(
        Text(
            f"{bulletin.pages} trang · pages, {bulletin.bytes / 1e6:.1f} MB, lớn nhất · largest {bulletin.largest[0]} "
            f"{bulletin.largest[1] / 1000:.0f} kB, bản phát hành · release {bulletin.release}"
            + ("" if bulletin.is_new else " (đã có · stood already)")
        )
    )
    return 0
