"""Contacts, incidents and the letter of a night, for tests of digests and of their sending."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from pipeline.home import Home
from tests.support.mail_room import MailRoom

TONIGHT = datetime(2026, 11, 25, 1, 5)
TOMORROW = TONIGHT + timedelta(days=1)
QUERY = {"on_fail": "query", "severity": "warning"}
PEOPLE = """\
servers: {{mail: "mailto://127.0.0.1:{port}?from=THADS <thongke@example.vn>&to={{to}}"}}
people:
  - id: an
    name: Lê Thị An
    nation: true
    channels: [{{via: mail, to: an@example.vn}}]
"""


def tell(home: Home, port: int, people: str = PEOPLE, *, more: str = "") -> None:
    (home.root / "contacts.yaml").write_text(people.format(port=port) + more, encoding="utf-8")


def incident(number: int, **more: Any) -> dict[str, Any]:
    return {"alert_id": f"{number:032x}", "last_failing_submission_id": f"{number:032x}"} | more


def resolved(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 2}


def the(room: MailRoom) -> EmailMessage:
    (letter,) = room.letters
    return letter
