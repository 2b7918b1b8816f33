"""Likely causes: findings of one return grouped by what broke, each with ranked hypotheses. They advise, nothing is corrected."""

from pipeline.causes.frames import Causes, likely_causes

__all__ = ["Causes", "likely_causes"]
