"""Random token ids as a calibration file: work of the true size where no tokenizer is at hand."""

import json
import random
from pathlib import Path


def write_tokens(path: Path, vocabulary: int, documents: int, length: int, seed: int) -> Path:
    """JSON lines of `documents` times {"input_ids": [length ids]}."""
    generator = random.Random(seed)
    lines = [
        json.dumps({"input_ids": [generator.randrange(vocabulary) for _ in range(length)]})
        for _ in range(documents)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path
