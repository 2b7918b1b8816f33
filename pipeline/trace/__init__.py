"""Traces a published number back to the cells it was made from, and proves them against the landed bytes."""

from pipeline.trace.question import Question, Untraceable
from pipeline.trace.trace import Trace, trace

__all__ = ["Question", "Trace", "Untraceable", "trace"]
