"""Forms are declarations: rows, columns, labels and units of measure, per regime."""

from pipeline.forms.declaration import (
    DeclarationError,
    Form,
    FormColumn,
    FormRollup,
    FormRow,
    Forms,
    FormTerm,
    Measure,
    Regime,
    UnitOfMeasure,
    forms,
)

__all__ = [
    "DeclarationError",
    "Form",
    "FormColumn",
    "FormRollup",
    "FormRow",
    "FormTerm",
    "Forms",
    "Measure",
    "Regime",
    "UnitOfMeasure",
    "forms",
]
