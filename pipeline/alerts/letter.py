"""The content of one letter, as data for its formats: sender, addressee, day, subject, and what to do by when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.alerts.contacts import Sender
from pipeline.alerts.official_names import Agency, addressee, department, national_body, official_name
from pipeline.calendar.periods import Period
from pipeline.vocabulary import OnFail, Origin

Incident = Mapping[str, Any]
#: Problems that are the system's own failure, not the office's: no office can mend them.
OURS = frozenset({"set_aside", "reading_crashed", "reading_too_slow", "reading_too_big"})
EXAMPLES = 3


@dataclass(frozen=True)
class Point:
    """One cause: its worst finding, how many more there are, and the cells of some of them."""

    form: str
    sentence: str
    others: str
    story: str
    english: str
    english_story: str


@dataclass(frozen=True)
class Letter:
    """One letter as it is written in every format."""

    is_simulated: bool
    is_published: bool
    source_ref: str
    body: str
    department: str
    number: str
    dated: str
    subject: str
    addressee: str
    stands_for: str
    copy_to: str
    period: str
    opening: tuple[str, ...]
    points: tuple[Point, ...]
    request: tuple[str, ...]
    answer_by: str
    contact: str
    english: tuple[str, ...]


def letter_of(
    kind: str, incidents: Sequence[Incident], agencies: Mapping[str, Agency], sender: Sender, number: str
) -> Letter:
    """Return the letter on the incidents of one version, dated with the day on which the version arrived.

    So a letter that is written again says the same, and an agency is addressed by the name that it had on that day.
    """
    first, day = incidents[0], _day(kind, incidents)
    body, body_en = national_body(day)
    agency = agencies.get(first["unit_key"] or "")
    is_published = first["origin"] == Origin.PUBLISHED
    recipient = agency if agency is None or is_published else addressee(agency, agencies, day)
    superior = agencies.get(recipient.parent_key or "") if recipient else None
    superior = addressee(superior, agencies, day) if superior else None
    is_opened = kind == "opened"
    period = period_vi(first["period_id"])
    return Letter(
        is_simulated=first["is_simulated"],
        is_published=is_published,
        source_ref=first["source_ref"] or "",
        body=sender.body or body,
        department=sender.department or department(),
        number=number,
        dated=f"Ngày {day.day:02} tháng {_month(day)} năm {day.year}",
        subject=_subject(kind, incidents),
        addressee=official_name(recipient, agencies, day) if recipient else (first["unit_key"] or ""),
        stands_for=official_name(agency, agencies, day) if agency and recipient is not agency else "",
        copy_to=official_name(superior, agencies, day) if superior and superior.level == "province" else "",
        period=period,
        opening=tuple(_opening(kind, incidents, period)),
        points=tuple(_point(incident, is_opened=is_opened) for incident in incidents),
        request=tuple(_request(first, kind, day)),
        answer_by=day_vi(first["answer_by"]) if is_opened and first["answer_by"] and not is_published else "",
        contact=sender.contact or f"{sender.department or department()}, {sender.body or body}",
        english=tuple(_english(kind, incidents, body_en)),
    )


def period_vi(period_id: str | None) -> str:
    """Return a period in words: ``12 tháng năm 2022 (từ 01/10/2021 đến 30/9/2022)``; empty where there is none."""
    if not period_id:
        return ""
    period = Period.parse(period_id.partition("@")[0])
    return f"{period.months} tháng năm {period.year} (từ {day_vi(period.start)} đến {day_vi(period.end)})"


def day_vi(day: date) -> str:
    """Return a day as offices write it: zeros before days below 10 and the months 1 and 2 only, ``30/9/2022``."""
    return f"{day.day:02}/{_month(day)}/{day.year}"


def is_ours(incident: Incident) -> bool:
    """Tell whether an incident is the system's own failure, about which an office can do nothing."""
    return incident["problem"] in OURS


def _month(day: date) -> str:
    return f"{day.month:02}" if day.month <= 2 else str(day.month)


def _day(kind: str, incidents: Sequence[Incident]) -> date:
    moments = [i["resolved_at"] if kind == "resolved" and i["resolved_at"] else i["opened_at"] for i in incidents]
    return max(moments).date()


def _is_held_back(incidents: Sequence[Incident]) -> bool:
    return any(incident["on_fail"] == OnFail.RETURN for incident in incidents)


def _subject(kind: str, incidents: Sequence[Incident]) -> str:
    first = incidents[0]
    if first["period_id"]:
        period = Period.parse(first["period_id"].partition("@")[0])
        report = f"báo cáo thống kê thi hành án dân sự {period.months} tháng năm {period.year}"
    else:
        report = "tệp báo cáo thống kê thi hành án dân sự"
    if kind == "resolved":
        return f"V/v các điểm đã được giải quyết của {report}"
    if first["rule_id"] == "unreadable":
        return f"V/v {report} không đọc được"
    return f"V/v {'trả lại' if _is_held_back(incidents) else 'đề nghị giải trình'} {report}"


def _opening(kind: str, incidents: Sequence[Incident], period: str) -> list[str]:
    first = incidents[0]
    if kind == "resolved":
        return [_resolution(first)]
    report = f"báo cáo thống kê {period}" if period else "báo cáo thống kê"
    version = f", lần báo cáo {first['opened_version']}" if first["opened_version"] else ""
    file = f", tệp “{first['path']}”" if first["path"] else ""
    if first["origin"] == Origin.PUBLISHED:
        return []
    if first["rule_id"] == "unreadable":
        return [
            f"Đã nhận được {report}{file} nhưng chưa đọc được tệp. Số liệu trong tệp này chưa được đưa vào kho dữ liệu thống kê."
        ]
    if _is_held_back(incidents):
        return [
            f"Qua kiểm tra {report}{version}{file}, số liệu có các điểm chưa khớp nêu dưới đây. **Báo cáo được trả lại**: số liệu của báo cáo "
            "này chưa được đưa vào kho dữ liệu thống kê; số liệu đã được chấp nhận trước đó (nếu có) vẫn giữ nguyên."
        ]
    return [
        f"Qua kiểm tra {report}{version}{file}, **báo cáo được chấp nhận** và đã đưa vào kho dữ liệu thống kê, kèm các điểm cần giải trình nêu dưới đây."
    ]


def _resolution(first: Incident) -> str:
    if first["resolved_by"] and first["opened_version"]:
        return f"**Đã khớp.** Báo cáo lần {first['resolved_version']} đã thay báo cáo lần {first['opened_version']}; các điểm sau được đóng:"
    if first["resolved_by"]:
        return "**Đã đọc được.** Tệp gửi sau dưới cùng tên đã thay tệp không đọc được; điểm sau được đóng:"
    return "**Đã đóng** theo giải trình hoặc quyết định của người phụ trách; sẽ mở lại nếu báo cáo sau vẫn sai:"


def _point(incident: Incident, *, is_opened: bool) -> Point:
    title = f" - {incident['form_title_vi']}" if incident["form_title_vi"] and is_opened else ""
    sentence = incident["sentence_vi"] if is_opened else f"{incident['sentence_vi'].split('. ')[0].rstrip('.')}."
    return Point(
        form=f"Biểu {incident['form_number']}{title}" if incident["form_number"] else "",
        sentence=sentence,
        others=_others(incident) if is_opened else "",
        story=(incident["story_vi"] or "").rstrip(".") if is_opened else "",
        english=incident["sentence_en"] if is_opened else "",
        english_story=(incident["story_en"] or "").rstrip(".") if is_opened else "",
    )


def _others(incident: Incident) -> str:
    other_count = (incident["findings"] or 1) - 1
    if other_count < 1:
        return ""
    places = [place for place in incident["places"] or [] if place][:EXAMPLES]
    examples = f", ví dụ ô {', '.join(places)}" if len(places) > 1 else ""
    return f"Cùng nguyên nhân này có {other_count + 1} chỗ{examples}; danh sách đầy đủ ở tệp đã đánh dấu."


def _request(first: Incident, kind: str, day: date) -> list[str]:
    if kind == "resolved" or first["origin"] == Origin.PUBLISHED:
        return []
    if first["rule_id"] == "unreadable":
        return ["Đề nghị quý cơ quan kiểm tra lại tệp theo nội dung nêu trên và gửi lại."]
    sentences = [
        "Đề nghị quý cơ quan kiểm tra, sửa số liệu trong báo cáo bổ sung (ghi rõ lần báo cáo và lý do), trình người có thẩm quyền ký và gửi lại; "
        "nếu số liệu đã đúng, đề nghị giải trình bằng văn bản. Các ô cần sửa được tô màu và mở khóa trong tệp đã đánh dấu."
    ]
    if first["period_id"] and not first["answer_by"]:
        sentences.append("Đề nghị trả lời ngay: hạn tổng hợp của cơ quan cấp trên cho kỳ này đã qua.")
    return sentences


def _english(kind: str, incidents: Sequence[Incident], body: str) -> list[str]:
    first = incidents[0]
    if kind == "resolved":
        count = f"{len(incidents)} alert{'s' if len(incidents) > 1 else ''} resolved."
        if first["resolved_by"] and first["opened_version"]:
            return [f"Version {first['resolved_version']} replaces version {first['opened_version']};", count]
        return [
            "A readable file replaces it;"
            if first["resolved_by"]
            else "Closed by an answer or by hand, until a later version fails;",
            count,
        ]
    if first["origin"] == Origin.PUBLISHED:
        return ["A note on published figures, for the data team."]
    if first["rule_id"] == "unreadable":
        return ["The file could not be read; please check it and send it again."]
    deadline = (
        f" by {first['answer_by']:%d %B %Y}"
        if first["answer_by"]
        else (" at once: the deadline of the level above has passed" if first["period_id"] else "")
    )
    consequence = "The return is held back." if _is_held_back(incidents) else "The return is let in, with a query."
    return [
        f"From the {body}.",
        consequence,
        f"Please correct it in a supplementary report, with its number and reason, and send it{deadline}.",
    ]
