"""Plants every kind of fault in a clean country and tells which were found, which were traced to the cell, and at what cost.

Run ``make drill`` (some six minutes), or ``python -m benchmarks.fault_drill --copies 1`` for a taste. Three countries: one
fault a return, two, three; and the national report over 63 provinces. Landing, reading and judging as in a night; no warehouse.

``make country`` (``--country 10``) plants nothing: three statistical years of all forms, with every office, across the merger
of 1 July 2025. Whatever it finds is a false alarm.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.cli.exit import leaving_at_once
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.simulator import FAULTS, Truth, simulate
from pipeline.simulator.truth import PlantedFault, SentReport
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt, Scope, Status

FORMS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "discipline", "credit", "corruption")
#: The annex on delegation besides, which nobody owes and which has faults of its own.
WITH_ANNEX = (*FORMS, "transfers")
#: Two years, as some faults only show beside the year before; mixtures have none of these.
ALONE, MIXED = ("2021-10", "2023-09"), ("2023-04", "2023-09")
NATIONAL = ("2023-06", "2023-06")
#: Statistical years 2024 to 2026: of 63 provinces until June 2025, of 34 from July on.
FAULTLESS = ("2023-10", "2026-09")
#: Rules that compare a report with one of another period.
LOOKING_BACK = ("cumulative.", "continuity.", "change.", "duplicate.")
LOOKED_AT = 3  # an office reads three hypotheses
AIMS = {"detected": 0.99, "located": 0.90, "right": 0.95}
OF_KIND = ("named", "right")  # shares of those faults for which a kind of cause is known


@dataclass(frozen=True)
class Traced:
    """What became of one planted fault."""

    kind: str
    alone: bool
    is_detected: bool
    is_locatable: bool  # it changed cells that still stand in the sheet
    is_located: bool  # one of them is the cell of one of the first three hypotheses
    is_first: bool  # of the likeliest
    is_nameable: bool  # a kind of likely cause is known for it
    is_named: bool  # and a hypothesis at its cell is of that kind
    is_right: bool  # the likeliest one, or another cell that its sentence names
    fired: tuple[str, ...]


@dataclass
class Drill:
    """Faults with what became of them, and findings that no fault explains: (rule, file)."""

    traced: list[Traced] = field(default_factory=list)
    false_alarms: list[tuple[str, str]] = field(default_factory=list)
    clean: int = 0
    #: likeliest hypotheses about returns with faults that propose figures, and those of them that change a right cell
    proposals: int = 0
    harmful: list[tuple[str, str, str]] = field(default_factory=list)  # kind, file, cell

    def share(self, what: str, kinds: Iterable[str] | None = None) -> float:
        """Return the share of faults detected or, of those that can be, located."""
        wanted = [t for t in self.traced if kinds is None or t.kind in kinds]
        base = wanted
        if what != "detected":
            base = [t for t in wanted if t.is_locatable and (what not in OF_KIND or t.is_nameable)]
        return sum(getattr(t, f"is_{what}") for t in base) / len(base) if base else 1.0

    def __add__(self, other: "Drill") -> "Drill":
        return Drill(
            self.traced + other.traced,
            self.false_alarms + other.false_alarms,
            self.clean + other.clean,
            self.proposals + other.proposals,
            self.harmful + other.harmful,
        )


def main() -> int:
    """Run the drill and print its tables; exit 1 below an aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=4, help="how often each kind is planted alone (default 4)")
    parser.add_argument("--mixtures", type=int, default=60, help="returns with two faults, and with three (default 60)")
    parser.add_argument("--provinces", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--missed", action="store_true", help="list what was missed")
    parser.add_argument("--country", type=int, help="only judge so many provinces without a fault, three years")
    options = parser.parse_args()
    started, kinds = time.monotonic(), harmful()
    whole = Drill()
    if options.country:
        with tempfile.TemporaryDirectory(prefix="thads-country-") as folder:
            faultless = drill(
                Path(folder), (), FAULTLESS, provinces=options.country, seed=options.seed, forms=WITH_ANNEX
            )
        print(*sorted(faultless.false_alarms), sep="\n", end="")
        print(
            f"{len(faultless.false_alarms)} false alarms on {faultless.clean} clean returns; {time.monotonic() - started:.0f} s"
        )
        return 1 if faultless.false_alarms else 0
    with tempfile.TemporaryDirectory(prefix="thads-drill-") as folder:
        for together, faults, months in (
            (1, kinds * options.copies, ALONE),
            (2, [str(2 * options.mixtures)], MIXED),
            (3, [str(3 * options.mixtures)], MIXED),
        ):
            country = Path(folder) / str(together)
            one = drill(
                country,
                faults,
                months,
                provinces=options.provinces,
                seed=options.seed,
                together=together,
                forms=WITH_ANNEX,
            )
            print(f"{together} a return: {_line(one)}", flush=True)
            whole += one
        whole += national(Path(folder) / "nation", seed=options.seed)
    print(f"\ntogether:   {_line(whole)}; {time.monotonic() - started:.0f} s\n")
    print(by_kind(whole), by_rule(whole), sep="\n\n")
    if options.missed:
        for traced in whole.traced:
            if not traced.is_detected or (traced.is_locatable and not traced.is_located):
                print(traced)
        print(*sorted(whole.false_alarms), *sorted(whole.harmful), sep="\n")
    met = all(whole.share(what) >= aim for what, aim in AIMS.items()) and not whole.false_alarms
    return 0 if met else 1


def harmful() -> list[str]:
    """Return the kinds of fault that something should find in what offices and provinces send."""
    return [name for name, fault in FAULTS.items() if not fault.is_harmless and not fault.is_national]


def national(folder: Path, *, seed: int = 1) -> Drill:
    """Plant what only the national department can get wrong: one month of all provinces, without their offices."""
    kinds = [name for name, fault in FAULTS.items() if fault.is_national]
    return drill(folder, kinds, NATIONAL, provinces=63, seed=seed, forms=("09",), offices=0, national=True)


def drill(
    folder: Path,
    faults: Sequence[str],
    months: tuple[str, str],
    *,
    provinces: int = 1,
    seed: int = 1,
    together: int = 1,
    forms: Sequence[str] = FORMS,
    offices: int | None = None,
    national: bool = False,
) -> Drill:
    """Simulate a country with faults in ``folder``, judge it, and trace every fault."""
    truth = simulate(
        folder,
        provinces,
        *months,
        seed,
        faults,
        forms=forms,
        faults_per_office=together,
        offices_per_province=offices,
        national=national,
    )
    home = Home(folder / "home")
    receive(folder / "inbox", home)
    read_landed(home)
    judge_changed(home)
    return trace(truth, home)


def trace(truth: Truth, home: Home) -> Drill:
    """Compare what judging said with what was planted."""
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    receipts = pl.concat([pl.read_parquet(path) for path in sorted(home.receipts.glob("*.parquet"))])
    refused = set(receipts.filter(pl.col("verdict") == Receipt.UNREADABLE)["path"])
    refused |= set(submissions.filter(~pl.col("is_readable"))["source_ref"])
    path_of = dict(submissions.select("submission_id", "source_ref").iter_rows())
    fired: dict[str, Counter[str]] = defaultdict(Counter)
    findings = read_tables(home.judged, "findings", tables.FINDINGS).filter(pl.col("status") == Status.FAIL)
    for submission_id, rule_id in findings.select("submission_id", "rule_id").iter_rows():
        fired[path_of[submission_id]][rule_id] += 1
    hypotheses: dict[str, list[dict]] = defaultdict(list)
    causes = read_tables(home.judged, "causes", tables.CAUSES).filter(pl.col("rank") <= LOOKED_AT)
    for row in causes.drop("sentence_vi").to_dicts():
        hypotheses[path_of[row["submission_id"]]].append(row)
    faults_of: dict[str, list[PlantedFault]] = defaultdict(list)
    for fault in truth.faults:
        faults_of[fault.path].append(fault)
    traced = [
        _traced(
            fault, fired[fault.path], fault.path in refused, hypotheses[fault.path], len(faults_of[fault.path]) == 1
        )
        for fault in truth.faults
        if not fault.is_harmless
    ]
    by_province: dict[str, list[PlantedFault]] = defaultdict(list)
    for fault in truth.faults:
        by_province[fault.province].append(fault)
    unexplained = [
        (rule, report.path)
        for report in truth.reports
        for rule in fired[report.path]
        if not any(explains(fault, rule, report) for fault in by_province[report.province])
    ]
    unexplained += [("unreadable", path) for path in refused if not any(f.is_unreadable for f in faults_of[path])]
    clean = sum(not faults_of[report.path] for report in truth.reports)
    return Drill(traced, unexplained, clean, *_harm(faults_of, hypotheses))


def _harm(
    faults_of: dict[str, list[PlantedFault]], hypotheses: dict[str, list[dict]]
) -> tuple[int, list[tuple[str, str, str]]]:
    """Count the likeliest hypotheses that propose figures; return those that would change a right cell.

    What was not recalculated asks for no figure: calculating anew changes no cell that is right.
    """
    proposals, harmful = 0, []
    for path, faults in faults_of.items():
        wrong = {(c.form, c.row, c.column) for fault in faults for c in fault.changes}
        for row in hypotheses[path]:
            if row["rank"] == 1 and row["changes"] and row["kind"] != "not_recalculated":
                proposals += 1
                changed = {(c["form"], c["row_code"], c["column_code"]) for c in row["changes"]}
                if changed - wrong:
                    harmful.append((row["kind"], path, " ".join(min(changed - wrong))))
    return proposals, harmful


def _traced(fault: PlantedFault, fired: Counter[str], is_refused: bool, hypotheses: list[dict], alone: bool) -> Traced:
    roots = {(c.form, c.row, c.column) for c in fault.changes if c.is_root and c.address}
    hits = [row for row in hypotheses if (row["form"], row["row_code"], row["column_code"]) in roots]
    # Where the figures do not tell two cells apart, the first hypothesis names both.
    first = {row["cause_id"]: row["sentence_en"] for row in hypotheses if row["rank"] == 1}
    return Traced(
        kind=fault.kind,
        alone=alone,
        is_detected=is_refused if fault.is_unreadable else any(rule in fired for rule in fault.meant),
        is_locatable=bool(roots),
        is_located=bool(hits),
        is_first=any(row["rank"] == 1 for row in hits),
        is_nameable=fault.cause is not None,
        is_named=any(row["kind"] == fault.cause for row in hits),
        is_right=any(row["kind"] == fault.cause and _is_named(row, first[row["cause_id"]]) for row in hits),
        fired=tuple(rule for rule in fault.meant if rule in fired),
    )


def _is_named(row: dict, first: str) -> bool:
    """Tell whether the first sentence on a cause names the cell of a hypothesis."""
    return row["rank"] == 1 or f"cell {row['address']} " in first


def explains(fault: PlantedFault, rule: str, report: SentReport) -> bool:
    """Tell whether a rule may fire on a report because of a fault.

    On the report itself what the fault is known to set off; on the province's report of the period its sums; on another
    period's report of the same unit what looks back.
    """
    if fault.path == report.path:
        return any(fnmatchcase(rule, pattern) for pattern in (*fault.meant, *fault.entails))
    if fault.period == report.period:
        return rule == "rollup.offices" and (fault.province, report.scope) == (report.province, Scope.PROVINCE)
    is_same_unit = (fault.unit, fault.scope) == (report.unit, report.scope)
    return is_same_unit and rule.startswith(LOOKING_BACK)


def _line(of: Drill) -> str:
    alarms = f"{len(of.false_alarms)} false alarms on {of.clean} clean returns"
    named, first, right = (_per_cent(of.share(what)) for what in ("named", "first", "right"))
    return (
        f"{len(of.traced)} faults, {_per_cent(of.share('detected'))} detected, {_per_cent(of.share('located'))} located "
        f"({first} by the first hypothesis, {named} with the right kind, {right} the right cause first; "
        f"{len(of.harmful)} of {of.proposals} first hypotheses would change a right cell), {alarms}"
    )


def by_kind(of: Drill) -> str:
    """Return a table by kind of fault."""
    kinds = list(dict.fromkeys(traced.kind for traced in of.traced))
    lines = [
        "| kind of fault | planted | detected | located | first | kind named | right cause first |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in sorted(kinds):
        some = [traced for traced in of.traced if traced.kind == kind]
        cells = [_per_cent(of.share("detected", [kind]))]
        for what in ("located", "first", "named", "right"):
            can = any(t.is_locatable and (what not in OF_KIND or t.is_nameable) for t in some)
            cells.append(_per_cent(of.share(what, [kind])) if can else "-")
        lines.append(f"| {kind} | {len(some)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def by_rule(of: Drill) -> str:
    """Return a table by rule: for how many faults it is meant and fired, and its false alarms."""
    meant = Counter(rule for t in of.traced for rule in FAULTS[t.kind].meant)
    fired = Counter(rule for t in of.traced for rule in t.fired)
    alarms = Counter(rule for rule, _ in of.false_alarms)
    lines = ["| rule | meant to find | found | false alarms |", "|---|---|---|---|"]
    lines += [f"| {rule} | {meant[rule]} | {fired[rule]} | {alarms[rule]} |" for rule in sorted({*meant, *alarms})]
    return "\n".join(lines)


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    with leaving_at_once():  # else DuckDB's binding complains of what judging, done in this process, still holds
        sys.exit(main())
