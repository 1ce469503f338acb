"""True shapes of published models: sparse files for the planner, random weights for timing."""
