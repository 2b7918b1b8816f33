"""Homes that several tests look at: made once, never changed. Whoever changes one takes ``nights.copy_of`` it."""

from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.simulator import FAULTS, Truth, simulate
from pipeline.simulator.figures import SUBJECTS
from pipeline.simulator.samples import SAMPLES
from tests.support import nights

#: Modules that take more than a minute, the longest first: side by side with others the suite ends sooner.
LONGEST = (
    *("test_incremental", "test_faults", "test_trouble", "test_benchmarks", "test_definitions", "test_night"),
    *("test_storm", "test_daemon_nights", "test_last_resort", "test_simulator", "test_marked", "test_night_failures"),
    *("test_all_forms", "test_packs", "test_walkthrough", "test_template", "test_forms", "test_old_homes"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest modules; within a module the order stays."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture(scope="session")
def samples_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict]:
    """The night over ``samples/``: its home, to look at only, and its summary."""
    home = Home(tmp_path_factory.mktemp("samples") / "home")
    return home, nights.load(SAMPLES, home)


@pytest.fixture(scope="session")
def samples_home(samples_night: tuple[Home, dict]) -> Home:
    """The home of the night over ``samples/``, to look at only."""
    return samples_night[0]


#: Two provinces with every office and every form, from one annual report to the next.
COUNTRY = {"provinces": 2, "first": "2022-09", "last": "2023-09", "seed": 7, "forms": list(SUBJECTS)}


@pytest.fixture(scope="session")
def faulty_country(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A country with every kind of fault but the national ones, each in a report of its own, to look at only."""
    out = tmp_path_factory.mktemp("faulty")
    return out, simulate(out, **COUNTRY, faults=[kind for kind, fault in FAULTS.items() if not fault.is_national])


@pytest.fixture(scope="session")
def clean_country(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """The same country without a fault, to look at only."""
    out = tmp_path_factory.mktemp("clean")
    return out, simulate(out, **COUNTRY)
