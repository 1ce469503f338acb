"""One run's publication: undone when the run fails, final when the manifest is written."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from stun.errors import StunError
from stun.gate import Quality
from stun.layout import Shard
from stun.manifest import MANIFEST, PAGE, REPORT, encode_manifest, encode_report, manifest_digest
from stun.passes.context import Context
from stun.passes.driving import Journal
from stun.prepare import Prepared
from stun.publish import (
    check_listing,
    confirm_listing,
    confirm_signature,
    publish_companions,
    remove_unpublished,
)
from stun.published import MANIFEST_RESULT, Published, find_published
from stun.report import render_html
from stun.report.build import build_report, describe_outcome
from stun.shards import FileRecord, ShardWriter
from stun.signing import PublicKey, Signer, sign_result, signature_status
from stun.stopping import ignore_signals
from stun.storage import Storage
from stun.stream import StreamResult

# Exit codes after which the same run would fail again: nothing is kept for it.
FINAL = (2, 4, 5)


class Publication:
    def __init__(
        self, prepared: Prepared, storage: Storage, journal: Journal, signer: Signer | None = None
    ) -> None:
        self.prepared = prepared
        self.storage = storage
        self.journal = journal
        self.signer = signer
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
                remove_unpublished(self.storage)
                self.journal.remove()

    @property
    def public_key(self) -> PublicKey | None:
        return self.signer.public if self.signer else None

    def finish(
        self,
        context: Context,
        shards: list[Shard],
        streamed: StreamResult,
        split: list[dict[str, Any]] | None,
    ) -> Published:
        """Judges the result and, if it is accepted, describes it, writes it and shows it."""
        quality = self.judge(context, streamed)
        outcome = describe_outcome(context, shards, streamed, self.prepared.run_key)
        described = build_report(context, shards, streamed, self.prepared.calibration_digest)
        described |= {"split": split} if split else {}
        records = self.write(context, shards, {**outcome, **described})
        manifest = encode_manifest(records, self.prepared.identity, outcome)
        result = {
            "kind": "Result",
            "uri": self.storage.uri,
            "manifestDigest": manifest_digest(manifest),
            **{key: outcome[key] for key in ("runKey", *MANIFEST_RESULT)},
            "quality": quality,
            "stages": context.progress.stages(),
            "reused": False,
            "signature": signature_status(self.public_key),
        }
        self.write_report({**result, **described, **self.describe_effort(context, records)})
        if self.signer is not None:
            sign_result(self.storage, self.signer, records, manifest)
        if not self.show(records, manifest):
            return self.winner()
        context.progress.advance()
        return Published(result, outcome["expertsKept"], self.gate_identity)

    @property
    def gate_identity(self) -> dict[str, Any] | None:
        return self.prepared.gate.identity if self.prepared.gate else None

    def judge(self, context: Context, streamed: StreamResult) -> Quality | None:
        """Raises where the recipe's gate refuses."""
        gate = self.prepared.gate
        if gate is None:
            return None
        quality = gate.judge(context.recipe, streamed.before, streamed.after)
        gate.check(context.recipe, quality)
        return quality

    def write(
        self, context: Context, shards: list[Shard], described: dict[str, Any]
    ) -> list[FileRecord]:
        """Everything that the manifest is to list, and nothing else, lies there afterwards."""
        assert self.writer is not None
        records = self.writer.finish()
        records += publish_companions(self.storage, context, shards, described)
        check_listing(self.storage, records)
        return records

    def describe_effort(self, context: Context, records: list[FileRecord]) -> dict[str, Any]:
        """What this run took and was held to; another run of the key may differ in it."""
        return {
            "bytesRead": self.journal.bytes_before + context.checkpoint.storage.bytes_read,
            "bytesWritten": sum(record.size for record in records),
            "limits": context.recipe.limits,
            "gate": self.gate_identity,
        }

    def write_report(self, report: dict[str, Any]) -> None:
        self.storage.put(REPORT, encode_report(report))
        self.storage.put(PAGE, render_html(report).encode())

    def show(self, records: list[FileRecord], manifest: bytes) -> bool:
        """The one moment at which the model becomes visible; False where another run was first."""
        ignore_signals()
        written = self.storage.put_new(MANIFEST, manifest)
        confirm_listing(self.storage, records, manifest)
        if written and self.signer is not None:
            confirm_signature(self.storage, self.signer.public, manifest)
        return written

    def winner(self) -> Published:
        """Another run of the key was first: the same bytes, so its result is this one's."""
        found = find_published(self.storage, self.public_key)
        if found is None:
            raise self.storage.fault(
                "unavailable",
                f"{self.storage.uri}{MANIFEST} was there and is gone; leave the prefix alone, "
                "the run is retried.",
            )
        return found


def is_final(error: BaseException) -> bool:
    """Whether the same run would fail again; an unknown failure is retried."""
    return isinstance(error, StunError) and error.exit_code in FINAL
