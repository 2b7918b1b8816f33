"""The kinds of rules: what an entry of a pack may say, one module a kind.

A kind is one class below :class:`expectations.rule.Rule` with a field ``kind``: it holds the declaration, the SQL, the
cells, the sentence, the formula and the constraint. A module put here is found by itself; nothing else names it.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from expectations.rule import Rule

__all__ = ["KINDS", "AnyRule", "Rule"]


def _kinds() -> Iterator[type[Rule]]:
    """Yield the kinds in order of their modules, whatever the order of files on the disk."""
    for name in sorted(module.name for module in iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        for member in vars(module).values():
            is_local_class = isinstance(member, type) and member.__module__ == module.__name__
            if is_local_class and issubclass(member, Rule) and "kind" in member.model_fields:
                yield member


KINDS = tuple(_kinds())
if TYPE_CHECKING:
    AnyRule = Rule
else:
    AnyRule = Annotated[Union[KINDS], Field(discriminator="kind")]  # noqa: UP007 - of as many as were found
