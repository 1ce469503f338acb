"""Reads what a recipe says of data: what to calibrate on, and what to measure quality on."""

import math

from stun.fields import Fields, invalid
from stun.recipe import CalibrationRecipe, PerplexityRecipe, TaskRecipe
from stun.tasks.planning import check_named_once
from stun.tasks.presets import GENERATED, PRESETS, unknown_task


def parse_calibration(recipe: Fields) -> CalibrationRecipe | None:
    if recipe.get("calibration") is None:
        return None
    fields = recipe.section("calibration")
    calibration = CalibrationRecipe(
        uri=fields.text("uri"),
        samples=fields.integer("samples", 1, 128),
        sequence_length=fields.integer("sequenceLength", 2, 2048),
        seed=fields.integer("seed", 0, 0),
    )
    fields.finish()
    return calibration


def parse_perplexity(quality: Fields) -> PerplexityRecipe | None:
    if quality.get("perplexity") is None:
        return None
    fields = quality.section("perplexity")
    length = fields.integer("sequenceLength", 2, 0)
    perplexity = PerplexityRecipe(
        uri=fields.text("uri"),
        samples=fields.integer("samples", 2, 64),
        sequence_length=length or None,
        max_increase=fields.number("maxIncrease", 0, math.inf),
    )
    fields.finish()
    return perplexity


def parse_tasks(quality: Fields) -> tuple[TaskRecipe, ...]:
    found = quality.get("tasks")
    if found is None:
        return ()
    if not isinstance(found, list):
        raise invalid(f"{quality.name('tasks')} must be a list, not {found!r}.")
    return tuple(
        parse_task(Fields(task, f"{quality.name('tasks')}[{index}]"))
        for index, task in enumerate(found)
    )


def parse_endpoint(quality: Fields) -> tuple[TaskRecipe, ...]:
    """Names are checked before a model is pruned, although they are asked long after."""
    endpoint = quality.section("endpoint")
    tasks = parse_tasks(endpoint)
    endpoint.finish()
    for task in tasks:
        if task.name not in (*PRESETS, *GENERATED):
            raise invalid(unknown_task(task.name))
    check_named_once([task.name for task in tasks])
    return tasks


def parse_task(fields: Fields) -> TaskRecipe:
    task = TaskRecipe(
        name=fields.text("name"),
        uri=fields.text("uri"),
        min_retained=fields.number("minRetained", 0, 1),
    )
    fields.finish()
    return task
