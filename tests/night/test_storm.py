"""A bounded part of the storm (``make storm``): no inbox stops a load, and the clean returns in it stand to the đồng."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks.storm.claims import find_lost_figures
from benchmarks.storm.clean import CleanReturn, clean_returns
from benchmarks.storm.delivery import Delivery, deliver
from benchmarks.storm.in_process import Weather, run_inbox, storm
from benchmarks.storm.nights import run_nights
from pipeline.tables import AMOUNT

DRAWS, NIGHTS = 15, 1


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> list[CleanReturn]:
    return clean_returns(tmp_path_factory.mktemp("clean"))


def test_clean_returns_stand_figure_by_figure_as_another_program_reads_them(clean):
    weather = Weather()
    run_inbox([], clean, weather)
    assert weather.verdicts == {"accepted": len(clean)}
    assert sum(one.figures.height for one in clean) > 5_000


def test_a_figure_that_is_off_by_one_breaks_the_claim(clean):
    one = clean[0]
    standing = one.figures.with_columns(is_simulated=one.is_simulated)
    assert list(find_lost_figures(standing, [one])) == []
    changed = standing.with_columns((pl.col("value") + 1).cast(AMOUNT))
    assert "figures do not stand" in next(find_lost_figures(changed, [one]))
    assert "figures do not stand" in next(find_lost_figures(standing.head(3), [one]))


def test_what_the_disk_cannot_hold_is_nobodys_delivery(tmp_path: Path):
    moment = datetime(2023, 10, 2)
    sent = [Delivery("a/b.csv", b"1", moment, "CSV"), Delivery("a", b"2", moment, "a folder's name")]
    sent.append(Delivery("x" * 300, b"3", moment, "too long"))
    assert deliver(tmp_path, sent) == ["a/b.csv"]
    assert (tmp_path / "a/b.csv").stat().st_mtime == pytest.approx(moment.timestamp() - 7 * 3600, abs=86_400)


@pytest.mark.slow
def test_no_drawn_inbox_stops_landing_reading_and_judging(clean):
    weather = storm(DRAWS, clean, number=20261128)
    assert weather.draws >= DRAWS
    assert weather.files > 2 * DRAWS
    assert weather.verdicts["accepted"] >= DRAWS


@pytest.mark.slow
def test_no_drawn_inbox_stops_a_night(clean):
    seen = run_nights(NIGHTS, clean, number=20261128)
    assert seen.nights == NIGHTS
    assert seen.verdicts["accepted"] >= len(clean)
