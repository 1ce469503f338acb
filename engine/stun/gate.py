"""The quality gate: what flows with the layers, and what is decided from it at their end."""

import hashlib
from dataclasses import dataclass
from typing import Any

import torch

from stun.documents import Documents, Encoder, check_separate, first_windows, read_documents, take
from stun.quality import accepted, as_json, check_accepted, compare
from stun.recipe import Recipe
from stun.scoring import Scored, whole
from stun.storage import read_object
from stun.tasks import Key, check_retained, is_retained, judge_tasks, mean_score, plan_tasks

LONGEST_DEFAULT = 2048
Quality = dict[str, Any]


@dataclass(frozen=True)
class Gate:
    """Held-out text first, if asked for, then the tasks; and what identifies all of it."""

    perplexity: Scored | None
    tasks: list[Scored]
    key: Key
    identity: dict[str, Any]

    @property
    def scored(self) -> list[Scored]:
        return [*([self.perplexity] if self.perplexity else []), *self.tasks]

    def judge(
        self, recipe: Recipe, before: list[torch.Tensor], after: list[torch.Tensor]
    ) -> Quality:
        """What was measured, and whether it is accepted; `before` and `after` as `scored`."""
        quality: Quality = {}
        first = 0
        if self.perplexity is not None and recipe.perplexity is not None:
            change = compare(-before[0], -after[0], self.perplexity.ids.shape[1])
            quality["perplexity"] = as_json(change, recipe.perplexity.max_increase)
            first = 1
        if self.tasks:
            quality["tasks"] = judge_tasks(self.key, before[first:], after[first:])
            quality["mean"] = mean_score(quality["tasks"])
        return quality

    def check(self, recipe: Recipe, quality: Quality) -> None:
        """Raises where the result is not to be published."""
        if recipe.perplexity is not None:
            check_accepted(quality["perplexity"], recipe.perplexity.max_increase)
        if self.tasks:
            check_retained(self.key.tasks, quality["tasks"])


def prepare_gate(recipe: Recipe, calibration: Documents | None, encoder: Encoder) -> Gate | None:
    if recipe.perplexity is None and not recipe.tasks:
        return None
    text: Scored | None = None
    identity: dict[str, Any] = {}
    if recipe.perplexity is not None:
        text, identity = held_out(recipe, calibration, encoder)
    tasks, key = plan_tasks(recipe.tasks, encoder)
    for task in recipe.tasks:
        digest = hashlib.sha256(read_object(task.uri, "quality")).hexdigest()
        identity[task.name] = "sha256:" + digest
    return Gate(text, tasks, key, identity)


def held_out(
    recipe: Recipe, calibration: Documents | None, encoder: Encoder
) -> tuple[Scored, dict[str, Any]]:
    asked = recipe.perplexity
    assert asked is not None
    documents = read_documents(asked.uri, "quality")
    if calibration is not None:
        check_separate(documents, calibration)
    longest = encoder.checkpoint.config.max_positions
    length = gate_length(recipe, longest)
    documents.check_length(length, longest)
    ids = take(first_windows(documents, encoder, length), asked.samples, length, documents)
    identity = {"digest": documents.digest, "samples": asked.samples, "sequenceLength": length}
    return whole(ids), {"perplexity": identity}


def gate_length(recipe: Recipe, longest: int) -> int:
    """Its own length, else the calibration's, else the model's up to 2048."""
    if recipe.perplexity is not None and recipe.perplexity.sequence_length:
        return recipe.perplexity.sequence_length
    if recipe.calibration is not None:
        return recipe.calibration.sequence_length
    return min(longest, LONGEST_DEFAULT)


def rejudge(quality: Quality, recipe: Recipe) -> Quality:
    """Recorded measurements under this recipe's thresholds, which are no part of the run key."""
    found = dict(quality)
    if recipe.perplexity is not None:
        change = quality["perplexity"]
        passes = accepted(change, recipe.perplexity.max_increase)
        found["perplexity"] = {**change, "accepted": passes}
    if recipe.tasks:
        least = {task.name: task.min_retained for task in recipe.tasks}
        found["tasks"] = [
            {**task, "accepted": is_retained(task["lowerBound"], least[task["name"]])}
            for task in quality["tasks"]
        ]
    return found
