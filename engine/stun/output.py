"""Where a run publishes: <output>/<model>/<run key>/."""

from stun.errors import StunError
from stun.storage import Storage, child_uri, last_segment, open_storage


def run_storage(output: str, model: str, run_key: str) -> Storage:
    uri = child_uri(output, last_segment(model), run_key)
    if uri.startswith(model.rstrip("/") + "/"):
        raise StunError(
            "OutputConflict",
            f"{uri} would lie inside the source model, where its servers download it too; "
            "choose another output URI.",
        )
    return open_storage(uri, "output")
