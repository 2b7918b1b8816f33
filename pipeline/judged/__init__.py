"""Judging: rules over all submissions of a period at once leave outcomes, findings, verdicts and ratios."""
