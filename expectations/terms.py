"""What entries of packs are made of: terms of sums, conditions, codes, sentences, stories."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import sqlglot
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from sqlglot import exp

#: The suffixes of the codes of a measure's growth in per cent and of its change (``forms/published.yaml``).
GROWTH, CHANGE = "_growth", "_change"

_TERM = re.compile(r"([+-])(?:(\d+(?:\.\d+)?)\*)?([a-z_]+)")


@dataclass(frozen=True)
class Term:
    """A signed, possibly weighted column of a sum. An optional one may be left unprinted."""

    sign: int
    column: str
    factor: Decimal = Decimal(1)
    is_optional: bool = False

    @classmethod
    def parse(cls, text: "str | Term") -> "Term":
        """Read ``+due``, ``-completed``, ``+0.97*opening`` or the optional ``(-revoked)``."""
        if isinstance(text, Term):
            return text
        bare = str(text).replace(" ", "")
        is_optional = bare[:1] == "(" and bare[-1:] == ")"
        match = _TERM.fullmatch(bare[1:-1] if is_optional else bare)
        if not match:
            raise ValueError(
                f"{text!r} is no term: write a sign, an optional factor and a column, e.g. '+0.97*opening'"
            )
        sign, factor, column = match.groups()
        return cls(1 if sign == "+" else -1, column, Decimal(factor or 1), is_optional)


Terms = Annotated[tuple[Term, ...], BeforeValidator(lambda terms: tuple(map(Term.parse, terms)))]


#: The nodes that a condition may consist of; anything else - a subquery, a cast, a function that reads files - is refused.
_ALLOWED_NODES = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Binary, exp.Unary, exp.Between,
    exp.In, exp.Coalesce, exp.Abs, exp.Round, exp.Greatest, exp.Least, exp.Case, exp.If,
)  # fmt: skip


def _parse_condition(condition: str) -> str:
    """Return a condition as the parser understood it; refuse what is not one plain SQL expression."""
    try:
        statements = sqlglot.parse(str(condition), read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"condition {condition!r} is not SQL: {str(error).splitlines()[0]}") from error
    (expression, *other_statements) = statements or [None]
    forbidden = {
        type(node).__name__
        for node in (expression.walk() if expression else ())
        if not isinstance(node, _ALLOWED_NODES)
    }
    qualified = expression is not None and any(column.table for column in expression.find_all(exp.Column))
    if expression is None or other_statements or forbidden or qualified:
        detail = f" (found {', '.join(sorted(forbidden))})" if forbidden else ""
        raise ValueError(f"condition {condition!r} may use columns, operators and plain functions only{detail}")
    return expression.sql(dialect="duckdb", comments=False)


Condition = Annotated[str, BeforeValidator(_parse_condition)]
#: Codes of forms, rows, columns and rules: they become part of the SQL of comparisons.
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+([.-][a-z0-9_]+)*$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Story(BaseModel):
    """A likely cause: where ``when`` holds for a failing row, ``vi`` and ``en`` are filled with the values of ``let``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: Condition
    let: dict[Code, Condition] = {}
    vi: Sentence
    en: Sentence
