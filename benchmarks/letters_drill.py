"""A national month with faults, letter by letter: who received what, through a mail server that is down for a night.

Simulates 760 workbooks of 63 provinces, faults in five of a hundred; everybody in the country has an address. Then four
loads, each a whole ``thads load``: the month; the same again; the corrections, with the mail server down; the same again,
with the server up. Run ``make letters-drill`` (some five minutes), or ``python -m benchmarks.letters_drill --provinces 2
--workbooks 20 --faults 3`` for a taste. Exit 1 where a letter is missing, doubled or too many.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from expectations.rules import packs
from pipeline.alerts import journal
from pipeline.alerts.outbox import Outbox
from pipeline.home import PROJECT, Home
from pipeline.published.query import run_query
from pipeline.simulator import FAULTS, Truth, simulate
from pipeline.simulator.simulation import write_correction
from pipeline.simulator.territory import DEFAULT_FORMS
from pipeline.vocabulary import MessageState, OnFail, Scope
from tests.support.mail_room import MailRoom, text_of

NATION = "nation@example.vn"


def main() -> int:
    """Run the drill, print its counts and what is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provinces", type=int, default=63)
    parser.add_argument("--workbooks", type=int, default=760)
    parser.add_argument("--faults", type=int, default=38, help="reports with a fault (default 38, five in a hundred)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thads-letters-") as folder, MailRoom() as room:
        errors = list(drill(Path(folder), room, options))
    for line in errors:
        print(f"WRONG: {line}")
    print("every letter once" if not errors else f"{len(errors)} claims do not hold")
    return 1 if errors else 0


def drill(folder: Path, room: MailRoom, options: argparse.Namespace) -> Iterator[str]:
    """Yield what does not hold."""
    truth = simulate(
        folder / "country",
        options.provinces,
        "2022-10",
        "2022-10",
        options.seed,
        faults=list(islice(cycle(_kinds()), options.faults)),
        consolidated=False,
        workbooks=options.workbooks,
    )
    home, inbox = Home(folder / "home"), folder / "country" / "inbox"
    people = _contacts(home, truth, room.port)
    faulty_paths = {fault.path for fault in truth.faults}
    print(
        f"{len(truth.reports)} workbooks, {len(faulty_paths)} with a fault, {people} people with an address", flush=True
    )

    first_night = _load(home, inbox, room, "the month")
    digests_by_person = Counter(recipient for (recipient,) in room.recipients)
    yield from (
        f"{recipient} got {letters} digests in a night"
        for recipient, letters in digests_by_person.items()
        if letters > 1
    )
    yield from _repeated_messages(home)
    if not first_night["opened"] or not digests_by_person:
        yield "no incident was opened, or nobody was told"

    second_night = _load(home, inbox, room, "the same again")
    if second_night["letters"]:
        yield f"the same night again sent {second_night['letters']} letters"

    correction_inbox = folder / "corrected"
    unplaced_refs = set(
        run_query(home, "select source_ref from fct_alert where unit_key is null or period_id is null")["source_ref"]
    )
    for fault in truth.faults:
        path = write_correction(truth, fault.id, correction_inbox)
        if fault.path in unplaced_refs:  # only a file under the same path can take the place of one that has none
            path.rename(correction_inbox / fault.path)
    room.shut()
    night_down = _load(home, correction_inbox, room, "the corrections, mail server down")
    room.open()
    night_up = _load(home, correction_inbox, room, "the same again, mail server up")
    if (
        night_down["letters"]
        or not night_down["waiting"]
        or night_up["letters"] != night_down["waiting"]
        or night_up["waiting"]
    ):
        yield f"{night_down['waiting']} letters waited, {night_up['letters']} arrived, {night_up['waiting']} wait still"
    notices = Counter(recipient for (recipient,) in room.recipients[-night_up["letters"] :])
    yield from (f"{recipient} got {letters} notices" for recipient, letters in notices.items() if letters > 1)
    yield from (
        f"{recipient} was told of the fault and not of its end"
        for recipient in digests_by_person
        if recipient not in notices
    )
    yield from (
        f"a notice to {letter['To']} tells of no recovery"
        for letter in room.letters[-night_up["letters"] :]
        if "ĐÃ KHỚP" not in text_of(letter)
    )
    yield from _repeated_messages(home)
    ids = Counter(letter["Message-ID"] for letter in room.letters)
    yield from (f"{name} arrived {times} times" for name, times in ids.items() if times > 1)
    sent_count = len(Outbox(home).messages(MessageState.SENT))
    if sent_count != len(room.letters):
        yield f"the outbox says {sent_count} were sent, {len(room.letters)} arrived"
    print(
        f"{len(room.letters)} letters to {len(digests_by_person)} people, {night_up['open']} incidents still open",
        flush=True,
    )


def _kinds() -> list[str]:
    """Return the kinds of fault that an office can make in the workbook of a first month and that is reported to somebody."""
    notes = {rule.id for pack in packs() for rule in pack.rules if rule.on_fail == OnFail.NOTE}
    return [
        name
        for name, fault in FAULTS.items()
        if Scope.OFFICE in fault.scopes
        and fault.suffix == ".xlsx"
        and fault.fits(DEFAULT_FORMS)
        and not (fault.is_harmless or fault.related_reports or fault.months or fault.from_months > 1)
        and (fault.is_unreadable or set(fault.meant) - notes)
    ]


def _load(home: Home, inbox: Path, room: MailRoom, label: str) -> dict[str, int]:
    """Load and print what came of it: incidents opened and resolved, letters that arrived."""
    letter_count, start = len(room.letters), time.monotonic()
    command = [sys.executable, "-m", "pipeline.cli.main", "load", str(inbox), "--home", str(home.root), "--json"]
    completed_process = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if completed_process.returncode:
        raise RuntimeError(f"{label}: the load failed\n{completed_process.stderr[-2000:]}")
    night = json.loads(completed_process.stdout.splitlines()[-1])
    summary = {
        "opened": len(night["alerts_opened"]),
        "resolved": len(night["alerts_resolved"]),
        "open": night["alerts_open"],
        "queued": night["messages"]["queued"],
        "letters": len(room.letters) - letter_count,
        "waiting": night["messages"]["waiting"],
    }
    counts = ", ".join(f"{name} {count}" for name, count in summary.items())
    print(f"{label}: {counts} ({time.monotonic() - start:.0f} s)", flush=True)
    return summary


def _repeated_messages(home: Home) -> Iterator[str]:
    """Yield incidents that one person was told twice are open, or twice are resolved."""
    log = [entry for entry in journal.read(home.alerts / "deliveries.jsonl") if entry["event"] == "queued"]
    for kind in ("opened", "recovered"):
        counts = Counter((entry["person"], alert) for entry in log for alert in entry[kind])
        yield from (
            f"{person} was told {times} times that {alert} {kind}"
            for (person, alert), times in counts.items()
            if times > 1
        )


def _contacts(home: Home, truth: Truth, port: int) -> int:
    """Give every unit a person with an address, and the nation one; return how many."""
    lines = [
        f'servers: {{mail: "mailto://127.0.0.1:{port}?from=thongke@example.vn&to={{to}}"}}',
        "people:",
        f"  - {{id: nation, name: Cả nước, nation: true, channels: [{{via: mail, to: {NATION}}}]}}",
    ]
    units = [("provinces", province) for province in truth.provinces]
    units += [("offices", office) for offices in truth.provinces.values() for office in offices]
    for place, (follows, unit) in enumerate(units):
        channel = f"{{via: mail, to: {unit}@example.vn}}"
        lines.append(f"  - {{id: p{place}, name: {unit}, {follows}: [{unit}], channels: [{channel}]}}")
    home.root.mkdir(parents=True)
    (home.root / "contacts.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(units) + 1


if __name__ == "__main__":
    raise SystemExit(main())
