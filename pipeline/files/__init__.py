"""Files from strangers: what they are, how they are opened within limits, and what is said of those that cannot be read."""
