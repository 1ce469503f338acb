"""A served model asked through its OpenAI-compatible interface by lm-evaluation-harness."""
