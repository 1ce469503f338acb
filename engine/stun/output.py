"""Where a run publishes: <output>/<model>/<run key>/."""

import re

from stun.errors import StunError
from stun.storage import Storage, absolute, child_uri, last_segment, open_storage

RUN_KEY = re.compile(r"[0-9a-f]{16}")


def run_storage(output: str, model: str, run_key: str) -> Storage:
    """Where the run's result goes."""
    return open_storage(run_uri(output, model, run_key), "output")


def checkpoint_storage(output: str, model: str, run_key: str) -> Storage:
    """Beside the result, not in it: whatever lies in it is downloaded with the model."""
    uri = run_uri(output, model, run_key).rstrip("/") + ".checkpoint/"
    return open_storage(uri, "output")


def run_uri(output: str, model: str, run_key: str) -> str:
    """Refuses a key that is none: what is cleaned there is deleted."""
    if not RUN_KEY.fullmatch(run_key):
        raise StunError(
            "RecipeInvalid", f"{run_key!r} is no run key; give the 16 hex digits of status.runKey."
        )
    uri = child_uri(output, last_segment(model), run_key)
    if absolute(uri).startswith(absolute(model) + "/"):
        raise StunError(
            "OutputConflict",
            f"{uri} would lie inside the source model, where its servers download it too; "
            "choose another output URI.",
        )
    return uri
