"""A Chromium to look at pages with: the one of the system, found or, where that is possible, installed.

``python -m tests.support.browser`` is what ``make setup-browser`` runs. Playwright's own builds are never downloaded: they come
from no package index.
"""

import os
import shutil
import subprocess
import sys

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


def set_up() -> int:
    """Install Chromium where it is missing and we may; say what to do where we may not. Return the exit code."""
    if find_chromium():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get") and not os.environ.get("THADS_CHROMIUM"):
        print("Installing Chromium for the tests of the bulletin (apt-get) ...", file=sys.stderr)
        quiet = {
            "check": False,
            "stdout": subprocess.DEVNULL,
            "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        }
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], **quiet)
    if find_chromium():
        return 0
    print(f"The bulletin's pages cannot be looked at: {HOW}", file=sys.stderr)
    return 1 if is_required() else 0


if __name__ == "__main__":
    sys.exit(set_up())
