"""Plants every kind of fault in a clean country and reports which were found, which were traced to the cell, and the cost.

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
from pipeline.cli.exit import quick_exit
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.simulator import FAULTS, Truth, simulate
from pipeline.simulator.truth import PlantedFault, SentReport
from pipeline.storage import read_tables
from pipeline.vocabulary import Receipt, Scope, Status

FORMS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "discipline", "credit", "corruption")
#: The annex on delegation as well: no unit owes it, and it has faults of its own.
WITH_ANNEX = (*FORMS, "transfers")
#: Two years, as some faults only show against the year before; mixtures have none of these.
TWO_YEARS, HALF_YEAR = ("2021-10", "2023-09"), ("2023-04", "2023-09")
NATIONAL = ("2023-06", "2023-06")
#: Statistical years 2024 to 2026: of 63 provinces until June 2025, of 34 from July on.
FAULTLESS = ("2023-10", "2026-09")
#: Rules that compare a report with one of another period.
HISTORY_RULES = ("cumulative.", "continuity.", "change.", "duplicate.")
MOST_HYPOTHESES = 3  # an office reads three hypotheses
AIMS = {"detected": 0.99, "located": 0.90, "right": 0.95}
KIND_SHARES = ("named", "right")  # shares of those faults for which a kind of cause is known


@dataclass(frozen=True)
class FaultTrace:
    """What became of one planted fault."""

    kind: str
    is_alone: bool
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

    traces: list[FaultTrace] = field(default_factory=list)
    false_alarms: list[tuple[str, str]] = field(default_factory=list)
    clean: int = 0
    #: likeliest hypotheses about returns with faults that propose figures, and those of them that change a right cell
    proposals: int = 0
    harmful: list[tuple[str, str, str]] = field(default_factory=list)  # kind, file, cell

    def share(self, quality: str, kinds: Iterable[str] | None = None) -> float:
        """Return the share of faults detected or, of those that can be, located."""
        chosen = [t for t in self.traces if kinds is None or t.kind in kinds]
        base = chosen
        if quality != "detected":
            base = [t for t in chosen if t.is_locatable and (quality not in KIND_SHARES or t.is_nameable)]
        return sum(getattr(t, f"is_{quality}") for t in base) / len(base) if base else 1.0

    def __add__(self, other: "Drill") -> "Drill":
        return Drill(
            self.traces + other.traces,
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
    start, kinds = time.monotonic(), harmful_kinds()
    total = Drill()
    if options.country:
        with tempfile.TemporaryDirectory(prefix="thads-country-") as folder:
            faultless = drill(
                Path(folder), (), FAULTLESS, provinces=options.country, seed=options.seed, forms=WITH_ANNEX
            )
        print(*sorted(faultless.false_alarms), sep="\n", end="")
        print(
            f"{len(faultless.false_alarms)} false alarms on {faultless.clean} clean returns; {time.monotonic() - start:.0f} s"
        )
        return 1 if faultless.false_alarms else 0
    with tempfile.TemporaryDirectory(prefix="thads-drill-") as folder:
        for faults_per_return, faults, months in (
            (1, kinds * options.copies, TWO_YEARS),
            (2, [str(2 * options.mixtures)], HALF_YEAR),
            (3, [str(3 * options.mixtures)], HALF_YEAR),
        ):
            country = Path(folder) / str(faults_per_return)
            part = drill(
                country,
                faults,
                months,
                provinces=options.provinces,
                seed=options.seed,
                faults_per_return=faults_per_return,
                forms=WITH_ANNEX,
            )
            print(f"{faults_per_return} a return: {_line(part)}", flush=True)
            total += part
        total += national(Path(folder) / "nation", seed=options.seed)
    print(f"\ntogether:   {_line(total)}; {time.monotonic() - start:.0f} s\n")
    print(by_kind(total), by_rule(total), sep="\n\n")
    if options.missed:
        for trace in total.traces:
            if not trace.is_detected or (trace.is_locatable and not trace.is_located):
                print(trace)
        print(*sorted(total.false_alarms), *sorted(total.harmful), sep="\n")
    is_met = all(total.share(quality) >= aim for quality, aim in AIMS.items()) and not total.false_alarms
    return 0 if is_met else 1


def harmful_kinds() -> list[str]:
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
    faults_per_return: int = 1,
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
        faults_per_office=faults_per_return,
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
    refused_paths = set(receipts.filter(pl.col("verdict") == Receipt.UNREADABLE)["path"])
    refused_paths |= set(submissions.filter(~pl.col("is_readable"))["source_ref"])
    path_by_submission = dict(submissions.select("submission_id", "source_ref").iter_rows())
    fired_rules: dict[str, Counter[str]] = defaultdict(Counter)
    findings = read_tables(home.judged, "findings", tables.FINDINGS).filter(pl.col("status") == Status.FAIL)
    for submission_id, rule_id in findings.select("submission_id", "rule_id").iter_rows():
        fired_rules[path_by_submission[submission_id]][rule_id] += 1
    hypotheses: dict[str, list[dict]] = defaultdict(list)
    causes = read_tables(home.judged, "causes", tables.CAUSES).filter(pl.col("rank") <= MOST_HYPOTHESES)
    for row in causes.drop("sentence_vi").to_dicts():
        hypotheses[path_by_submission[row["submission_id"]]].append(row)
    faults_by_path: dict[str, list[PlantedFault]] = defaultdict(list)
    for fault in truth.faults:
        faults_by_path[fault.path].append(fault)
    traces = [
        _trace_fault(
            fault,
            fired_rules[fault.path],
            fault.path in refused_paths,
            hypotheses[fault.path],
            len(faults_by_path[fault.path]) == 1,
        )
        for fault in truth.faults
        if not fault.is_harmless
    ]
    faults_by_province: dict[str, list[PlantedFault]] = defaultdict(list)
    for fault in truth.faults:
        faults_by_province[fault.province].append(fault)
    unexplained = [
        (rule, report.path)
        for report in truth.reports
        for rule in fired_rules[report.path]
        if not any(explains(fault, rule, report) for fault in faults_by_province[report.province])
    ]
    unexplained += [
        ("unreadable", path) for path in refused_paths if not any(f.is_unreadable for f in faults_by_path[path])
    ]
    clean = sum(not faults_by_path[report.path] for report in truth.reports)
    return Drill(traces, unexplained, clean, *_harm(faults_by_path, hypotheses))


def _harm(
    faults_by_path: dict[str, list[PlantedFault]], hypotheses: dict[str, list[dict]]
) -> tuple[int, list[tuple[str, str, str]]]:
    """Count the likeliest hypotheses that propose figures; return those that would change a right cell.

    What was not recalculated asks for no figure: calculating anew changes no cell that is right.
    """
    proposals, harmful_changes = 0, []
    for path, faults in faults_by_path.items():
        wrong_cells = {(c.form, c.row, c.column) for fault in faults for c in fault.changes}
        for row in hypotheses[path]:
            if row["rank"] == 1 and row["changes"] and row["kind"] != "not_recalculated":
                proposals += 1
                changed_cells = {(c["form"], c["row_code"], c["column_code"]) for c in row["changes"]}
                if changed_cells - wrong_cells:
                    harmful_changes.append((row["kind"], path, " ".join(min(changed_cells - wrong_cells))))
    return proposals, harmful_changes


def _trace_fault(
    fault: PlantedFault, fired_rules: Counter[str], is_refused: bool, hypotheses: list[dict], is_alone: bool
) -> FaultTrace:
    roots = {(c.form, c.row, c.column) for c in fault.changes if c.is_root and c.address}
    hits = [row for row in hypotheses if (row["form"], row["row_code"], row["column_code"]) in roots]
    # Where the figures do not tell two cells apart, the first hypothesis names both.
    first_sentences = {row["cause_id"]: row["sentence_en"] for row in hypotheses if row["rank"] == 1}
    return FaultTrace(
        kind=fault.kind,
        is_alone=is_alone,
        is_detected=is_refused if fault.is_unreadable else any(rule in fired_rules for rule in fault.meant),
        is_locatable=bool(roots),
        is_located=bool(hits),
        is_first=any(row["rank"] == 1 for row in hits),
        is_nameable=fault.cause is not None,
        is_named=any(row["kind"] == fault.cause for row in hits),
        is_right=any(row["kind"] == fault.cause and _is_named(row, first_sentences[row["cause_id"]]) for row in hits),
        fired=tuple(rule for rule in fault.meant if rule in fired_rules),
    )


def _is_named(row: dict, first_sentence: str) -> bool:
    """Tell whether the first sentence on a cause names the cell of a hypothesis."""
    return row["rank"] == 1 or f"cell {row['address']} " in first_sentence


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
    return is_same_unit and rule.startswith(HISTORY_RULES)


def _line(result: Drill) -> str:
    alarms = f"{len(result.false_alarms)} false alarms on {result.clean} clean returns"
    named_share, first_share, right_share = (
        _per_cent(result.share(quality)) for quality in ("named", "first", "right")
    )
    return (
        f"{len(result.traces)} faults, {_per_cent(result.share('detected'))} detected, {_per_cent(result.share('located'))} located "
        f"({first_share} by the first hypothesis, {named_share} with the right kind, {right_share} the right cause first; "
        f"{len(result.harmful)} of {result.proposals} first hypotheses would change a right cell), {alarms}"
    )


def by_kind(result: Drill) -> str:
    """Return a table by kind of fault."""
    kinds = list(dict.fromkeys(trace.kind for trace in result.traces))
    lines = [
        "| kind of fault | planted | detected | located | first | kind named | right cause first |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in sorted(kinds):
        kind_traces = [trace for trace in result.traces if trace.kind == kind]
        cells = [_per_cent(result.share("detected", [kind]))]
        for quality in ("located", "first", "named", "right"):
            is_possible = any(
                entry.is_locatable and (quality not in KIND_SHARES or entry.is_nameable) for entry in kind_traces
            )
            cells.append(_per_cent(result.share(quality, [kind])) if is_possible else "-")
        lines.append(f"| {kind} | {len(kind_traces)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def by_rule(result: Drill) -> str:
    """Return a table by rule: for how many faults it is meant and fired, and its false alarms."""
    meant_counts = Counter(rule for trace in result.traces for rule in FAULTS[trace.kind].meant)
    fired_counts = Counter(rule for trace in result.traces for rule in trace.fired)
    alarms = Counter(rule for rule, _ in result.false_alarms)
    lines = ["| rule | meant to find | found | false alarms |", "|---|---|---|---|"]
    lines += [
        f"| {rule} | {meant_counts[rule]} | {fired_counts[rule]} | {alarms[rule]} |"
        for rule in sorted({*meant_counts, *alarms})
    ]
    return "\n".join(lines)


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    with quick_exit():  # else DuckDB's binding complains of what judging, done in this process, still holds
        sys.exit(main())
