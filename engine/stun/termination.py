"""The termination message: the one JSON object that the operator reads when the pod ends."""

import json
import os
import sys
from pathlib import Path
from typing import Any

# The kubelet keeps 4096 bytes; what is longer it cuts in the middle of the JSON.
LIMIT = 4096


def error_message(reason: str, message: str) -> dict[str, Any]:
    return {"kind": "Error", "reason": reason, "message": message}


def encode(message: dict[str, Any]) -> bytes:
    """JSON of at most LIMIT bytes; a sentence that is too long loses its end."""
    text = json.dumps(message, allow_nan=False)
    if len(text) > LIMIT and message.get("kind") == "Error":
        cut = message["message"].encode("ascii", "replace").decode()
        text = json.dumps({**message, "message": cut})
        while len(text) > LIMIT:
            # JSON writes a character in one to six bytes, so this never takes too much.
            cut = cut[: -max(1, (len(text) - LIMIT) // 6)]
            text = json.dumps({**message, "message": cut + "…"})
    if len(text) > LIMIT:
        raise ValueError(f"a termination message of {len(text)} bytes exceeds {LIMIT}")
    return text.encode()


def write_termination(message: dict[str, Any]) -> None:
    """Writes to STUN_TERMINATION_LOG; outside a pod the variable is not set."""
    path = os.environ.get("STUN_TERMINATION_LOG")
    if not path:
        return
    try:
        Path(path).write_bytes(encode(message))
    except OSError as error:
        # The exit code and stderr still tell how the run ended.
        print(f"stun: {path} cannot be written ({error.strerror}).", file=sys.stderr)
