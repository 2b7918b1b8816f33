"""Cells: what stands in the files that landed, each figure with the address it was read from."""
