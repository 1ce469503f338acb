"""One run's publication: undone when the run fails, final when the manifest is written."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from stun.errors import StunError
from stun.existing import MANIFEST_RESULT, Existing, find_existing
from stun.layout import Shard
from stun.manifest import (
    MANIFEST,
    REPORT,
    encode_manifest,
    encode_report,
    manifest_digest,
)
from stun.plan import Plan
from stun.prepare import Prepared
from stun.progress import Progress
from stun.publish import check_listing, confirm_listing, discard, publish_companions
from stun.runkey import run_key
from stun.shards import ShardWriter
from stun.stopping import ignore_signals
from stun.storage import Storage
from stun.stream import StreamResult


class Publication:
    def __init__(self, prepared: Prepared, plan: Plan, storage: Storage) -> None:
        self.prepared = prepared
        self.plan = plan
        self.storage = storage
        self.writer: ShardWriter | None = None

    def begin(self, writer: ShardWriter) -> ShardWriter:
        self.writer = writer
        return writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing of a failed run stays, unless another run of the key has published."""
        if kind is not None:
            # What stopped the run is the news, not a storage that cannot be tidied either.
            with suppress(StunError):
                if self.writer is not None:
                    self.writer.abort()
                discard(self.storage)

    def outcome(self, streamed: StreamResult) -> dict[str, Any]:
        """What the run key alone decides, as the manifest states it."""
        plan, zeros = self.plan, [layer["zeros"] for layer in streamed.layers]
        left = plan.prunable_after - sum(zeros)
        checkpoint = self.prepared.checkpoint
        return {
            "runKey": run_key(self.prepared.identity),
            "sparsity": round(1 - left / plan.prunable_before, 6),
            "expertsBefore": plan.experts_before,
            "expertsAfter": plan.experts_after,
            "expertsKept": {
                str(layer["layer"]): layer["kept"] for layer in streamed.layers if layer["moe"]
            },
            "bytesBefore": sum(info.nbytes for info in checkpoint.tensors.values()),
            "zeros": zeros,
        }

    def finish(
        self,
        shards: list[Shard],
        streamed: StreamResult,
        quality: dict[str, Any] | None,
        progress: Progress,
    ) -> Existing:
        assert self.writer is not None
        records = self.writer.finish()
        records += publish_companions(
            self.storage,
            self.prepared.checkpoint,
            shards,
            self.plan.experts_after,
        )
        check_listing(self.storage, records)
        after = sum(spec.nbytes for shard in shards for spec in shard.tensors)
        outcome = {**self.outcome(streamed), "bytesAfter": after}
        manifest = encode_manifest(records, self.prepared.identity, outcome)
        result = {
            "kind": "Result",
            "runKey": outcome["runKey"],
            "uri": self.storage.uri,
            "manifestDigest": manifest_digest(manifest),
            **{key: outcome[key] for key in MANIFEST_RESULT},
            "quality": quality,
            "stages": progress.stages(),
            "reused": False,
        }
        self.storage.put(REPORT, encode_report(self.report(result, streamed)))
        ignore_signals()
        written = self.storage.put_new(MANIFEST, manifest)
        confirm_listing(self.storage, records, manifest)
        if not written:
            return self.winner()
        progress.advance()
        gate = self.prepared.gate.identity if self.prepared.gate else None
        return Existing(result, outcome["expertsKept"], gate)

    def winner(self) -> Existing:
        """Another run of the key was first: the same bytes, so its result is this one's."""
        found = find_existing(self.storage)
        if found is None:
            raise self.storage.fault(
                "unavailable",
                f"{self.storage.uri}{MANIFEST} was there and is gone; leave the prefix alone, "
                "the run is retried.",
            )
        return found

    def report(self, result: dict[str, Any], streamed: StreamResult) -> dict[str, Any]:
        """For people and for later runs of the key; times live here and nowhere else."""
        gate = self.prepared.gate.identity if self.prepared.gate else None
        return {**result, "gate": gate, "layers": streamed.layers}
