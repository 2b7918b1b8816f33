"""Figures of forms 03 to 12, discipline and bank credit that do not add up, alone or beside forms 01 and 02."""

from collections.abc import Iterator, Sequence
from random import Random

from pipeline.forms.template import Figure, recalculate
from pipeline.simulator.faults.kind import FaultError, Touched, add, count, fault, replace_figures, type_over
from pipeline.simulator.report import Report

#: A row out of step with its total, a province and the month before.
BESIDE = ("rollup.*", "cumulative.*", "continuity.*")


def _rows(report: Report, form: str, row: str) -> list[str]:
    """Return the rows that a fault may choose from: the one named, else all that are no totals."""
    return [row] if row else [one.code for one in report.forms[form].rows if not one.is_total]


def _typed_over(
    name: str,
    form: str,
    column: str,
    vi: str,
    en: str,
    meant: Sequence[str],
    *,
    row: str = "",
    entails: Sequence[str] = (),
) -> None:
    """Register a computed cell that is typed over its formula."""

    @fault(
        vi,
        en,
        name=name,
        meant=meant,
        entails=[*BESIDE, *entails],
        forms=[form],
        cause="total_typed_over",
    )
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        yield add(report, form, rng.choice(_rows(report, form, row)), column, rng.randint(1, 30))


def _above(
    name: str,
    form: str,
    lesser: str,
    greater: str,
    vi: str,
    en: str,
    meant: Sequence[str],
    *,
    row: str = "",
    entails: Sequence[str] = (),
    cause: str = "digit_wrong",
) -> None:
    """Register a part that is typed larger than its whole."""

    @fault(
        vi,
        en,
        name=name,
        meant=meant,
        entails=[*BESIDE, *entails],
        forms=[form],
        cause=cause,
    )
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        chosen = rng.choice(_rows(report, form, row))
        yield type_over(report, form, chosen, lesser, count(report, form, chosen, greater) + rng.randint(1, 9))


_typed_over(
    "granted_off",
    "06",
    "granted",
    "Số được miễn, giảm không bằng miễn cộng giảm",
    "Granted is not exempted plus lowered",
    ["balance.granted", "balance.undecided"],
    row="cases",
    entails=["order.decided"],
)
_typed_over(
    "undecided_off",
    "06",
    "undecided",
    "Số đang xem xét miễn, giảm bị gõ đè",
    "Undecided requests were typed over",
    ["balance.undecided"],
    row="cases",
)
_typed_over(
    "carried_out_off",
    "07",
    "carried_out",
    "Số quyết định đã thực hiện bị gõ đè",
    "Decisions carried out were typed over",
    ["balance.carried_out", "balance.not_carried_out"],
    entails=["order.carried_out"],
)
_typed_over(
    "not_carried_out_off",
    "07",
    "not_carried_out",
    "Số quyết định chưa thực hiện bị gõ đè",
    "Decisions not carried out were typed over",
    ["balance.not_carried_out"],
)
_typed_over(
    "letters_off",
    "08",
    "received",
    "Tổng số đơn tiếp nhận bị gõ đè",
    "Letters received were typed over",
    ["balance.letters"],
)
_typed_over(
    "matters_off",
    "08",
    "pending",
    "Số vụ việc đang giải quyết bị gõ đè",
    "Matters pending were typed over",
    ["balance.matters"],
)
_typed_over(
    "recommendations_open_off",
    "10",
    "recommendations_open",
    "Số kiến nghị đang thực hiện bị gõ đè",
    "Open recommendations were typed over",
    ["balance.recommendations_open"],
)
_typed_over(
    "claims_pending_off",
    "11",
    "claims_pending",
    "Số yêu cầu bồi thường đang giải quyết bị gõ đè",
    "Claims pending were typed over",
    ["balance.claims_pending"],
    row="cases",
)
_typed_over(
    "followed_off",
    "12",
    "followed",
    "Tổng số bản án hành chính theo dõi bị gõ đè",
    "Judgments followed were typed over",
    ["balance.followed", "balance.still_followed"],
    row="all",
)
_typed_over(
    "to_be_enforced_off",
    "12",
    "to_be_enforced",
    "Số bản án hành chính phải thi hành bị gõ đè",
    "Judgments to be enforced were typed over",
    ["balance.to_be_enforced"],
    row="all",
)
_typed_over(
    "still_followed_off",
    "12",
    "still_followed",
    "Số bản án hành chính chuyển kỳ sau bị gõ đè",
    "Judgments left were typed over",
    ["balance.still_followed"],
    row="all",
)
_typed_over(
    "staff_off",
    "discipline",
    "all_staff",
    "Tổng số người bị kỷ luật bị gõ đè",
    "All staff disciplined were typed over",
    ["balance.staff"],
)

_above(
    "decided_above_requested",
    "06",
    "refused",
    "requested",
    "Số đã xét miễn, giảm lớn hơn số đề nghị",
    "More requests were decided than made",
    ["order.decided", "balance.undecided"],
    row="cases",
)
_above(
    "carried_out_above_decided",
    "07",
    "carried_out",
    "decisions",
    "Số quyết định thực hiện lớn hơn số đã ban hành",
    "More decisions were carried out than issued",
    ["order.carried_out", "balance.carried_out", "balance.not_carried_out"],
    cause="total_typed_over",
)
_above(
    "recommendations_above",
    "10",
    "recommendations_carried_out",
    "recommendations",
    "Số kiến nghị đã thực hiện lớn hơn số kiến nghị",
    "More recommendations were carried out than made",
    ["order.recommendations", "balance.recommendations_open"],
)
_above(
    "conclusions_above_occasions",
    "10",
    "conclusions",
    "occasions",
    "Số kết luận lớn hơn số cuộc",
    "More conclusions than occasions",
    ["order.conclusions"],
)
_above(
    "claims_settled_above",
    "11",
    "claims_settled",
    "claims",
    "Số yêu cầu bồi thường đã giải quyết lớn hơn số thụ lý",
    "More claims were settled than accepted",
    ["order.claims_settled", "balance.claims_pending"],
    row="cases",
)
_above(
    "claims_paid_above",
    "11",
    "claims_paid",
    "claims_settled",
    "Số được bồi thường lớn hơn số đã giải quyết",
    "More claims were paid than settled",
    ["order.claims_paid"],
    row="cases",
)


# --- officers


@fault(
    "Dòng của một chấp hành viên không cộng vào tổng số",
    "The line of an enforcement officer does not add up to the total",
    meant=["rollup.officers", "balance.accepted_total"],
    forms=["04"],
    cause="digit_wrong",
)
def _officer_off(report: Report, rng: Random) -> Iterator[Touched]:
    used = [row.code for row in report.forms["04"].rows if row.is_open and report.figure("04", row.code, "due")]
    yield add(report, "04", rng.choice(used), "newly_accepted", rng.randint(1, 30))


def _officer_left_out(form: str, beside: str, meant: str, vi: str, en: str) -> None:
    @fault(vi, en, name=f"officer_left_out_of_{form}", meant=[meant], forms=[form, beside], is_whole=True)
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        declared = report.forms[form]
        used = [n for n, row in enumerate(declared.rows) if row.is_open and report.figure(form, row.code, "due")]
        after: list[list[Figure]] = [list(line) for line in report.figures[form]]
        after[rng.choice(used)] = [None] * len(declared.columns)
        # The total follows by its formulas: the form agrees with itself, and says less than the other one.
        yield from replace_figures(report, form, recalculate(declared, after))


_officer_left_out(
    "04",
    "01",
    "cross.cases_by_officer",
    "Biểu 04 bỏ sót một chấp hành viên",
    "Form 04 leaves out an enforcement officer",
)
_officer_left_out(
    "05",
    "02",
    "cross.money_by_officer",
    "Biểu 05 bỏ sót một chấp hành viên",
    "Form 05 leaves out an enforcement officer",
)


# --- delegation by agency


@fault(
    "Tổng số nhận ủy thác của phụ lục bị gõ đè",
    "The total received by delegation is typed over",
    meant=["rollup.counterparts"],
    forms=["transfers"],
    cause="total_typed_over",
)
def _received_typed_over(report: Report, rng: Random) -> Iterator[Touched]:
    yield add(report, "transfers", "total", "received_cases", rng.randint(1, 30))


@fault(
    "Phụ lục ủy thác khác số ủy thác của Biểu 01",
    "The annex on delegation says otherwise than form 01",
    meant=["cross.delegated_by_agency"],
    forms=["transfers", "01"],
    is_whole=True,
)
def _delegated_otherwise(report: Report, rng: Random) -> Iterator[Touched]:
    declared = report.forms["transfers"]
    column = list(declared.column).index("delegated")
    after: list[list[Figure]] = [list(line) for line in report.figures["transfers"]]
    used = [n for n, row in enumerate(declared.rows) if row.is_open and isinstance(after[n][column], int)]
    after[rng.choice(used)][column] += rng.randint(1, 20)  # type: ignore[operator]
    # The total follows by its formula.
    yield from replace_figures(report, "transfers", recalculate(declared, after))


# --- parts of forms 01 and 02


def _budget_above(row: str, whole: str, meant: str, vi: str, en: str) -> None:
    @fault(
        vi,
        en,
        name=f"budget_above_{row}",
        meant=[meant],
        entails=["rollup.offices", "cumulative.*"],
        forms=["03", whole],
    )
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        more = count(report, whole, "total.total", "not_eligible") - count(report, "03", row, "not_eligible")
        more += rng.randint(1, 50)
        # Its own sums hold: there is simply more of it than of the whole.
        for column in ("not_eligible", "due", "carried_over"):
            yield add(report, "03", row, column, more)


_budget_above(
    "cases",
    "01",
    "cross.budget_within_cases",
    "Số việc thu ngân sách lớn hơn Biểu 01",
    "More budget cases than cases on form 01",
)
_budget_above(
    "money",
    "02",
    "cross.budget_within_money",
    "Số tiền thu ngân sách lớn hơn Biểu 02",
    "More budget money than money on form 02",
)


def _credit_above(row: str, whole: str, meant: str, vi: str, en: str) -> None:
    @fault(
        vi,
        en,
        name=f"credit_above_{row}",
        meant=[meant],
        entails=["rollup.offices"],
        forms=["credit", whole],
        cause="digit_wrong",
    )
    def act(report: Report, rng: Random) -> Iterator[Touched]:
        yield type_over(report, "credit", row, "due", count(report, whole, "total.total", "due") + rng.randint(1, 50))


_credit_above(
    "cases",
    "01",
    "cross.credit_within_cases",
    "Số việc tín dụng, ngân hàng lớn hơn Biểu 01",
    "More bank-credit cases than cases on form 01",
)
_credit_above(
    "money",
    "02",
    "cross.credit_within_money",
    "Số tiền tín dụng, ngân hàng lớn hơn Biểu 02",
    "More bank-credit money than money on form 02",
)


@fault(
    "Số thi hành xong lớn hơn số có điều kiện",
    "More was completed than eligible",
    meant=["order.completed"],
    entails=["ratio.*", "cross.*", "rollup.offices", "cumulative.*", "order.eligible"],
    forms=["credit"],
    cause="digit_wrong",
)
def _completed_above_eligible(report: Report, rng: Random) -> Iterator[Touched]:
    more = count(report, "credit", "cases", "eligible") + rng.randint(1, 9)
    yield type_over(report, "credit", "cases", "completed", more)


@fault(
    "Số có điều kiện lớn hơn số phải thi hành",
    "More was eligible than due",
    meant=["order.eligible"],
    entails=["ratio.*", "cross.*", "rollup.offices"],
    forms=["credit"],
    cause="digit_wrong",
)
def _eligible_above_due(report: Report, rng: Random) -> Iterator[Touched]:
    more = count(report, "credit", "cases", "due") + rng.randint(1, 9)
    yield type_over(report, "credit", "cases", "eligible", more)


@fault(
    "Tỷ lệ án tín dụng, ngân hàng không tính ra được từ số liệu",
    "The printed bank-credit rate cannot come from the printed figures",
    meant=["ratio.completion_rate"],
    forms=["credit"],
    cause="total_typed_over",
)
def _credit_rate_impossible(report: Report, rng: Random) -> Iterator[Touched]:
    rate = report.figure("credit", "money", "completion_rate")
    if rate is None or isinstance(rate, str):
        raise FaultError("credit_rate_impossible: the report prints no rate; take a later period")
    yield type_over(report, "credit", "money", "completion_rate", rate + rng.randint(2, 9))
