"""A served model asked through its OpenAI-compatible interface by lm-evaluation-harness."""

import os

# Read when the libraries below are imported: all data is local, and stderr is for progress.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
