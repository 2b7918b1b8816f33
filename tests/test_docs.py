"""Claims about the documents: what is generated is current, links lead somewhere, commands exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from expectations.kinds import Balance
from expectations.rules import packs
from pipeline import reference
from pipeline.cli.main import app
from pipeline.forms import forms
from pipeline.home import PROJECT

README = PROJECT / "README.md"
DOCUMENTS = [README, PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def anchors(document: Path) -> set[str]:
    return {
        reference.slug(heading) for heading in HEADING.findall(FENCED.sub("", document.read_text(encoding="utf-8")))
    }


def commands_in_blocks(document: Path) -> Iterator[list[str]]:
    for block in FENCED.findall(document.read_text(encoding="utf-8")):
        for command in re.split(r"^(?=\S)", block, flags=re.MULTILINE):  # an indented line goes on with the command
            if command.startswith("thads "):
                yield shlex.split(command, comments=True)[1:]


def commands_in_sentences(document: Path) -> Iterator[list[str]]:
    prose = FENCED.sub("", document.read_text(encoding="utf-8"))
    return (shlex.split(code)[1:] for code in INLINE.findall(prose) if code.startswith("thads "))


def resolve(words: list[str]) -> tuple[object, list[str]]:
    """Walk down the command groups as far as the words name commands; return the command and the rest."""
    command = get_command(app)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"there is no command 'thads {words[0]}'"
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", reference.pages())
def test_generated_page_is_current(page: str) -> None:
    committed = (reference.DOCS / page).read_text(encoding="utf-8")
    assert committed == reference.pages()[page], (
        f"docs/{page} is behind its declarations: run 'make docs' and commit it"
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken, f"{name(document)} links to what does not exist: {', '.join(broken)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_shown_exist(document: Path) -> None:
    for words in (*commands_in_blocks(document), *commands_in_sentences(document)):
        command, rest = resolve(words)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = [
            word for word in rest if re.match(r"--?[a-z]", word) and word.split("=")[0] not in {*known, "--help"}
        ]
        assert not unknown, f"{name(document)}: 'thads {shlex.join(words)}' has no option {', '.join(unknown)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_command_lines_in_blocks_are_accepted(document: Path) -> None:
    for words in commands_in_blocks(document):
        command, rest = resolve(words)
        command.make_context("thads", list(rest))  # raises a usage error where an argument is missing or wrong


def test_readme_shows_every_command() -> None:
    shown = README.read_text(encoding="utf-8")
    commands = get_command(app).commands.items()
    missing = [word for word, command in commands if not command.hidden and f"thads {word}" not in shown]
    assert not missing, f"README does not tell of: {', '.join(missing)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_make_targets_shown_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    shown = {
        word
        for code in (*FENCED.findall(text), *INLINE.findall(text))
        for word in re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)
    }
    assert shown <= targets, f"{name(document)}: the Makefile has no target {', '.join(sorted(shown - targets))}"


def test_readme_names_what_ci_runs() -> None:
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    for command in re.findall(r"^make .*$", script, re.MULTILINE):
        assert f"\n{command}" in readme, f".ci/run runs '{command}', README does not show it"


def test_every_published_table_says_what_a_row_is() -> None:
    described = [model for layer in reference.LAYERS for model in reference.models(layer)]
    assert described
    assert [model["name"] for model in described if "One row per " not in model["description"]] == []


def test_computed_columns_and_balances_say_the_same() -> None:
    computed = [(form, column) for form in forms().all for column in form.columns if form.fact and column.equals]
    assert computed
    for form, column in computed:
        stated = {
            frozenset((term.sign, term.column) for term in rule.terms)
            for pack in packs()
            if form.regime.name in pack.regimes
            for rule in pack.rules
            if isinstance(rule, Balance) and form.code in rule.forms and rule.total == column.code
        }
        formula = frozenset((term.sign, term.column) for term in column.equals)
        assert formula in stated, f"form {form.code}: no balance says that {column.code} is what the template computes"


def test_decisions_are_numbered_in_order():
    numbers = re.findall(
        r"^\*\*(\d+)([a-z]?)\. ", (PROJECT / "docs" / "decisions.md").read_text(encoding="utf-8"), re.M
    )
    in_order = sorted(set(numbers), key=lambda number: (int(number[0]), number[1]))
    assert len(numbers) > 90
    assert numbers == in_order
