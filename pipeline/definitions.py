"""The Dagster code location: everything below ``pipeline.defs``."""

import dagster as dg

from pipeline import defs as stages
from pipeline.defs.automation import failure_sensor, inbox_sensor, lost_night_sensor, nightly, nightly_schedule
from pipeline.defs.resources import AnyHome, OneWriter
from pipeline.night_log import night_logger
from pipeline.warehouse.run import Dbt

defs = dg.Definitions(
    assets=dg.load_assets_from_package_module(stages),
    jobs=[nightly],
    schedules=[nightly_schedule],
    sensors=[inbox_sensor, failure_sensor, lost_night_sensor],
    resources={
        "home": OneWriter(),
        "any_home": AnyHome(),
        "dbt": Dbt(),
    },
    loggers={"night": night_logger},
)
