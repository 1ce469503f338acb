"""Programs of other projects, each run by the Python of its own environment."""
