"""The Dagster code location: everything below ``pipeline.defs``."""

import dagster as dg
from dagster_dbt import DbtCliResource

from pipeline import defs as stages
from pipeline.defs.automation import inbox_sensor, nightly, nightly_schedule
from pipeline.defs.resources import HomeResource
from pipeline.home import DBT_PROJECT
from pipeline.night_log import night_logger
from pipeline.warehouse.manifest import dbt_executable

defs = dg.Definitions(
    assets=dg.load_assets_from_package_module(stages),
    jobs=[nightly],
    schedules=[nightly_schedule],
    sensors=[inbox_sensor],
    resources={
        "home": HomeResource(),
        "dbt": DbtCliResource(
            project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt_executable()
        ),
    },
    loggers={"night": night_logger},
)
