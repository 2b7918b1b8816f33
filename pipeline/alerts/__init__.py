"""Alerts: incidents told once, in letters that name the cell, the sum and the way out."""
