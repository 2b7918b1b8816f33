"""Does in LibreOffice what ``tests.support.office.use`` asks for; runs in the Python of LibreOffice's bridge, with nothing of ours."""

import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]
from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found]
from com.sun.star.connection import NoConnectException  # type: ignore[import-not-found]
from com.sun.star.uno import RuntimeException  # type: ignore[import-not-found]

CONNECT_SECONDS = 60
TEXT = 2  # com.sun.star.sheet.FormulaResult.STRING
SPARE, ASIDE = "thads spare", 200  # a sheet to work formulas out on, and how many columns from the value


def main() -> None:
    """Read what is asked from standard input, write what came of it to standard output."""
    asked = json.load(sys.stdin)
    desktop = _desktop(asked["pipe"])
    try:
        book = desktop.loadComponentFromURL(Path(asked["path"]).as_uri(), "_blank", 0, (_named("Hidden", True),))
        answers = [ACTS[act](book, *arguments) for act, *arguments in asked["acts"]]
        if book.Sheets.hasByName(SPARE):
            book.Sheets.removeByName(SPARE)
        if asked["save_as"]:
            book.calculateAll()
            book.storeToURL(Path(asked["save_as"]).as_uri(), (_named("FilterName", "Calc MS Excel 2007 XML"),))
        book.close(True)
        json.dump(answers, sys.stdout)
    finally:
        with suppress(Exception):  # it may hang up before it answers
            desktop.terminate()


def _desktop(pipe: str) -> Any:
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    until = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            remote = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
        except NoConnectException:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _named(name: str, value: Any) -> Any:
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def _cell(book: Any, sheet: str, address: str) -> Any:
    return book.Sheets.getByName(sheet).getCellRangeByName(address)


def _type(book: Any, sheet: str, address: str, value: Any) -> bool:
    # Of the ways to set a cell this is the one that asks whether the cell is protected, as a keystroke does.
    is_formula = isinstance(value, str) and value.startswith("=")
    try:
        cell = _cell(book, sheet, address)
        (cell.setFormulaArray if is_formula else cell.setDataArray)(((value,),))
    except RuntimeException:
        return False
    return True


def _allows(book: Any, sheet: str, address: str, value: Any) -> bool:
    """Work the formula of the cell's validation out with the value in the cell's place on a spare sheet."""
    place = _cell(book, sheet, address)
    validation = place.Validation
    if validation.Type.value != "CUSTOM":
        raise ValueError(f"{sheet}!{address} is validated as {validation.Type.value}")
    if not book.Sheets.hasByName(SPARE):
        book.Sheets.insertNewByName(SPARE, book.Sheets.Count)
    # The formula is told for one cell of its range: it is written beside that one and copied to where the place is.
    spare, source = book.Sheets.getByName(SPARE), validation.getSourcePosition()
    _cell(book, SPARE, address).setDataArray(((value,),))
    first = spare.getCellByPosition(source.Column + ASIDE, source.Row)
    first.setFormula(f"={validation.getFormula1()}")
    judge = spare.getCellByPosition(place.CellAddress.Column + ASIDE, place.CellAddress.Row)
    if judge.CellAddress.Column != first.CellAddress.Column or judge.CellAddress.Row != first.CellAddress.Row:
        spare.copyRange(judge.CellAddress, first.RangeAddress)
    return judge.getError() == 0 and judge.getValue() == 1


def _show(book: Any, sheet: str, address: str) -> Any:
    book.calculateAll()
    cell = _cell(book, sheet, address)
    if cell.getError():
        return f"error {cell.getError()}"
    kind = cell.getType().value
    is_text = kind == "TEXT" or (kind == "FORMULA" and cell.getPropertyValue("FormulaResultType2") == TEXT)
    return cell.getString() if is_text or kind == "EMPTY" else cell.getValue()


def _formula(book: Any, sheet: str, address: str) -> str:
    return _cell(book, sheet, address).getFormula()


ACTS = {"type": _type, "allows": _allows, "show": _show, "formula": _formula}

if __name__ == "__main__":
    main()
