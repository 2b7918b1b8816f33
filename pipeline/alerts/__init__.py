"""Alerts: each incident is reported once, in a letter that names the cell, the sum and the remedy."""
