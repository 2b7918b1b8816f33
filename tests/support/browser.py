"""A Chromium to look at pages with: the one of the system, found or, where that is possible, installed.

``python -m tests.support.browser`` is what ``make setup-browser`` runs. Playwright's own builds are never downloaded: they come
from no package index.
"""

import os
import shutil
import sys

from tests.support.system_packages import set_up

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")

#: No sandbox: containers run as root. The rest keeps Chromium from calling its maker.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

HOW = (
    "there is no Chromium here. Install it (Debian, Ubuntu: apt-get install chromium; Fedora: dnf install chromium; "
    "macOS: brew install --cask chromium) or let THADS_CHROMIUM name one."
)


def find_chromium() -> str | None:
    """Return where Chromium is: the one that THADS_CHROMIUM names, else the first of its usual names."""
    named = os.environ.get("THADS_CHROMIUM")
    return shutil.which(named) if named else next((path for name in NAMES if (path := shutil.which(name))), None)


def is_required() -> bool:
    """Return whether tests must fail without a browser: in CI, which would else say green for what it never saw."""
    return bool(os.environ.get("CI") or os.environ.get("THADS_BROWSER_REQUIRED"))


if __name__ == "__main__":
    sys.exit(
        set_up(
            find_chromium,
            PACKAGES,
            variable="THADS_CHROMIUM",
            purpose="The bulletin's pages cannot be looked at",
            way_out=HOW,
            is_required=is_required(),
        )
    )
