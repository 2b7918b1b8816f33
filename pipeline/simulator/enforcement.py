"""The caseload of enforcement offices, month by month, in which every balance holds by construction.

Cases are a stock with flows: new ones come in, some are delegated to a neighbour, revoked or completed, the rest stands
somewhere. Money goes the way of the cases that it belongs to, so there is none where there are no cases. An office has
its own size, season and pace and keeps them from year to year, so its totals drift instead of jumping about. Levels and
shares are plausible next to published figures, no more.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.simulator.cube import MONTHS, Counts, Cube, Shares


@dataclass(frozen=True)
class CaseKind:
    """How common a kind of judgment is, and what its cases are worth."""

    share: float  # of all new cases
    ex_officio: float  # share of its cases enforced ex officio
    fees: int  # thousand đồng of an ex officio case
    claim: int  # thousand đồng of a case on request


KINDS = {
    "civil": CaseKind(0.50, 0.45, 52_500, 165_000),
    "criminal": CaseKind(0.20, 0.85, 45_000, 120_000),
    "administrative": CaseKind(0.002, 0.70, 30_000, 60_000),
    "marriage": CaseKind(0.19, 0.60, 37_500, 135_000),
    "business": CaseKind(0.05, 0.35, 75_000, 300_000),
    "labour": CaseKind(0.02, 0.20, 45_000, 75_000),
    "bankruptcy": CaseKind(0.001, 0.30, 90_000, 330_000),
    "arbitration": CaseKind(0.003, 0.10, 75_000, 315_000),
    "other": CaseKind(0.034, 0.50, 45_000, 90_000),
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
CASES_A_YEAR, FEWEST, MOST = 850, 550, 3000
#: A case in stock is worth more than a new one, as the small ones are completed first.
WORTH_IN_STOCK, WORTH_COMPLETED = 1.85, 0.5


@dataclass
class Books:
    """What offices carry from one year into the next; arrays of unit, most of them x kind x initiative."""

    size: Shares  # new cases a year, by unit
    season: Shares  # unit x month: share of the year's new cases
    pace: Shares  # how the office's chance to complete a case compares with others
    ready: Shares  # how its share of cases in progress compares
    worth: Shares  # thousand đồng of a new case
    phase: Shares  # unit x flow x kind x initiative: where rounding begins every year
    cases: Counts
    money: Counts
    separate_cases: Counts
    separate_money: Counts
    judgments: Counts  # administrative judgments followed, by unit


def open_books(rng: np.random.Generator, units: int) -> Books:
    """Return the books of ``units`` offices at the start of their first year."""
    size = np.clip(rng.lognormal(np.log(CASES_A_YEAR), 0.45, units), FEWEST, MOST)
    level = np.array([[kind.fees, kind.claim] for kind in KINDS.values()])
    worth = level * rng.uniform(0.7, 1.4, (units, *level.shape))
    cases = spread(rng, 0.64 * _expected(size))
    separate = spread(rng, 0.25 * cases)
    return Books(
        size=size,
        season=rng.dirichlet(np.full(MONTHS, 200.0), units),
        pace=rng.uniform(0.9, 1.1, units),
        ready=rng.uniform(0.8, 1.2, units),
        worth=worth,
        phase=rng.random((units, 4, *level.shape)),
        cases=cases,
        money=cases * (worth * WORTH_IN_STOCK).astype(np.int64),
        separate_cases=separate,
        separate_money=separate * worth.astype(np.int64),
        judgments=rng.poisson(2.0, units),
    )


def spread(rng: np.random.Generator, expected: Shares) -> Counts:
    """Return whole numbers in place of the expected ones, each rounded up or down, and so is their sum over a unit."""
    flat = expected.reshape(len(expected), -1)
    edges = np.floor(flat.cumsum(1) + rng.random((len(flat), 1))).astype(np.int64)
    return np.diff(edges, axis=1, prepend=0).reshape(expected.shape)


class Rounding:
    """Rounds what is expected month by month: what a month leaves over, the next one gets, so no error adds up."""

    def __init__(self, phase: Shares) -> None:
        """Begin with fractions below one, ``phase``."""
        self.rest = phase.copy()

    def __call__(self, expected: Shares) -> Counts:
        """Return whole numbers, none of them above the next whole number from what is expected."""
        due = expected + self.rest
        integers = np.floor(due)
        self.rest = due - integers
        return integers.astype(np.int64)


def share_out(total: Counts, counts: Counts, weights: Shares) -> Counts:
    """Split money over groups of cases: exact in sum, nothing to an empty group, at least one unit to a case.

    ``counts`` and ``weights`` are group x the shape of ``total``.
    """
    surplus = total - counts.sum(0)
    running = (counts * weights).cumsum(0)
    edges = np.divide(running, running[-1], out=np.zeros_like(running), where=running[-1] > 0)
    cuts = np.floor(surplus * edges).astype(np.int64)
    return np.diff(cuts, axis=0, prepend=0) + counts


def enforcement(rng: np.random.Generator, books: Books) -> tuple[Cube, Cube, Books]:
    """Return a year's caseload by case and by money, and the books that the next year opens with."""
    units = len(books.size)
    axes = {"case_kind": tuple(KINDS), "initiative": INITIATIVES}
    shape = (units, MONTHS, len(KINDS), len(INITIATIVES))
    flows = ("judgments_received", "newly_accepted", "delegated", "revoked", "completed", "terminated", "reduced")
    names = ("opening", *flows, *STANDING, "separate_book")
    c, m = ({name: np.zeros(shape, np.int64) for name in names} for _ in range(2))

    stock, value = books.cases.copy(), books.money.copy()
    opening, opening_value = stock.copy(), value.copy()
    separate, separate_value = books.separate_cases.copy(), books.separate_money.copy()
    accept, delegate, revoke, complete = (Rounding(phase) for phase in np.moveaxis(books.phase, 1, 0))
    for month in range(MONTHS):
        moved, moved_value = _to_separate_book(rng, TO_SEPARATE_BOOK["month"], stock, value, opening, opening_value)
        stock, value = stock - moved, value - moved_value
        opening, opening_value = opening - moved, opening_value - moved_value
        separate, separate_value = separate + moved, separate_value + moved_value

        accepted = accept(_expected(books.size * books.season[:, month]) * rng.uniform(0.99, 1.01))
        received = spread(rng, accepted * RECEIPT)
        accepted_value = accepted * (books.worth * rng.uniform(0.97, 1.03, accepted.shape)).astype(np.int64)
        stock, value = stock + accepted, value + accepted_value
        delegated = delegate(stock * DELEGATION)
        delegated_value, value = _part(rng, value, delegated, stock - delegated)
        # What one office delegates its neighbour accepts: the sums over a province agree.
        accepted, accepted_value = accepted + np.roll(delegated, 1, 0), accepted_value + np.roll(delegated_value, 1, 0)
        stock, value = stock - delegated + np.roll(delegated, 1, 0), value + np.roll(delegated_value, 1, 0)

        revoked = revoke(stock * REVOCATION)
        revoked_value, value = _part(rng, value, revoked, stock - revoked)
        stock = stock - revoked
        completed = complete(stock * np.minimum(COMPLETION[month] * books.pace, 1)[:, None, None])
        completed_value, value = _part(rng, value, completed, stock - completed, WORTH_COMPLETED)
        stock = stock - completed
        terminated = spread(rng, completed * TERMINATION)
        terminated_value, paid = _part(rng, completed_value, terminated, completed - terminated)
        reduced_value = (paid * rng.uniform(0, 0.03, paid.shape) * (rng.random(paid.shape) < 0.3)).astype(np.int64)

        for name, count, amount in (
            ("judgments_received", received, 0),
            ("newly_accepted", accepted, accepted_value),
            ("delegated", delegated, delegated_value),
            ("revoked", revoked, revoked_value),
            ("completed", completed, completed_value),
            ("terminated", terminated, terminated_value),
            ("reduced", 0, reduced_value),
        ):
            previous = (c[name][:, month - 1], m[name][:, month - 1]) if month else (0, 0)
            c[name][:, month], m[name][:, month] = previous[0] + count, previous[1] + amount
        standing, standing_value = _standing(rng, books, stock, value)
        for n, name in enumerate(STANDING):
            c[name][:, month], m[name][:, month] = standing[n], standing_value[n]
        c["opening"][:, month], m["opening"][:, month] = opening, opening_value
        c["separate_book"][:, month], m["separate_book"][:, month] = separate, separate_value

    moved, moved_value = _to_separate_book(rng, TO_SEPARATE_BOOK["year"], stock, value, stock, value)
    next_books = replace(
        books,
        size=np.clip(books.size * np.clip(rng.normal(1.02, 0.02, units), 0.97, 1.06), FEWEST, MOST),
        pace=np.clip(books.pace * rng.uniform(0.98, 1.025, units), 0.8, 1.25),
        worth=books.worth * rng.uniform(1.0, 1.04, (units, 1, 1)),
        cases=stock - moved,
        money=value - moved_value,
        separate_cases=separate + moved,
        separate_money=separate_value + moved_value,
    )
    return Cube(axes, _with_totals(c)), Cube(axes, _with_totals(m)), next_books


def _expected(size: Shares) -> Shares:
    shares = np.array([[kind.ex_officio, 1 - kind.ex_officio] for kind in KINDS.values()])
    shares *= np.array([kind.share for kind in KINDS.values()])[:, None]
    return size[:, None, None] * shares


def _to_separate_book(
    rng: np.random.Generator, chance: float, cases: Counts, money: Counts, opening: Counts, opening_value: Counts
) -> tuple[Counts, Counts]:
    """Return how many opening cases leave for the separate book, and their money; some of both always stay."""
    moved = np.minimum(rng.binomial(cases, chance), np.maximum(np.minimum(cases, opening) - 1, 0) // 2)
    worth = np.minimum(moved * (money // np.maximum(cases, 1)), opening_value - (opening - moved))
    return moved, worth


def _part(
    rng: np.random.Generator, value: Counts, leaving: Counts, staying: Counts, weight: float = 1.0
) -> tuple[Counts, Counts]:
    """Return the money of the cases that leave, each worth ``weight`` of one that stays, and of those that stay."""
    weights = rng.uniform(0.95, 1.05, (2, *leaving.shape)) * np.array([weight, 1])[:, None, None, None]
    leaving_value, staying_value = share_out(value, np.stack([leaving, staying]), weights)
    return leaving_value, staying_value


def _standing(rng: np.random.Generator, books: Books, stock: Counts, value: Counts) -> tuple[Counts, Counts]:
    """Return where the stock stands, as cases and as money: standing x unit x kind x initiative."""
    share, worth = (np.array(column) for column in zip(*STANDING.values(), strict=True))
    names = list(STANDING)
    shares = np.tile(share, (len(books.size), 1))
    shares[:, names.index("in_progress")] *= books.ready
    shares[:, names.index("not_eligible")] += 1 - shares.sum(1)
    edges = np.floor(shares.cumsum(1).T[..., None, None] * stock + books.phase[:, 0]).astype(np.int64)
    edges[-1] = stock
    cases = np.diff(np.minimum(edges, stock), axis=0, prepend=0)
    weights = rng.uniform(0.95, 1.05, cases.shape) * worth[:, None, None, None]
    return cases, share_out(value, cases, weights)


def _with_totals(f: dict[str, Counts]) -> dict[str, Counts]:
    f["accepted_total"] = f["opening"] + f["newly_accepted"]
    f["due"] = f["accepted_total"] - f["delegated"] - f["revoked"]
    f["eligible"] = f["completed"] + np.add.reduce([f[name] for name in ELIGIBLE])
    f["carried_over"] = f["due"] - f["completed"]
    f["eligible_carried_over"] = f["eligible"] - f["completed"]
    return f
