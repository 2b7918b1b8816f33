"""Incidents: what people did about them."""
