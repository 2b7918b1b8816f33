"""A home with deadlines, and the mail server to which its digests go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.alerts import mail
from pipeline.home import Home
from tests.support.mail_room import MailRoom
from tests.support.published_incidents import declare_deadlines


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of its own for each test, with the deadlines of reports declared."""
    return declare_deadlines(Home(tmp_path / "home"))


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailRoom]:
    """A mail server on loopback, to which letters go without a pause between attempts."""
    monkeypatch.setattr(mail, "PAUSES_SECONDS", ())
    with MailRoom() as room:
        yield room
