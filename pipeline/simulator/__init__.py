"""A made-up country whose workbooks agree with each other, and the faults that tests plant in them."""

from pipeline.simulator.faults import FAULTS, Fault
from pipeline.simulator.simulation import simulate, write_correction
from pipeline.simulator.territory import Simulation
from pipeline.simulator.truth import PlantedFault, Truth

__all__ = ["FAULTS", "Fault", "PlantedFault", "Simulation", "Truth", "simulate", "write_correction"]
