"""The passes over a model's layers: each layer is read, worked on, and left behind."""
