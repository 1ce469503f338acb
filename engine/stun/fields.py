"""Reads a JSON object field by field: every wrong field is one sentence that names its path."""

import math
import sys
from typing import TypeVar

from stun.errors import StunError

Word = TypeVar("Word", bound=str)


def invalid(message: str) -> StunError:
    return StunError("RecipeInvalid", message)


class Fields:
    """One object of the recipe. Fields never read are refused by finish(), not ignored."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise invalid(f"{path or 'The recipe'} must be an object, not {value!r}.")
        self.value = value
        self.path = path
        self.read: set[str] = set()

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def get(self, key: str) -> object:
        self.read.add(key)
        return self.value.get(key)

    def section(self, key: str) -> "Fields":
        found = self.get(key)
        return Fields({} if found is None else found, self.name(key))

    def number(self, key: str, low: float, high: float) -> float | None:
        found = self.get(key)
        if found is None:
            return None
        # bool is a subclass of int; JSON's 1e999 is infinite, and no report could hold it.
        if (
            not isinstance(found, int | float)
            or isinstance(found, bool)
            or not low <= found <= min(high, sys.float_info.max)
        ):
            limits = f"of at least {low}" if high == math.inf else f"from {low} to {high}"
            raise invalid(f"{self.name(key)} must be a number {limits}, not {found!r}.")
        return float(found)

    def integer(self, key: str, low: int, default: int) -> int:
        found = self.get(key)
        if found is None:
            return default
        if not isinstance(found, int) or isinstance(found, bool) or found < low:
            raise invalid(
                f"{self.name(key)} must be a whole number of at least {low}, not {found!r}."
            )
        return found

    def text(self, key: str) -> str:
        found = self.get(key)
        if found is None or found == "":
            raise invalid(f"{self.name(key)} is missing; write it.")
        if not isinstance(found, str):
            raise invalid(f"{self.name(key)} must be text, not {found!r}.")
        return found

    def choice(self, key: str, supported: tuple[Word, ...], default: Word | None = None) -> Word:
        """One of the supported words, the first by default."""
        found = self.get(key)
        if found is None:
            return default or supported[0]
        for word in supported:
            if found == word:
                return word
        raise invalid(f"{self.name(key)} is {found!r}; write {' or '.join(supported)}.")

    def finish(self) -> None:
        unknown = sorted(self.value.keys() - self.read)
        if unknown:
            name = self.name(unknown[0] or "''")
            raise invalid(f"{name} is not a field of the recipe; remove it.")
