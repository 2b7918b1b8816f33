"""Dagster definitions: thin, one module a stage; what they call are plain functions of the stage's package."""
