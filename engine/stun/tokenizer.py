"""The model's own tokenizer, from its tokenizer.json alone: no code of the model is run."""

from tokenizers import Tokenizer

from stun.errors import StunError
from stun.storage import ObjectInfo, Storage

TOKENIZER = "tokenizer.json"


def read_tokenizer(storage: Storage, info: ObjectInfo) -> Tokenizer:
    try:
        return Tokenizer.from_str(storage.read_all(info).decode())
    except StunError:
        raise
    except Exception as error:  # the library raises nothing narrower for a damaged file
        raise StunError(
            "ModelCorrupt",
            f"{info.name} of {storage.uri} is no tokenizer ({error}); copy it again from its "
            "source.",
        ) from error


def encode_text(tokenizer: Tokenizer, text: str) -> list[int]:
    """Token ids with the special tokens that the tokenizer itself adds."""
    # JSON can hold half of a surrogate pair, which is no text to the tokenizer.
    ids: list[int] = tokenizer.encode(text.encode(errors="replace").decode()).ids
    return ids
