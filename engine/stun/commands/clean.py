"""stun clean: removes what an abandoned run left behind; never a published model."""

from argparse import Namespace
from typing import Any

from stun.checkpoints import remove_checkpoints
from stun.layout import MOST_SHARDS
from stun.output import checkpoint_storage, run_storage
from stun.progress import Progress
from stun.publish import remove_unpublished


def run_clean(args: Namespace, progress: Progress) -> dict[str, Any]:
    progress.run_key = args.run
    storage = run_storage(args.output, args.model, args.run)
    done = remove_unpublished(storage)
    # How many layers there were only the source would tell, and it may be gone.
    remove_checkpoints(checkpoint_storage(args.output, args.model, args.run), MOST_SHARDS)
    if done["published"]:
        progress.say(f"{storage.uri} is published and stays.")
    return {"uri": storage.uri, **done}
