"""Claims about the documents: links lead somewhere, commands exist, the reference pages describe everything."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from expectations.kinds.balance import Balance
from expectations.rules import packs
from pipeline import reference
from pipeline.cli.main import app
from pipeline.dagster_ui import published_tables
from pipeline.forms import forms
from pipeline.home import PROJECT

README = PROJECT / "README.md"
DECISIONS = PROJECT / "docs" / "decisions"
KEPT = [
    *(README, PROJECT / "CONTRIBUTING.md"),
    *sorted((PROJECT / "docs").glob("*.md")),
    *sorted(DECISIONS.glob("*.md")),
]
#: Built by ``make docs`` and not kept; whatever an earlier build left there is not looked at.
BUILT = [reference.REFERENCE / page for page in ("commands.md", "forms.md", "rules.md", "tables.md")]
DOCUMENTS = [*KEPT, *BUILT]

THADS = get_command(app)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """The text of every document, by where a reader finds it; the reference pages are built for it."""
    folder = tmp_path_factory.mktemp("reference")
    reference.write_pages(folder)
    assert sorted(path.name for path in folder.iterdir()) == [path.name for path in BUILT]
    kept = {path: path.read_text(encoding="utf-8") for path in KEPT}
    return kept | {path: (folder / path.name).read_text(encoding="utf-8") for path in BUILT}


def headings(text: str) -> list[str]:
    return HEADING.findall(FENCED.sub("", text))


def anchors(text: str) -> set[str]:
    return {reference.slug(heading) for heading in headings(text)}


def commands_in_blocks(text: str) -> Iterator[list[str]]:
    for block in FENCED.findall(text):
        for command in re.split(r"^(?=\S)", block, flags=re.MULTILINE):  # an indented line goes on with the command
            if command.startswith("thads "):
                yield shlex.split(command, comments=True)[1:]


def commands_in_sentences(text: str) -> Iterator[list[str]]:
    prose = FENCED.sub("", text)
    return (shlex.split(code)[1:] for code in INLINE.findall(prose) if code.startswith("thads "))


def resolve(words: list[str]) -> tuple[object, list[str]]:
    """Walk down the command groups as far as the words name commands; return the command and the rest."""
    command = THADS
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"there is no command 'thads {words[0]}'"
        command, words = command.commands[words[0]], words[1:]
    return command, words


def leaves(words: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Yield every command that is not hidden, with all its words."""
    command, rest = resolve(list(words))
    assert not rest
    if isinstance(command, TyperGroup):
        for word, one in command.commands.items():
            if not one.hidden:
                yield from leaves((*words, word))
    else:
        yield " ".join(("thads", *words)), command


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_relative_links_lead_somewhere(document: Path, texts: dict[Path, str]) -> None:
    broken = []
    for link in LINK.findall(texts[document]):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        is_there = target in texts or (target.exists() and reference.REFERENCE not in (target, *target.parents))
        if not is_there or (anchor and anchor not in anchors(texts.get(target, ""))):
            broken.append(link)
    assert not broken, f"{name(document)} links to what does not exist: {', '.join(broken)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_shown_exist(document: Path, texts: dict[Path, str]) -> None:
    for words in (*commands_in_blocks(texts[document]), *commands_in_sentences(texts[document])):
        command, rest = resolve(words)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = [
            word for word in rest if re.match(r"--?[a-z]", word) and word.split("=")[0] not in {*known, "--help"}
        ]
        assert not unknown, f"{name(document)}: 'thads {shlex.join(words)}' has no option {', '.join(unknown)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_command_lines_in_blocks_are_accepted(document: Path, texts: dict[Path, str]) -> None:
    for words in commands_in_blocks(texts[document]):
        command, rest = resolve(words)
        command.make_context("thads", list(rest))  # raises a usage error where an argument is missing or wrong


def test_page_of_commands_describes_every_command(texts: dict[Path, str]) -> None:
    page = texts[reference.REFERENCE / "commands.md"]
    commands = dict(leaves())
    sections = dict(re.findall(r"^## (thads .*)\n((?:(?!## ).*\n)*)", page, re.MULTILINE))
    assert list(sections) == list(commands)
    assert len(sections) > 40
    for word, command in commands.items():
        said = sections[word]
        unsaid = [
            option for one in command.params for option in one.opts if option.startswith("-") and option not in said
        ]
        assert not unsaid, f"{word}: the page does not tell of {', '.join(unsaid)}"
        assert [one.name for one in command.params if not getattr(one, "help", None)] == [], word
        assert re.search(r"^Exit codes: \S+", said, re.MULTILINE), (
            f"the docstring of {word} does not give its exit codes"
        )


def test_page_of_forms_describes_every_form(texts: dict[Path, str]) -> None:
    page = texts[reference.REFERENCE / "forms.md"]
    sections = re.findall(r"^### (.*)\n((?:(?!##).*\n)*)", page, re.MULTILINE)
    assert [title for title, _ in sections] == [
        f"{form.code} · {form.vi}"
        for regime in forms().regimes.values()
        for form in forms().all
        if form.regime == regime
    ]
    in_order = [form for regime in forms().regimes.values() for form in forms().all if form.regime == regime]
    for form, (title, said) in zip(in_order, sections, strict=True):
        unsaid = [one.code for one in (*form.columns, *form.rows) if f"| `{one.code}` | {one.vi} |" not in said]
        assert not unsaid, f"{title}: the page does not tell of {', '.join(unsaid)}"


def test_page_of_rules_describes_every_rule(texts: dict[Path, str]) -> None:
    page = texts[reference.REFERENCE / "rules.md"]
    told = [title for title in headings(page) if title.startswith("Pack ")]
    assert told == [f"Pack {pack.pack}" for pack in packs()]
    for pack, said in zip(packs(), re.split(r"^## Pack .*$", page, flags=re.MULTILINE)[1:], strict=True):
        assert re.findall(r"^### (.*)$", said, re.MULTILINE) == [rule.id for rule in pack.rules]
        for rule, section in zip(pack.rules, re.split(r"^### .*$", said, flags=re.MULTILINE)[1:], strict=True):
            assert rule.vi in section
            assert rule.en in section
            assert f"on fail `{rule.on_fail}`" in section


def test_page_of_tables_describes_every_published_table(texts: dict[Path, str]) -> None:
    page = texts[reference.REFERENCE / "tables.md"]
    sections = dict(re.findall(r"^### (.*)\n((?:(?!##).*\n)*)", page, re.MULTILINE))
    files = {path.stem for layer in reference.LAYERS for path in (reference.MODELS / layer).glob("*.sql")}
    assert set(sections) == files
    assert len(files) > 40
    for layer in reference.LAYERS:
        for model in reference.models(layer):
            unsaid = [one["name"] for one in model["columns"] if f"| `{one['name']}` |" not in sections[model["name"]]]
            assert not unsaid, f"{model['name']}: the page does not tell of {', '.join(unsaid)}"


def test_dagster_names_the_page_of_tables() -> None:
    assert PROJECT / published_tables.DOCS in BUILT


def test_built_pages_are_not_kept() -> None:
    assert f"{name(reference.REFERENCE)}/" in (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_make_targets_shown_exist(document: Path, texts: dict[Path, str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = {
        word
        for code in (*FENCED.findall(texts[document]), *INLINE.findall(texts[document]))
        for word in re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)
    }
    assert shown <= targets, f"{name(document)}: the Makefile has no target {', '.join(sorted(shown - targets))}"


@pytest.mark.parametrize("document", KEPT, ids=name)
def test_files_of_ours_that_are_named_exist(document: Path, texts: dict[Path, str]) -> None:
    ours = re.compile(r"(?:pipeline|expectations|dbt_project|tests|benchmarks|samples)/[\w./-]*")
    named = {code for code in INLINE.findall(texts[document]) if ours.fullmatch(code)}
    assert [code for code in sorted(named) if not (PROJECT / code).exists()] == []


def test_readme_fits_on_one_screen() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 65
    assert [line for line in lines if len(line) > 120] == []


def test_readme_names_what_ci_runs() -> None:
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    commands = re.findall(r"^make .*$", script, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
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


def test_decisions_are_numbered_in_order() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    ranges = re.findall(r"^\| \[[^\]]+\]\((\S+\.md)\) \| (\S+) to (\S+) \|", index, re.MULTILINE)
    assert {subject for subject, _, _ in ranges} | {"README.md"} == {path.name for path in DECISIONS.glob("*.md")}
    numbers = []
    for subject, first, last in ranges:
        found = re.findall(r"^### (\d+[a-z]?)\. ", (DECISIONS / subject).read_text(encoding="utf-8"), re.MULTILINE)
        assert (found[0], found[-1]) == (first, last), subject
        numbers += found
    in_order = sorted(set(numbers), key=lambda number: (int(re.sub(r"\D", "", number)), number))
    assert len(numbers) > 140
    assert numbers == in_order


@pytest.mark.parametrize("subject", sorted(DECISIONS.glob("[a-z]*.md")), ids=name)
def test_every_decision_says_why_what_and_what_else(subject: Path) -> None:
    decisions = subject.read_text(encoding="utf-8").split("\n### ")[1:]
    assert len(decisions) >= 3
    for decision in decisions:
        title, _, body = decision.partition("\n")
        said = re.findall(r"^\*\*(\w+)\.?\*\*", body, re.MULTILINE)
        assert said == [word for word in ("Context", "Decision", "Else", "Measured") if word in said], title
        assert said[:2] == ["Context", "Decision"], title


def test_decisions_that_are_quoted_exist() -> None:
    decided = {
        number
        for subject in DECISIONS.glob("[a-z]*.md")
        for number in re.findall(r"^### (\d+[a-z]?)\. ", subject.read_text(encoding="utf-8"), re.MULTILINE)
    }
    quoted = {
        document: set(re.findall(r"\bdecision (\d+[a-z]?)\b", document.read_text(encoding="utf-8")))
        for document in KEPT
    }
    assert any(quoted.values())
    assert {name(document): numbers - decided for document, numbers in quoted.items() if numbers - decided} == {}
