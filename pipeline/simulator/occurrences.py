"""What happens beside enforcement: letters, reception, discipline, coercion, supervision and the like, month by month."""

import numpy as np

from pipeline.simulator.cube import MONTHS, Counts, Cube, Year

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


def letters_cube(rng: np.random.Generator, units: int) -> Cube:
    """Return complaints, denunciations and petitions, and the matters in them."""
    kinds = {"complaint": 0.8, "denunciation": 0.15, "petition": 0.6}
    received = rng.poisson(list(kinds.values()), (units, MONTHS, len(kinds)))
    admissible = rng.binomial(received, 0.6)
    matters = rng.binomial(admissible, 0.9)
    settlements, open_matters = np.zeros_like(matters), np.zeros_like(matters[:, 0])
    for month in range(MONTHS):
        pending = open_matters + matters[:, month]
        settlements[:, month] = rng.binomial(pending, 0.6)
        open_matters = pending - settlements[:, month]
    values = {"received": received, "within_competence": admissible, "matters": matters, "settled": settlements}
    cube = Cube({"letter_kind": tuple(kinds)}, {name: flow.cumsum(1) for name, flow in values.items()})
    cube.values["outside_competence"] = cube.values["received"] - cube.values["within_competence"]
    cube.values["pending"] = cube.values["matters"] - cube.values["settled"]
    return cube


def reception_cube(rng: np.random.Generator, units: int) -> Cube:
    """Return visits and people received, all together and by leaders."""
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


def judgments_cube(rng: np.random.Generator, brought_forward: Counts) -> Cube:
    """Return the administrative judgments that are followed up."""
    units = len(brought_forward)
    names = ("newly_followed", "court_orders", "done", "annulled_or_postponed", "under_way")
    v = {name: np.zeros((units, MONTHS), np.int64) for name in names}
    stock, (new_total, orders, finished_total) = brought_forward, np.zeros((3, units), np.int64)
    for month in range(MONTHS):
        arrivals = rng.poisson(0.25, units)
        finished_count = rng.binomial(stock + arrivals, 0.06)
        stock = stock + arrivals - finished_count
        new_total, orders, finished_total = (
            new_total + arrivals,
            orders + rng.binomial(arrivals, 0.8),
            finished_total + finished_count,
        )
        standing = rng.multinomial(stock, [0.1, 0.6, 0.3])
        for name, figures in zip(
            names, (new_total, orders, finished_total, standing[:, 0], standing[:, 1]), strict=True
        ):
            v[name][:, month] = figures
    v["brought_forward"] = np.repeat(brought_forward[:, None], MONTHS, 1)
    v["followed"] = v["brought_forward"] + v["newly_followed"]
    v["to_be_enforced"] = v["done"] + v["annulled_or_postponed"] + v["under_way"]
    v["still_followed"] = v["followed"] - v["done"]
    return Cube({}, v)


def discipline_cube(rng: np.random.Generator, units: int) -> Cube:
    """Return who was disciplined, and how."""
    weights = {"reprimand": 8, "warning": 3, "salary_cut": 1, "demotion": 1, "removal": 1, "dismissal": 1}
    groups = ("leader", "enforcement_officer", "other_staff")
    rate = 0.0004 * np.array(list(weights.values()))
    values = {name: rng.poisson(rate, (units, MONTHS, len(weights))).cumsum(1) for name in groups}
    everyone = np.add.reduce(list(values.values()))
    return Cube({"sanction": tuple(weights)}, values | {"all_staff": everyone})


def occurrences(rng: np.random.Generator, units: int) -> Year:
    """Return what happens now and then: exemptions, coercion, supervision, state compensation."""
    return {
        "exemptions": _exemptions(rng, units),
        "coercion": _coercion(rng, units),
        "supervision": _supervision(rng, units),
        "compensation": _compensation(rng, units),
    }


def _decide(rng: np.random.Generator, arrivals: Counts, chance: float) -> Counts:
    """Return how many of what came is decided each month; the rest waits. Arrays of unit x month x anything."""
    decisions, backlog = np.zeros_like(arrivals), np.zeros_like(arrivals[:, 0])
    for month in range(MONTHS):
        pending = backlog + arrivals[:, month]
        decisions[:, month] = rng.binomial(pending, chance)
        backlog = pending - decisions[:, month]
    return decisions


def _with_money(counts: dict[str, Counts], each: int) -> dict[str, Counts]:
    """Return cumulative counts by case and, at ``each`` thousand đồng a case, by money."""
    return {name: np.stack([flow, flow * each], -1).cumsum(1) for name, flow in counts.items()}


def _exemptions(rng: np.random.Generator, units: int) -> Cube:
    requests = rng.poisson(0.4, (units, MONTHS))
    decisions = _decide(rng, requests, 0.7)
    grants = rng.binomial(decisions, 0.85)
    exemptions = rng.binomial(grants, 0.6)
    counts = {
        "requested": requests,
        "exempted": exemptions,
        "lowered": grants - exemptions,
        "refused": decisions - grants,
    }
    v = _with_money(counts, 9_000)
    # A reduction waives a third of what was asked for; the rest is refused.
    rest = v["lowered"][..., 1] * 2 // 3
    v["lowered"][..., 1] -= rest
    v["refused"][..., 1] += rest
    v["granted"] = v["exempted"] + v["lowered"]
    v["undecided"] = v["requested"] - v["granted"] - v["refused"]
    return Cube({"basis": ("cases", "money")}, v)


def _coercion(rng: np.random.Generator, units: int) -> Cube:
    monthly_rates = SECURITY | COERCION
    decisions = rng.poisson(list(monthly_rates.values()), (units, MONTHS, len(monthly_rates)))
    executions = _decide(rng, decisions, 0.8)
    forced_executions = rng.binomial(executions, [FORCED.get(measure, 0.0) for measure in monthly_rates])
    counts = {"decisions": decisions, "carried_out": executions, "with_force": forced_executions}
    v = {name: flow.cumsum(1) for name, flow in counts.items()}
    v["without_force"] = v["carried_out"] - v["with_force"]
    v["not_carried_out"] = v["decisions"] - v["carried_out"]
    # Both groups are printed and never added up, so they are members like the measures that they sum.
    groups = {"security": slice(0, len(SECURITY)), "coercion": slice(len(SECURITY), None)}
    values = {
        name: np.concatenate([f, *(f[..., span].sum(-1, keepdims=True) for span in groups.values())], -1)
        for name, f in v.items()
    }
    return Cube({"enforcement_measure": (*monthly_rates, *groups)}, values)


def _supervision(rng: np.random.Generator, units: int) -> Cube:
    monthly_rates = {"supervision": 0.05, "procuracy": 0.12, "inspection": 0.15}
    occasions = rng.poisson(list(monthly_rates.values()), (units, MONTHS, len(monthly_rates)))
    conclusions = _decide(rng, occasions, 0.8)
    recommendations = rng.poisson(1.5 * conclusions)
    completions = _decide(rng, recommendations, 0.5)
    flows = {
        "occasions": occasions,
        "conclusions": conclusions,
        "recommendations": recommendations,
        "recommendations_carried_out": completions,
    }
    v = {name: flow.cumsum(1) for name, flow in flows.items()}
    v["recommendations_open"] = v["recommendations"] - v["recommendations_carried_out"]
    return Cube({"oversight": tuple(monthly_rates)}, v)


def _compensation(rng: np.random.Generator, units: int) -> Cube:
    claims = rng.poisson(0.01, (units, MONTHS))
    settlements = _decide(rng, claims, 0.2)
    v = _with_money(
        {"claims": claims, "claims_settled": settlements, "claims_paid": rng.binomial(settlements, 0.5)}, 120_000
    )
    # Of what is claimed a part is paid.
    v["claims_paid"][..., 1] = v["claims_paid"][..., 1] * 3 // 5
    v["claims_pending"] = v["claims"] - v["claims_settled"]
    return Cube({"basis": ("cases", "money")}, v)
