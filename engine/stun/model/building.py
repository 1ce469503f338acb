"""How a model is made from config.json: transformers' way, but for the family that it lacks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from transformers import CONFIG_MAPPING, AutoModel

from stun.errors import StunError
from stun.model import arctic


@dataclass(frozen=True)
class Builder:
    """How config.json is read, and how a model is made from what was read."""

    read: Callable[[dict[str, Any]], Any]
    build: Callable[[Any], Any]


def builder(model_type: str) -> Builder:
    """transformers' own, but for the one family that it lacks."""
    if model_type == arctic.MODEL_TYPE:
        return Builder(arctic.read_config, arctic.build)
    return Builder(CONFIG_MAPPING[model_type].from_dict, AutoModel.from_config)


@contextmanager
def accepted(uri: str) -> Iterator[None]:
    """transformers raises exceptions of many kinds for a config.json that it cannot build."""
    try:
        yield
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise StunError(
            "ModelCorrupt",
            f"config.json of {uri} is not accepted ({first}); copy it again from its source.",
        ) from error
