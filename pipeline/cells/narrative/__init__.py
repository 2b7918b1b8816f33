"""Reads narrative reports: figures in running text become cells whose address is their span of characters.

``words`` cuts the text into words that know where they stand; ``phrases`` holds what ``pipeline/forms/narrative.yaml``
declares; ``marks`` finds the phrases, figures, periods and units in a sentence; ``meaning`` says which figure is what;
``report`` makes a submission of it. A figure that no declared phrase explains is listed, never guessed.
"""

from pipeline.cells.narrative.phrases import is_hedged
from pipeline.cells.narrative.report import read_narrative

__all__ = ["is_hedged", "read_narrative"]
