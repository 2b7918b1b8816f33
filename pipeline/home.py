"""Where everything stands on disk: one folder a stage, all below ``--home`` (default ``./var``)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT / "dbt_project"
SEEDS = DBT_PROJECT / "seeds"
PACKS = PROJECT / "expectations" / "packs"

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


def vietnam_now() -> datetime:
    """Return the present time in Vietnam, without zone, as every timestamp of the warehouse is kept."""
    return datetime.now(VIETNAM).replace(tzinfo=None, microsecond=0)


class Settings(BaseSettings):
    """Settings from the environment (``THADS_HOME``, ``THADS_INBOX``, ``THADS_FILES_URL``, ``THADS_NIGHTLY_CRON``)."""

    model_config = SettingsConfigDict(env_prefix="THADS_")

    home: Path = Path("var")
    inbox: Path | None = None
    #: Where the home's folder is served to people: links in the Dagster UI lead there.
    files_url: str = "http://127.0.0.1:3001"
    #: When the night begins, in Vietnam time, as cron writes it.
    nightly_cron: str = "0 1 * * *"


@dataclass(frozen=True)
class Home:
    """The folders of one installation. Nothing is created until a stage writes."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Default inbox of the sensor: files as people drop them, never changed by us."""
        return self.root / "inbox"

    @property
    def blobs(self) -> Path:
        """The bytes of every file, by SHA-256: ``landing/blobs/ab/abcd...``."""
        return self.root / "landing" / "blobs"

    @property
    def receipts(self) -> Path:
        """One Parquet file of receipts per landing batch: ``landing/receipts/000001.parquet``."""
        return self.root / "landing" / "receipts"

    @property
    def cells(self) -> Path:
        """What was read, one folder per landing batch: ``cells/000001/{submissions,cells,remarks}.parquet``."""
        return self.root / "cells"

    @property
    def judged(self) -> Path:
        """Verdicts, one folder per period: ``judged/2022-12/{outcomes,findings,verdicts,...}.parquet``."""
        return self.root / "judged"

    @property
    def answers(self) -> Path:
        """The ledger of answers, one file an entry: ``answers/<answer_id>.json``."""
        return self.root / "answers"

    @property
    def set_aside(self) -> Path:
        """The ledger of what is kept out of the figures, one file an entry: ``set_aside/<entry_id>.json``."""
        return self.root / "set_aside"

    @property
    def registry(self) -> Path:
        """The units that were loaded into this home, and what stood before: ``registry/units.csv``."""
        return self.root / "registry"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages on the last night that judged anything: ``data_docs/index.html``."""
        return self.root / "data_docs"

    @property
    def marked(self) -> Path:
        """Offices' files again with what does not add up: ``marked/2022-12/<submission_id>/<name>.xlsx``."""
        return self.root / "marked"

    @property
    def declared(self) -> Path:
        """Declarations as tables for dbt: ``declared/{forms,measures,rules,lines}.parquet``."""
        return self.root / "declared"

    @property
    def warehouse(self) -> Path:
        """Scratch of the build: ``warehouse/build.duckdb`` and dbt's target folder."""
        return self.root / "warehouse"

    @property
    def published(self) -> Path:
        """The live file and the last seven releases."""
        return self.root / "published"

    @property
    def live(self) -> Path:
        """The published warehouse, the file that readers open."""
        return self.published / "warehouse.duckdb"

    @property
    def alerts(self) -> Path:
        """Letters in ``alerts/outbox`` and the log of what was sent."""
        return self.root / "alerts"

    @property
    def bulletin(self) -> Path:
        """The static site: ``bulletin/current`` leads to the one of the live release."""
        return self.root / "bulletin"

    @property
    def dagster(self) -> Path:
        """``DAGSTER_HOME`` of this installation."""
        return self.root / "dagster"

    @property
    def night_log(self) -> Path:
        """What every night said, and what was mended between them."""
        return self.root / "logs" / "night.log"

    def note(self, sentences: Iterable[str]) -> None:
        """Write warnings to the log of the nights."""
        if lines := [f"{vietnam_now()} WARNING {sentence}\n" for sentence in sentences]:
            self.night_log.parent.mkdir(parents=True, exist_ok=True)
            with self.night_log.open("a", encoding="utf-8") as log:
                log.writelines(lines)

    @property
    def lock(self) -> Path:
        """Held by the one load that may write."""
        return self.root / ".load.lock"


def open_home(root: Path | None = None) -> Home:
    """Return the home at ``root``, else at ``THADS_HOME``, else ``./var``."""
    return Home((root or Settings().home).expanduser().resolve())
