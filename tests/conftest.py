"""Homes that several tests look at: made once, never changed. Whoever changes one takes ``nights.copy_of`` it."""

import pytest

from pipeline.home import Home
from pipeline.simulator.samples import SAMPLES
from tests import nights


@pytest.fixture(scope="session")
def samples_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict]:
    """The night over ``samples/``: its home, to look at only, and its summary."""
    home = Home(tmp_path_factory.mktemp("samples") / "home")
    return home, nights.load(SAMPLES, home)


@pytest.fixture(scope="session")
def samples_home(samples_night: tuple[Home, dict]) -> Home:
    """The home of the night over ``samples/``, to look at only."""
    return samples_night[0]
