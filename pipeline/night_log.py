"""The log of a night: everything goes to a file, and the beginning of each step to the watcher."""

import logging
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import dagster as dg

from pipeline.home import Home, open_home

WATCHER: ContextVar[Callable[[str], None] | None] = ContextVar("WATCHER", default=None)


def log_failure(root: Path, error: Exception) -> list[str]:
    """Write how an error came about to the log; return where it is, nothing where it could not be written."""
    try:
        with Home(root).night_log.open("a", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(error)))
    except OSError:
        return []
    return [f"The log is {Home(root).night_log}"]


#: What to say when a step begins.
STEPS = {
    "landing__receipts": "tiếp nhận tệp · landing files",
    "cells": "đọc biểu mẫu · reading forms",
    "judged": "kiểm tra số liệu · judging",
    "declared": "xuất danh mục · exporting declarations",
    "warehouse": "dựng kho dữ liệu · building the warehouse",
    "published__warehouse": "công bố · publishing",
    "judged__data_docs": "tài liệu kiểm tra · data docs",
    "marked__workbooks": "đánh dấu tệp của đơn vị · marking workbooks",
    "alerts__letters": "viết thư · writing letters",
    "alerts__messages": "gửi thư · sending digests",
    "bulletin__site": "làm bản tin · making the bulletin",
}


class _StepHandler(logging.Handler):
    """Says which stage begins; the rest stays in the file."""

    def emit(self, record: logging.LogRecord) -> None:
        watcher = WATCHER.get()
        event = (getattr(record, "dagster_meta", None) or {}).get("dagster_event")
        if watcher and event is not None and event.event_type_value == "STEP_START":
            watcher(STEPS.get(event.step_key, event.step_key))


@dg.logger(config_schema={}, description="To logs/night.log below the home, and to whoever watches.")
def night_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Return the logger of one run."""
    path = open_home().night_log
    path.parent.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger(f"thads.night.{context.run_id}")
    if logger.handlers:
        return logger
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    file_handler = logging.FileHandler(path, encoding="utf-8")
    file_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(file_handler)
    logger.addHandler(_StepHandler())
    return logger
