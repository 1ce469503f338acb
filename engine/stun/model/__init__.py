"""Forward passes written out in plain PyTorch, one decoder layer at a time."""
