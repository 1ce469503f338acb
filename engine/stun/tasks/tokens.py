"""Text to token ids exactly as lm-evaluation-harness's own transformers backend turns it.

It loads the tokenizer that transformers chooses for the model, which may add tokens that
tokenizer.json alone does not, so the same is done here.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stun.checkpoint import Checkpoint
from stun.errors import StunError
from stun.tasks.question import BadLineError

FILES = ("config.json", "tokenizer", "special_tokens_map", "added_tokens", "vocab", "merges")


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """transformers' tokenizer for the checkpoint, from copies of its files.

    A class of the model's own code is never loaded; then tokenizer.json alone decides.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    if "tokenizer.json" not in checkpoint.companions:
        raise StunError(
            "QualityDataInvalid",
            f"{checkpoint.uri} has no tokenizer.json, so no task can be asked of it; add the "
            "tokenizer's files, or leave quality.tasks out.",
        )
    with TemporaryDirectory() as folder:
        for name, info in checkpoint.companions.items():
            if name.startswith(FILES) and "/" not in name:
                (Path(folder) / name).write_bytes(checkpoint.storage.read_all(info))
        try:
            return AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except ValueError:
            return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)


class PairEncoder:
    """Token ids of a context and its continuation, no longer than the model can read."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.tokenizer = load_tokenizer(checkpoint)
        self.vocabulary = checkpoint.config.vocab_size
        # The last token is only predicted, never read.
        self.longest = checkpoint.config.max_positions + 1
        tokenizer = self.tokenizer
        tokenizer.model_max_length = sys.maxsize  # only warns; what is too long is cut below
        first = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
        self.opening = "" if first is None else str(tokenizer.decode([first]))

    def encode(self, text: str) -> list[int]:
        """With the tokenizer's own special tokens, unless the text already begins with them."""
        opened = bool(self.opening) and text.startswith(self.opening)
        options = {"add_special_tokens": False} if opened else {}
        return list(self.tokenizer.encode(text, **options))

    def pair(self, context: str, continuation: str) -> tuple[list[int], int]:
        """Token ids, cut at the left where they are too many, and where the continuation begins.

        Spaces that end the context belong to the continuation's first token. The border is
        where the context alone would end: its own ids, then what the whole has beyond as many.
        """
        bare = context.rstrip()
        opening = self.encode(bare)
        ending = self.encode(context + continuation)[len(opening) :]
        if not ending:
            raise BadLineError("a choice has no token of its own")
        if len(ending) >= self.longest:
            raise BadLineError(f"a choice is longer than the {self.longest - 1} tokens it can read")
        ids = (opening + ending)[-self.longest :]
        if max(ids) >= self.vocabulary:
            raise BadLineError(
                f"its tokenizer makes ids outside its vocabulary of {self.vocabulary}"
            )
        return ids, len(ids) - len(ending)
