"""One run's publication: undone when the run fails, final when the manifest is written."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import torch

from stun.errors import StunError
from stun.existing import MANIFEST_RESULT, Existing, find_existing
from stun.layout import Shard
from stun.manifest import MANIFEST, PAGE, REPORT, encode_manifest, encode_report, manifest_digest
from stun.passes.context import Context
from stun.passes.layer_pass import Journal
from stun.prepare import Prepared
from stun.publish import check_listing, confirm_listing, discard, publish_companions
from stun.report import render_html
from stun.report.build import build_report
from stun.runkey import run_key
from stun.shards import ShardWriter
from stun.stopping import ignore_signals
from stun.storage import Storage
from stun.stream import StreamResult

# Exit codes after which the same run would fail again: nothing is kept for it.
FINAL = (2, 4, 5)
Outcome = dict[str, Any]


class Publication:
    def __init__(self, prepared: Prepared, storage: Storage, journal: Journal) -> None:
        self.prepared = prepared
        self.storage = storage
        self.journal = journal
        self.writer: ShardWriter | None = None

    def begin(self, writer: ShardWriter) -> ShardWriter:
        self.writer = writer
        self.journal.attach(writer)
        return writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing of a failed run stays but what a later attempt goes on from.

        What another run of the key has published stays too.
        """
        if error is None:
            return
        # What stopped the run is the news, not a storage that cannot be tidied either.
        with suppress(StunError):
            if self.writer is not None:
                self.writer.abort()
            if not self.journal.durable or is_final(error):
                discard(self.storage)
                self.journal.remove()

    def outcome(self, context: Context, shards: list[Shard], streamed: StreamResult) -> Outcome:
        """What the run key alone decides, as the manifest states it."""
        plan, zeros = context.plan, [layer["zeros"] for layer in streamed.layers]
        left = plan.prunable_after - sum(zeros)
        kept = {str(found["layer"]): found["kept"] for found in streamed.layers if found["moe"]}
        return {
            "runKey": run_key(self.prepared.identity),
            "sparsity": round(1 - left / plan.prunable_before, 6),
            "expertsBefore": plan.experts_before,
            "expertsAfter": plan.experts_after,
            "expertsKept": kept,
            "bytesBefore": sum(info.nbytes for info in context.checkpoint.tensors.values()),
            "bytesAfter": sum(spec.nbytes for shard in shards for spec in shard.tensors),
            "zeros": zeros,
        }

    def finish(
        self,
        context: Context,
        shards: list[Shard],
        streamed: StreamResult,
        split: list[dict[str, Any]] | None,
    ) -> Existing:
        """Judges the result and, if it is accepted, makes it visible."""
        assert self.writer is not None
        gate, recipe = self.prepared.gate, context.recipe
        quality = gate.judge(recipe, streamed.before, streamed.after) if gate else None
        if gate and quality is not None:
            gate.check(recipe, quality)
        outcome = self.outcome(context, shards, streamed)
        described = build_report(context, shards, streamed, self.prepared.calibration_digest)
        described |= {"split": split} if split else {}
        records = self.writer.finish()
        records += publish_companions(self.storage, context, shards, {**outcome, **described})
        check_listing(self.storage, records)
        manifest = encode_manifest(records, self.prepared.identity, outcome)
        result = {
            "kind": "Result",
            "uri": self.storage.uri,
            "manifestDigest": manifest_digest(manifest),
            **{key: outcome[key] for key in ("runKey", *MANIFEST_RESULT)},
            "quality": quality,
            "stages": context.progress.stages(),
            "reused": False,
        }
        identity = gate.identity if gate else None
        moved = {
            "bytesRead": self.journal.bytes_before + context.checkpoint.storage.bytes_read,
            "bytesWritten": sum(record.size for record in records),
            "limits": {"maxDroppedLoad": recipe.experts.max_dropped_load},
        }
        report = {**result, **described, **moved, "gate": identity}
        self.storage.put(REPORT, encode_report(report))
        self.storage.put(PAGE, render_html(report).encode())
        ignore_signals()
        written = self.storage.put_new(MANIFEST, manifest)
        confirm_listing(self.storage, records, manifest)
        if not written:
            return self.winner()
        context.progress.advance()
        return Existing(result, outcome["expertsKept"], identity)

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


def is_final(error: BaseException) -> bool:
    """Whether the same run would fail again; an unknown failure is retried."""
    if isinstance(error, StunError):
        return error.exit_code in FINAL
    return isinstance(error, torch.OutOfMemoryError)
