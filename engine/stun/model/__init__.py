"""The forward pass of one decoder layer: transformers' modules around our experts."""
