"""What can be wrong with a file as a whole, in one sentence for whoever can mend it.

The sentences stand in ``problems.yaml``; the stages that land and read files name them by code.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class FileProblem:
    """A named problem of one file, with its sentence in Vietnamese and English."""

    code: str
    vi: str
    en: str


class UnreadableFile(Exception):
    """A file, or a member of an archive, that cannot be taken in; carries its problem."""

    def __init__(self, problem: FileProblem):
        super().__init__(problem.en)
        self.problem = problem

    def __reduce__(self) -> tuple:
        return type(self), (self.problem,)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def problem(code: str, **details: object) -> FileProblem:
    """Return the problem of that code with its sentences filled in; an unknown code is a ``KeyError``."""
    sentences = _sentences()[code]
    return FileProblem(code, sentences["vi"].format(**details), sentences["en"].format(**details))
