"""From rules to comparisons: each kind of rule as one SELECT over all submissions of a form at once.

A comparison is one place where a rule's terms are all printed: what was found, what was expected, and the closed
interval ``[low, high]`` in which the figure may lie. Great Expectations then says which comparisons fail. A rule whose
terms are not printed, or whose partner is not there, makes no comparison, and so is not applicable, never passed.

The SELECTs of the kinds (``expectations.kinds``) read these tables of the judging database, which
``pipeline.comparison.database`` makes:

- ``applicable``: submission_id, pack, rule_id, form - which rule applies to which form of which submission
- ``form_<code>``: submission_id, row_code, a column per measure (base units) and ``<measure>__rounding`` beside it
- ``cell``, ``remark``: as in ``pipeline.tables``
- ``reading_code``: pack, rule_id, code - the kinds of remarks that a rule forbids
- ``rollup_part``: form, regime, dimension, total_row, part_row; ``office_part``: submission_id, part_submission_id
- ``partner``: submission_id, form, relation, beside - the submission that a form is compared with
- ``paired``: submission_id, form, relation, beside, row_code, column_code, value, rounding, before, before_rounding - a
  figure and the same one in a partner of another period
- ``arrival``: submission_id, received_on, due_on, days_late (working days)
"""

from expectations.rule import Rule
from expectations.rules import Pack

AMOUNT = "decimal(30, 6)"
COLUMNS = "submission_id, rule_key, pack, rule_id, form, row_code, column_code, found, expected, low, high, verdict, remark_id, beside"


def rule_key(pack: Pack, rule: Rule, form: str) -> str:
    """Return the key of one rule on one form."""
    return f"{pack.pack}/{form}/{rule.id}"


def comparisons(pack: Pack, rule: Rule, form: str) -> list[str]:
    """Return the SELECTs whose rows are the comparisons that ``rule`` makes on ``form``; columns as ``COLUMNS``.

    Rules that are compared jointly make none here: :func:`joint_comparisons` makes those.
    """
    partner_column = "beside" if rule.partner_relation else "null::varchar"
    return [
        f"""
        select compared.submission_id, '{rule_key(pack, rule, form)}', '{pack.pack}', '{rule.id}', '{form}', row_code, column_code,
               found::{AMOUNT}, expected::{AMOUNT}, low::{AMOUNT}, high::{AMOUNT}, verdict, null::bigint, {partner_column}
        from ({select}) as compared
        semi join (
            select submission_id from applicable
            where pack = '{pack.pack}' and rule_id = '{rule.id}' and form = '{form}'
        ) as covered using (submission_id)
        """
        for select in rule.selects(form)
    ]


def joint_comparisons(kind: type[Rule], rules_table: str) -> str:
    """Return the SELECT that compares every rule of ``kind`` in ``rules_table`` (pack, rule_id, form) at once."""
    return f"""
        select submission_id, concat_ws('/', pack, form, rule_id)::made.rule_key as rule_key, pack, rule_id, form, row_code, column_code,
               found::{AMOUNT}, expected::{AMOUNT}, low::{AMOUNT}, high::{AMOUNT}, null::varchar, remark_id, null::varchar
        from ({kind.joint_select(rules_table)})
        order by rule_key
    """
