"""The registry: units and their names through time, periods, deadlines, targets."""
