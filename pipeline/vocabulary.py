"""The status words of the whole system, each in one place.

Every word that a table, a message or a test compares against is a member of an enum here; nothing spells one by hand.
"""

from enum import StrEnum

#: The period where there is none: files that were refused, returns whose header cannot be placed.
UNPLACED = "unplaced"


class Verdict(StrEnum):
    """What became of a submission (``fct_submission.verdict``)."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_QUERY = "accepted_with_query"
    RETURNED = "returned"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"


class Status(StrEnum):
    """How a rule came out for a submission (``fct_outcome.status``)."""

    PASS = "pass"
    FAIL = "fail"
    KNOWN = "known"
    EXPLAINED = "explained"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class OnFail(StrEnum):
    """What a failing rule does to the submission: hold it back, let it in flagged, or only remark on it."""

    RETURN = "return"
    QUERY = "query"
    NOTE = "note"


class Scope(StrEnum):
    """Whose caseload a figure covers: an agency's own, an office's, a whole province's, the nation's."""

    OWN = "own"
    OFFICE = "office"
    PROVINCE = "province"
    NATION = "nation"


class Level(StrEnum):
    """What kind of body a unit is (``dim_unit.level``)."""

    NATION = "nation"
    PROVINCE = "province"
    OFFICE = "office"


class Origin(StrEnum):
    """Whether an office submitted a figure or somebody published it."""

    SUBMITTED = "submitted"
    PUBLISHED = "published"


class Vintage(StrEnum):
    """Preliminary and final totals differ every year and are never mixed; ``reported`` where neither is stated."""

    REPORTED = "reported"
    PRELIMINARY = "preliminary"
    FINAL = "final"


class CellState(StrEnum):
    """What a cell of a form contains. Blank, nil, zero and not-applicable stay different."""

    NUMBER = "number"
    BLANK = "blank"
    NIL = "nil"  # "-": the office says that there is nothing
    NOT_APPLICABLE = "not_applicable"  # "x": the form asks nothing here
    TEXT = "text"  # a name, where the form asks for one
    ILLEGIBLE = "illegible"  # there is something that is not a number


class Completeness(StrEnum):
    """Whether a form that an agency owes has arrived (``mart_completeness.status``)."""

    NOT_OWED = "not_owed"
    DUE = "due"  # owed and not received; late from the day after its deadline
    LATE = "late"
    RECEIVED = "received"  # a file came that cannot be read
    RETURNED = "returned"
    ACCEPTED = "accepted"
    NIL = "nil"  # declared that there was nothing
    EXEMPT = "exempt"


class Transfer(StrEnum):
    """Whether two agencies agree on what one delegated to the other (``mart_transfer_pair.status``)."""

    MATCHED = "matched"
    DIFFERS = "differs"
    NOT_RECEIVED = "not_received"  # the receiver names no such sender
    NOT_SENT = "not_sent"  # the sender names no such receiver
    ONE_SIDE = "one_side"  # the other agency sent no annex
    UNKNOWN_UNIT = "unknown_unit"  # no unit has that name


class RatioVerdict(StrEnum):
    """Whether a printed ratio can come from the printed figures."""

    FITS = "fits"
    TRUNCATED = "fits_by_truncation"
    IMPOSSIBLE = "impossible"
    NOT_APPLICABLE = "not_applicable"


class AlertState(StrEnum):
    """Whether an incident is still open."""

    OPEN = "open"
    RESOLVED = "resolved"


class AlertEvent(StrEnum):
    """What happens to an incident (``fct_alert_event.event``); versions cause some events, people the others."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    EXPLAINED = "explained"
    RESOLVED = "resolved"
    REOPENED = "reopened"


#: How an incident stands, as a person reads it.
STANDINGS = {
    "opened": "mới mở · opened",
    "acknowledged": "đã nhận biết · acknowledged",
    "assigned": "đã giao · assigned",
    "explained": "đã giải trình · explained",
    "resolved": "đã đóng · resolved",
    "reopened": "mở lại · reopened",
}


class Receipt(StrEnum):
    """What landing made of a file (``landing/receipts.verdict``)."""

    LANDED = "landed"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"
    SIGNED_COPY = "signed_copy"  # a scan that came with its report: kept, and nobody need do anything


class Role(StrEnum):
    """The work of a person who gets messages: correcting reports, supervising those who do, or keeping the nights going."""

    STATISTICIAN = "statistician"
    LEADER = "leader"
    OPERATOR = "operator"  # gets a message when a night fails


class MessageKind(StrEnum):
    """Why a message goes out: the digest of a night, news that cannot wait for the next, or a night that failed."""

    DIGEST = "digest"
    URGENT = "urgent"
    FAILURE = "failure"


class MessageState(StrEnum):
    """The state of a message in the outbox, and the folder it lies in."""

    WAITING = "waiting"
    SENDING = "sending"  # handed over, with no answer recorded: only a kill leaves one there
    SENT = "sent"
    REFUSED = "refused"  # given up after several nights; a person sends it again or drops it
    DROPPED = "dropped"


class MessageEvent(StrEnum):
    """What happens to a message (``alerts/deliveries.jsonl``)."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # handed over, the answer was lost: it may arrive twice, under one Message-ID
    REFUSED = "refused"
    DROPPED = "dropped"
