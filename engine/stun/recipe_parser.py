"""Reads a recipe, and refuses by name what this release does not do."""

import json
import os
from pathlib import Path

from stun.fields import Fields, invalid
from stun.recipe import CalibrationRecipe, ExpertsRecipe, PerplexityRecipe, Recipe

PLANNED_EXPERT_METHODS = (
    "REAP",
    "Contribution",
    "Medoids",
    "Frequency",
    "Random",
    "Combinatorial",
)
MOST_SPARSE = 0.99
# The API server fills this default in, so it must pass although the gate is not built yet.
DEFAULT_DROPPED_LOAD = 0.35


def load_recipe(source: str) -> Recipe:
    """From a file, or from the environment variable NAME when given as env:NAME."""
    try:
        if source.startswith("env:"):
            text = os.environ[source.removeprefix("env:")]
        else:
            text = Path(source).read_text()
        return parse_recipe(json.loads(text))
    except KeyError as error:
        raise invalid(
            f"The environment has no variable {error.args[0]} with the recipe."
        ) from error
    except OSError as error:
        raise invalid(f"The recipe {source} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise invalid(f"The recipe {source} is no JSON: {error}.") from error


def parse_recipe(value: object) -> Recipe:
    fields = Fields(value, "")
    pruning = fields.section("pruning")
    recipe = Recipe(
        target_sparsity=pruning.number("targetSparsity", 0, MOST_SPARSE),
        target_gpus=pruning.integer("targetGPUs", 1, 0) or None,
        experts=parse_experts(pruning.section("experts")),
        weights_method=parse_weights(pruning),
        calibration=parse_calibration(fields),
        perplexity=parse_quality(fields.section("quality")),
    )
    pruning.choice("split", ("Manual",), ("Auto",))
    pruning.finish()
    fields.finish()
    check_whole(recipe)
    return recipe


def check_whole(recipe: Recipe) -> None:
    if recipe.target_sparsity is None and recipe.target_gpus is None and not recipe.experts.ratio:
        raise invalid(
            "The recipe asks for nothing; give pruning.experts.ratio, pruning.targetSparsity "
            "or both."
        )
    if recipe.weights_method == "Wanda" and recipe.calibration is None:
        raise invalid("pruning.weights.method Wanda needs calibration; give calibration.uri.")


def parse_experts(fields: Fields) -> ExpertsRecipe:
    fields.choice("method", ("STUN",), PLANNED_EXPERT_METHODS)
    fields.choice("linkage", ("Complete",), ("Official",))
    fields.choice("threshold", ("PerLayer",), ("Global",))
    check_similarity(fields.section("similarity"))
    if fields.number("maxDroppedLoad", 0, 1) not in (None, DEFAULT_DROPPED_LOAD):
        raise invalid(f"{fields.name('maxDroppedLoad')} is not supported yet; remove it.")
    experts = ExpertsRecipe(
        ratio=fields.number("ratio", 0, MOST_SPARSE),
        reconstruct=fields.choice("reconstruct", ("Selective", "Never", "Always")),
        kappa=fields.integer("kappa", 0, 3),
        multiple_of=fields.integer("multipleOf", 1, 1),
    )
    fields.finish()
    return experts


def check_similarity(fields: Fields) -> None:
    router = fields.number("router", 0, float("inf"))
    if fields.number("coactivation", 0, float("inf")):
        raise invalid(f"{fields.name('coactivation')} is not supported yet; write 0.")
    if router == 0:
        raise invalid(f"{fields.name('router')} must be above 0.")
    fields.finish()


def parse_weights(pruning: Fields) -> str:
    """The method that really runs: without a target there is nothing for it to do."""
    fields = pruning.section("weights")
    fields.section("owl")  # the API server fills in its defaults whatever the method
    if pruning.get("targetSparsity") is None:
        fields.get("method")
        fields.finish()
        return "None"
    method = fields.choice("method", ("Wanda", "Magnitude", "None"), ("OWL",), default="OWL")
    fields.finish()
    return method


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


def parse_quality(fields: Fields) -> PerplexityRecipe | None:
    for key in ("tasks", "endpoint"):
        if fields.get(key):
            raise invalid(f"quality.{key} is not supported yet; use quality.perplexity.")
    if fields.get("perplexity") is None:
        fields.finish()
        return None
    inner = fields.section("perplexity")
    length = inner.integer("sequenceLength", 2, 0)
    perplexity = PerplexityRecipe(
        uri=inner.text("uri"),
        samples=inner.integer("samples", 2, 64),
        sequence_length=length or None,
        max_increase=inner.number("maxIncrease", 0, float("inf")),
    )
    inner.finish()
    fields.finish()
    return perplexity
