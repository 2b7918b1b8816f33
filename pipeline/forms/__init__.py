"""Forms are declarations: rows, columns, labels and units of measure, per regime."""

from pipeline.forms.declaration import (
    Column,
    DeclarationError,
    Form,
    Forms,
    Measure,
    Regime,
    Rollup,
    Row,
    Term,
    UnitOfMeasure,
    forms,
)

__all__ = [
    "Column",
    "DeclarationError",
    "Form",
    "Forms",
    "Measure",
    "Regime",
    "Rollup",
    "Row",
    "Term",
    "UnitOfMeasure",
    "forms",
]
