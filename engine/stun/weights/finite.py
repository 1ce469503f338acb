"""Finds numbers that are none in what is only copied, which no method ever looks at."""

from collections.abc import Collection

from stun.errors import NotFiniteError
from stun.families import Weights


def check_copied(tensors: Weights, judged: Collection[str] = ()) -> None:
    """Raises for a NaN or an infinity; the tensors in `judged` are known to have none."""
    for name, tensor in tensors.items():
        if name in judged or not tensor.is_floating_point():
            continue
        if not bool(tensor.isfinite().all()):
            raise NotFiniteError(name)
