"""What a person may have done to a number: digits swapped, one mistyped, a sign, a thousand too many."""

from decimal import Decimal


def slip_kind(shown_value: Decimal, intended_value: Decimal) -> str | None:
    """Return the kind of slip that turns ``intended`` into ``shown``, both as printed; None if no slip does."""
    if shown_value == intended_value:
        return None
    if shown_value == -intended_value:
        return "sign"
    if intended_value and shown_value in (intended_value * 1000, intended_value / 1000):
        return "unit_thousand"
    if not (_is_count(shown_value) and _is_count(intended_value)):
        return None
    a, b = str(int(shown_value)), str(int(intended_value))
    if is_transposed(a, b):
        return "digits_swapped"
    if is_one_off(a, b):
        return "digit_wrong"
    return None


def is_transposed(a: str, b: str) -> bool:
    """Tell whether two numbers differ by two digits that changed places."""
    if len(a) != len(b):
        return a != b and a.lstrip("0") == a and is_transposed(a.zfill(len(b)), b) if len(a) < len(b) else False
    differing = [n for n in range(len(a)) if a[n] != b[n]]
    if len(differing) != 2:
        return False
    first, second = differing
    return a[first] == b[second] and a[second] == b[first]


def is_one_off(a: str, b: str) -> bool:
    """Tell whether one digit was mistyped, lost or added; of short numbers this is nearly always so, so they do not count."""
    if min(len(a), len(b)) < 2 or max(len(a), len(b)) < 3:
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return len(longer) == len(shorter) + 1 and any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))


def _is_count(value: Decimal) -> bool:
    return value >= 0 and value == value.to_integral_value()
