"""The caseload of a province's offices, month by month, as arrays in which every balance holds by construction.

Cases are a stock with flows: new ones come in, some are delegated, revoked or completed, the rest stands somewhere.
Money goes the way of the cases that it belongs to, so there is none where there are no cases. Levels and shares are
plausible beside published figures, no more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

MONTHS = 12


@dataclass(frozen=True)
class CaseKind:
    """How common a kind of judgment is, and what its cases are worth."""

    share: float  # of all new cases
    ex_officio: float  # share of its cases enforced ex officio
    fees: int  # thousand đồng of an ex officio case
    claim: int  # thousand đồng of a case on request


KINDS = {
    "civil": CaseKind(0.50, 0.45, 35_000, 210_000),
    "criminal": CaseKind(0.20, 0.85, 30_000, 120_000),
    "administrative": CaseKind(0.002, 0.70, 20_000, 60_000),
    "marriage": CaseKind(0.19, 0.60, 25_000, 160_000),
    "business": CaseKind(0.05, 0.35, 60_000, 700_000),
    "labour": CaseKind(0.02, 0.20, 30_000, 80_000),
    "bankruptcy": CaseKind(0.001, 0.30, 80_000, 900_000),
    "arbitration": CaseKind(0.003, 0.10, 50_000, 800_000),
    "other": CaseKind(0.034, 0.50, 30_000, 100_000),
}
INITIATIVES = ("ex_officio", "on_request")

#: Where the cases left at the end of a month stand: share of the cases, and how their worth compares.
STANDING = {
    "in_progress": (0.24, 1.0),
    "postponed_by_consent": (0.03, 0.9),
    "other_eligible": (0.04, 1.0),
    "not_eligible": (0.62, 1.5),
    "postponed": (0.04, 1.1),
    "suspended": (0.03, 1.2),
}
ELIGIBLE = ("in_progress", "postponed_by_consent", "other_eligible")

#: Chance of a case in stock to be completed in a month: offices hurry before the year closes on 30 September.
COMPLETION = np.array([0.08, 0.10, 0.11, 0.09, 0.06, 0.10, 0.11, 0.11, 0.12, 0.12, 0.14, 0.19])
DELEGATION, REVOCATION, TERMINATION, RECEIPT = 0.003, 0.0012, 0.10, 0.78
TO_SEPARATE_BOOK = {"month": 0.001, "year": 0.02}
CASES_A_YEAR = 800
FEWEST_OFFICERS, MOST_OFFICERS = 3, 6

#: Decisions a month of each measure, by article 66 (security) and article 71 (coercion).
SECURITY = {"freezing_accounts": 0.8, "seizing_papers": 0.2, "suspending_transfer": 0.6}
COERCION = {
    "account_deduction": 0.9,
    "income_deduction": 0.5,
    "distraint": 1.2,
    "exploitation": 0.1,
    "handover": 0.5,
    "forced_act": 0.2,
}
#: Share of the measures carried out for which other forces are called in.
FORCED = {"distraint": 0.4, "handover": 0.6, "forced_act": 0.5}


@dataclass
class Books:
    """What the offices of a province carry from one year into the next; arrays of unit x kind x initiative."""

    size: NDArray[np.float64]  # new cases a year, by unit
    cases: Counts
    money: Counts
    separate_cases: Counts
    separate_money: Counts
    judgments: Counts  # administrative judgments followed, by unit


@dataclass
class Cube:
    """Cumulative figures of one subject: arrays of unit x month x the axes named."""

    axes: dict[str, tuple[str, ...]]
    values: dict[str, Counts] = field(default_factory=dict)

    def line(self, measure: str, place: dict[str, str]) -> Counts:
        """Return unit x month of one line of a form; a member that is no member of its axis is the total."""
        figures: Any = self.values[measure]
        for axis, members in reversed(self.axes.items()):
            at = 2 + list(self.axes).index(axis)
            figures = figures.take(members.index(place[axis]), at) if place[axis] in members else figures.sum(at)
        return figures


Year = dict[str, Cube]


def open_books(rng: np.random.Generator, units: int) -> Books:
    """Return the books of ``units`` offices at the start of their first year."""
    size = np.clip(rng.lognormal(np.log(CASES_A_YEAR), 0.45, units), 300, 3000)
    cases = rng.poisson(0.67 * _expected(size))
    separate = rng.binomial(cases, 0.25)
    return Books(
        size=size,
        cases=cases,
        money=cases * _worth(rng, cases.shape),
        separate_cases=separate,
        separate_money=separate * _worth(rng, cases.shape),
        judgments=rng.poisson(2.0, units),
    )


def run_year(rng: np.random.Generator, books: Books) -> tuple[Year, Books]:
    """Return one statistical year of cumulative figures and the books that the next one opens with."""
    cases, money, following = _enforcement(rng, books)
    letters = _letters(rng, len(books.size))
    reception = _reception(rng, len(books.size))
    judgments = _judgments(rng, books.judgments)
    following.judgments = judgments.values["still_followed"][:, -1]
    year = {"cases": cases, "money": money, "letters": letters, "reception": reception, "judgments": judgments}
    year |= {"discipline": _discipline(rng, len(books.size))} | _subsets(cases, money)
    # New subjects are drawn last, so that the figures of the others stay as they were.
    return year | _officers(rng, cases, money) | _occurrences(rng, len(books.size)), following


def share_out(total: Counts, counts: Counts, weights: NDArray[np.float64]) -> Counts:
    """Split money over groups of cases: exact in sum, nothing to an empty group, at least one unit to a case.

    ``counts`` and ``weights`` are group x the shape of ``total``.
    """
    spare = total - counts.sum(0)
    running = (counts * weights).cumsum(0)
    edges = np.divide(running, running[-1], out=np.zeros_like(running), where=running[-1] > 0)
    cuts = np.floor(spare * edges).astype(np.int64)
    return np.diff(cuts, axis=0, prepend=0) + counts


def _expected(size: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.array([[kind.ex_officio, 1 - kind.ex_officio] for kind in KINDS.values()])
    shares *= np.array([kind.share for kind in KINDS.values()])[:, None]
    return size[:, None, None] * shares


def _worth(rng: np.random.Generator, shape: tuple[int, ...]) -> Counts:
    level = np.array([[kind.fees, kind.claim] for kind in KINDS.values()])
    return (level * rng.uniform(0.7, 1.4, shape)).astype(np.int64)


def _to_separate_book(
    rng: np.random.Generator, chance: float, cases: Counts, money: Counts, opening: Counts, opened: Counts
) -> tuple[Counts, Counts]:
    """Return how many opening cases leave for the separate book, and their money; some of both always stay."""
    moved = np.minimum(rng.binomial(cases, chance), np.maximum(np.minimum(cases, opening) - 1, 0) // 2)
    worth = np.minimum(moved * (money // np.maximum(cases, 1)), opened - (opening - moved))
    return moved, worth


def _enforcement(rng: np.random.Generator, books: Books) -> tuple[Cube, Cube, Books]:
    units = len(books.size)
    axes = {"case_kind": tuple(KINDS), "initiative": INITIATIVES}
    shape = (units, MONTHS, len(KINDS), len(INITIATIVES))
    flows = ("judgments_received", "newly_accepted", "delegated", "revoked", "completed", "terminated", "reduced")
    names = ("opening", *flows, *STANDING, "separate_book")
    c, m = ({name: np.zeros(shape, np.int64) for name in names} for _ in range(2))
    share, worth = (np.array(column) for column in zip(*STANDING.values(), strict=True))

    stock, value = books.cases.copy(), books.money.copy()
    opening, opened = stock.copy(), value.copy()
    separate, separated = books.separate_cases.copy(), books.separate_money.copy()
    season = rng.dirichlet(np.full(MONTHS, 60.0), units)
    for month in range(MONTHS):
        moved, moved_value = _to_separate_book(rng, TO_SEPARATE_BOOK["month"], stock, value, opening, opened)
        stock, value = stock - moved, value - moved_value
        opening, opened = opening - moved, opened - moved_value
        separate, separated = separate + moved, separated + moved_value

        new = rng.poisson(_expected(books.size * season[:, month]))
        new_value = new * _worth(rng, new.shape)
        pool = stock + new
        delegated = rng.binomial(pool, DELEGATION)
        revoked = rng.binomial(pool - delegated, REVOCATION)
        completed = rng.binomial(pool - delegated - revoked, COMPLETION[month])
        stock = pool - delegated - revoked - completed
        groups = np.stack([delegated, revoked, completed, stock])
        weights = rng.uniform(0.8, 1.2, groups.shape) * np.array([1, 1, 0.5, 1])[:, None, None, None]
        *gone, new_stock_value = share_out(value + new_value, groups, weights)
        value = new_stock_value

        terminated = rng.binomial(completed, TERMINATION)
        ended = np.stack([terminated, completed - terminated])
        terminated_value, paid = share_out(gone[2], ended, rng.uniform(0.8, 1.2, (2, *completed.shape)))
        reduced_value = (paid * rng.uniform(0, 0.03, paid.shape) * (rng.random(paid.shape) < 0.3)).astype(np.int64)

        standing = np.moveaxis(rng.multinomial(stock, share), -1, 0)
        standing_weights = rng.uniform(0.8, 1.2, standing.shape) * worth[:, None, None, None]
        standing_value = share_out(value, standing, standing_weights)

        for name, count, amount in (
            ("judgments_received", rng.binomial(new, RECEIPT), 0),
            ("newly_accepted", new, new_value),
            ("delegated", delegated, gone[0]),
            ("revoked", revoked, gone[1]),
            ("completed", completed, gone[2]),
            ("terminated", terminated, terminated_value),
            ("reduced", 0, reduced_value),
        ):
            before = (c[name][:, month - 1], m[name][:, month - 1]) if month else (0, 0)
            c[name][:, month], m[name][:, month] = before[0] + count, before[1] + amount
        for n, name in enumerate(STANDING):
            c[name][:, month], m[name][:, month] = standing[n], standing_value[n]
        c["opening"][:, month], m["opening"][:, month] = opening, opened
        c["separate_book"][:, month], m["separate_book"][:, month] = separate, separated

    for f in (c, m):
        f["accepted_total"] = f["opening"] + f["newly_accepted"]
        f["due"] = f["accepted_total"] - f["delegated"] - f["revoked"]
        f["eligible"] = f["completed"] + sum(f[name] for name in ELIGIBLE)
        f["carried_over"] = f["due"] - f["completed"]
        f["eligible_carried_over"] = f["eligible"] - f["completed"]
    moved, moved_value = _to_separate_book(rng, TO_SEPARATE_BOOK["year"], stock, value, stock, value)
    size = np.clip(books.size * rng.normal(1.02, 0.05, units), 300, 3000)
    following = Books(
        size, stock - moved, value - moved_value, separate + moved, separated + moved_value, books.judgments
    )
    return Cube(axes, c), Cube(axes, m), following


def _letters(rng: np.random.Generator, units: int) -> Cube:
    kinds = {"complaint": 0.8, "denunciation": 0.15, "petition": 0.6}
    received = rng.poisson(list(kinds.values()), (units, MONTHS, len(kinds)))
    within = rng.binomial(received, 0.6)
    matters = rng.binomial(within, 0.9)
    settled, open_matters = np.zeros_like(matters), np.zeros_like(matters[:, 0])
    for month in range(MONTHS):
        pending = open_matters + matters[:, month]
        settled[:, month] = rng.binomial(pending, 0.6)
        open_matters = pending - settled[:, month]
    values = {"received": received, "within_competence": within, "matters": matters, "settled": settled}
    cube = Cube({"letter_kind": tuple(kinds)}, {name: flow.cumsum(1) for name, flow in values.items()})
    cube.values["outside_competence"] = cube.values["received"] - cube.values["within_competence"]
    cube.values["pending"] = cube.values["matters"] - cube.values["settled"]
    return cube


def _reception(rng: np.random.Generator, units: int) -> Cube:
    visits = rng.poisson(2.5, (units, MONTHS))
    by_leaders = rng.binomial(visits, 0.7)
    companions = rng.binomial(visits, 0.08)
    with_leaders = np.minimum(rng.binomial(companions, 0.7), by_leaders)
    values = {
        "visits": np.stack([visits, by_leaders], -1).cumsum(1),
        "people": np.stack([visits + companions, by_leaders + with_leaders], -1).cumsum(1),
    }
    # Received by leaders is part of the total, so the total is a member like the other and nothing is summed.
    return Cube({"received_by": ("total", "leaders")}, values)


def _judgments(rng: np.random.Generator, brought_forward: Counts) -> Cube:
    units = len(brought_forward)
    names = ("newly_followed", "court_orders", "done", "annulled_or_postponed", "under_way")
    v = {name: np.zeros((units, MONTHS), np.int64) for name in names}
    left, (new, ordered, done) = brought_forward, np.zeros((3, units), np.int64)
    for month in range(MONTHS):
        came = rng.poisson(0.25, units)
        finished = rng.binomial(left + came, 0.06)
        left = left + came - finished
        new, ordered, done = new + came, ordered + rng.binomial(came, 0.8), done + finished
        standing = rng.multinomial(left, [0.1, 0.6, 0.3])
        for name, figures in zip(names, (new, ordered, done, standing[:, 0], standing[:, 1]), strict=True):
            v[name][:, month] = figures
    v["brought_forward"] = np.repeat(brought_forward[:, None], MONTHS, 1)
    v["followed"] = v["brought_forward"] + v["newly_followed"]
    v["to_be_enforced"] = v["done"] + v["annulled_or_postponed"] + v["under_way"]
    v["still_followed"] = v["followed"] - v["done"]
    return Cube({}, v)


def _discipline(rng: np.random.Generator, units: int) -> Cube:
    often = {"reprimand": 8, "warning": 3, "salary_cut": 1, "demotion": 1, "removal": 1, "dismissal": 1}
    groups = ("leader", "enforcement_officer", "other_staff")
    rate = 0.0004 * np.array(list(often.values()))
    values = {name: rng.poisson(rate, (units, MONTHS, len(often))).cumsum(1) for name in groups}
    everyone = np.add.reduce(list(values.values()))
    return Cube({"sanction": tuple(often)}, values | {"all_staff": everyone})


def _subsets(cases: Cube, money: Cube) -> Year:
    """Return budget collections, bank-credit cases and corruption cases: parts of the whole, never more."""
    on_request = INITIATIVES.index("on_request")
    business, criminal = (list(KINDS).index(name) for name in ("business", "criminal"))
    headline = ("due", "eligible", "completed")
    subsets = {
        name: _by_basis(cases, money, headline, part)
        for name, part in {
            "credit": lambda f: f[..., business, on_request] * 6 // 10,
            "corruption": lambda f: f[..., criminal, on_request] // 20,
        }.items()
    }
    # Shares are cut down to whole cases, so the totals are added up anew from their parts.
    parts = ("completed", *STANDING)
    budget = _by_basis(cases, money, parts, lambda f: f[..., 1 - on_request].sum(-1) * 7 // 10)
    v = budget.values
    v["eligible"] = v["completed"] + np.add.reduce([v[name] for name in ELIGIBLE])
    v["carried_over"] = np.add.reduce([v[name] for name in STANDING])
    v["due"] = v["completed"] + v["carried_over"]
    return subsets | {"budget": budget}


def _by_basis(cases: Cube, money: Cube, measures: Iterable[str], part: Callable[[Counts], Counts]) -> Cube:
    """Return a part of the caseload by case and by money; no money where the part has no case."""
    values = {}
    for measure in measures:
        count = part(cases.values[measure])
        values[measure] = np.stack([count, part(money.values[measure]) * (count > 0)], -1)
    return Cube({"basis": ("cases", "money")}, values)


def _officers(rng: np.random.Generator, cases: Cube, money: Cube) -> Year:
    """Return the caseload by enforcement officer: each has whole kinds of judgment, so every balance holds for each."""
    units, groups = len(cases.values["due"]), len(KINDS) * len(INITIATIVES)
    officers = rng.integers(FEWEST_OFFICERS, MOST_OFFICERS + 1, units)
    loads = cases.values["accepted_total"][:, -1].reshape(units, groups)
    # The largest group goes to the first officer, the next to the second, and round again.
    ranks = (-loads).argsort(1, kind="stable").argsort(1, kind="stable")
    has = (ranks % officers[:, None])[..., None] == np.arange(MOST_OFFICERS)
    axes = {"officer": tuple(f"officer_{n:02}" for n in range(1, MOST_OFFICERS + 1))}
    return {
        f"officer_{name}": Cube(
            axes,
            {
                measure: figures.reshape(units, MONTHS, groups) @ has.astype(np.int64)
                for measure, figures in cube.values.items()
            },
        )
        for name, cube in (("cases", cases), ("money", money))
    }


def _occurrences(rng: np.random.Generator, units: int) -> Year:
    """Return what happens now and then: exemptions, coercion, supervision, state compensation."""
    return {
        "exemptions": _exemptions(rng, units),
        "coercion": _coercion(rng, units),
        "supervision": _supervision(rng, units),
        "compensation": _compensation(rng, units),
    }


def _decided(rng: np.random.Generator, came: Counts, chance: float) -> Counts:
    """Return how many of what came is decided each month; the rest waits. Arrays of unit x month x anything."""
    decided, waiting = np.zeros_like(came), np.zeros_like(came[:, 0])
    for month in range(MONTHS):
        pending = waiting + came[:, month]
        decided[:, month] = rng.binomial(pending, chance)
        waiting = pending - decided[:, month]
    return decided


def _with_money(counts: dict[str, Counts], each: int) -> dict[str, Counts]:
    """Return cumulative counts by case and, at ``each`` thousand đồng a case, by money."""
    return {name: np.stack([flow, flow * each], -1).cumsum(1) for name, flow in counts.items()}


def _exemptions(rng: np.random.Generator, units: int) -> Cube:
    requested = rng.poisson(0.4, (units, MONTHS))
    decided = _decided(rng, requested, 0.7)
    granted = rng.binomial(decided, 0.85)
    exempted = rng.binomial(granted, 0.6)
    counts = {
        "requested": requested,
        "exempted": exempted,
        "lowered": granted - exempted,
        "refused": decided - granted,
    }
    v = _with_money(counts, 9_000)
    # A reduction waives a third of what was asked for; the rest is refused.
    left = v["lowered"][..., 1] * 2 // 3
    v["lowered"][..., 1] -= left
    v["refused"][..., 1] += left
    v["granted"] = v["exempted"] + v["lowered"]
    v["undecided"] = v["requested"] - v["granted"] - v["refused"]
    return Cube({"basis": ("cases", "money")}, v)


def _coercion(rng: np.random.Generator, units: int) -> Cube:
    often = SECURITY | COERCION
    decisions = rng.poisson(list(often.values()), (units, MONTHS, len(often)))
    carried_out = _decided(rng, decisions, 0.8)
    with_force = rng.binomial(carried_out, [FORCED.get(measure, 0.0) for measure in often])
    counts = {"decisions": decisions, "carried_out": carried_out, "with_force": with_force}
    v = {name: flow.cumsum(1) for name, flow in counts.items()}
    v["without_force"] = v["carried_out"] - v["with_force"]
    v["not_carried_out"] = v["decisions"] - v["carried_out"]
    # Both groups are printed and never added up, so they are members like the measures that they sum.
    groups = {"security": slice(0, len(SECURITY)), "coercion": slice(len(SECURITY), None)}
    values = {
        name: np.concatenate([f, *(f[..., at].sum(-1, keepdims=True) for at in groups.values())], -1)
        for name, f in v.items()
    }
    return Cube({"enforcement_measure": (*often, *groups)}, values)


def _supervision(rng: np.random.Generator, units: int) -> Cube:
    often = {"supervision": 0.05, "procuracy": 0.12, "inspection": 0.15}
    occasions = rng.poisson(list(often.values()), (units, MONTHS, len(often)))
    conclusions = _decided(rng, occasions, 0.8)
    recommendations = rng.poisson(1.5 * conclusions)
    done = _decided(rng, recommendations, 0.5)
    flows = {
        "occasions": occasions,
        "conclusions": conclusions,
        "recommendations": recommendations,
        "recommendations_carried_out": done,
    }
    v = {name: flow.cumsum(1) for name, flow in flows.items()}
    v["recommendations_open"] = v["recommendations"] - v["recommendations_carried_out"]
    return Cube({"oversight": tuple(often)}, v)


def _compensation(rng: np.random.Generator, units: int) -> Cube:
    claims = rng.poisson(0.01, (units, MONTHS))
    settled = _decided(rng, claims, 0.2)
    v = _with_money({"claims": claims, "claims_settled": settled, "claims_paid": rng.binomial(settled, 0.5)}, 120_000)
    # Of what is claimed a part is paid.
    v["claims_paid"][..., 1] = v["claims_paid"][..., 1] * 3 // 5
    v["claims_pending"] = v["claims"] - v["claims_settled"]
    return Cube({"basis": ("cases", "money")}, v)
