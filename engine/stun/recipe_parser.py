"""Reads a recipe; whatever is wrong with it is one sentence that names the field."""

import json
import os
from pathlib import Path

from stun.experts.registry import METHODS
from stun.fields import Fields, invalid
from stun.recipe import ExpertsRecipe, Recipe, WeightsRecipe
from stun.recipe_data import parse_calibration, parse_endpoint, parse_perplexity, parse_tasks

MOST_SPARSE = 0.99
# The paper's where the user divides the target, what is never worse where the engine does:
# docs/experts-and-weights.md has the measurement.
DEFAULT_METHODS = {"Manual": "STUN", "Auto": "Medoids"}
DEFAULT_DROPPED_LOAD = 0.35
# Beyond it sums of similarities lose the smaller term.
HEAVIEST = 1e6
CALIBRATED_WEIGHTS = ("Wanda", "OWL")


def load_recipe(source: str) -> Recipe:
    """From a file, or from the environment variable NAME when given as env:NAME."""
    try:
        if source.startswith("env:"):
            text = os.environ[source.removeprefix("env:")]
        else:
            text = Path(source).read_text()
        return parse_recipe(json.loads(text, object_pairs_hook=once))
    except KeyError as error:
        raise invalid(
            f"The environment has no variable {error.args[0]} with the recipe."
        ) from error
    except OSError as error:
        raise invalid(f"The recipe {source} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # nested too deep
        raise invalid(f"The recipe {source} is no JSON: {error}.") from error


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """JSON lets the last of equal keys win; a user has then written something for nothing."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid(f"The recipe says {twice} twice; write it once.")
    return found


def parse_recipe(value: object) -> Recipe:
    fields = Fields(value, "")
    pruning = fields.section("pruning")
    quality = fields.section("quality")
    split = pruning.choice("split", ("Manual", "Auto"))
    recipe = Recipe(
        target_sparsity=pruning.number("targetSparsity", 0, MOST_SPARSE),
        target_gpus=pruning.integer("targetGPUs", 1, 0) or None,
        split=split,
        experts=parse_experts(pruning.section("experts"), DEFAULT_METHODS[split]),
        weights=parse_weights(pruning),
        calibration=parse_calibration(fields),
        perplexity=parse_perplexity(quality),
        tasks=parse_tasks(quality),
        endpoint_tasks=parse_endpoint(quality),
    )
    quality.finish()
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
    if recipe.split == "Auto":
        check_auto(recipe)
    if recipe.experts.threshold == "Global" and recipe.experts.coactivation:
        raise invalid(
            "pruning.experts.threshold Global compares all layers before the first is read, so it "
            "takes similarity.router only; write similarity.coactivation 0."
        )
    user = calibration_user(recipe)
    if user is not None and recipe.calibration is None:
        raise invalid(f"{user} needs calibration; give calibration.uri.")


def check_auto(recipe: Recipe) -> None:
    if recipe.target_sparsity is None:
        raise invalid("pruning.split Auto divides pruning.targetSparsity; give it.")
    if recipe.experts.method == "Combinatorial":
        raise invalid(
            "pruning.split Auto tries several counts of experts, which the method Combinatorial "
            "would search each; choose another pruning.experts.method."
        )
    if recipe.calibration is not None and recipe.calibration.samples < 2:
        raise invalid(
            "pruning.split Auto prunes on one half of the calibration and judges on the other; "
            "give calibration.samples of 2 or more."
        )


def calibration_user(recipe: Recipe) -> str | None:
    """The field by which the published bytes depend on calibration; None where none does."""
    experts = recipe.experts
    if recipe.weights.method in CALIBRATED_WEIGHTS:
        return f"pruning.weights.method {recipe.weights.method}"
    if recipe.split == "Auto":
        return "pruning.split Auto"
    if recipe.ratio == 0:
        return None
    if METHODS[experts.method].needs:
        return f"pruning.experts.method {experts.method}"
    return "pruning.experts.similarity.coactivation" if experts.coactivation else None


def parse_experts(fields: Fields, default_method: str) -> ExpertsRecipe:
    similarity = fields.section("similarity")
    load = fields.number("maxDroppedLoad", 0, 1)
    experts = ExpertsRecipe(
        ratio=fields.number("ratio", 0, MOST_SPARSE),
        method=fields.choice("method", tuple(METHODS), default=default_method),
        linkage=fields.choice("linkage", ("Complete", "Official")),
        threshold=fields.choice("threshold", ("PerLayer", "Global")),
        router=weight(similarity, "router", 1.0, HEAVIEST),
        coactivation=weight(similarity, "coactivation", 0.0, HEAVIEST),
        reconstruct=fields.choice("reconstruct", ("Selective", "Never", "Always")),
        kappa=fields.integer("kappa", 0, 3),
        multiple_of=fields.integer("multipleOf", 1, 1),
        max_dropped_load=DEFAULT_DROPPED_LOAD if load is None else load,
    )
    if not experts.router and not experts.coactivation:
        raise invalid(f"{similarity.name('router')} and coactivation are both 0; write router 1.")
    similarity.finish()
    fields.finish()
    return experts


def weight(fields: Fields, key: str, default: float, most: float) -> float:
    found = fields.number(key, 0, most)
    return default if found is None else found


def parse_weights(pruning: Fields) -> WeightsRecipe:
    """The method that really runs: without a target there is nothing for it to do."""
    fields = pruning.section("weights")
    owl = fields.section("owl")
    targeted = pruning.get("targetSparsity") is not None
    default = "OWL" if targeted else "None"
    method = fields.choice("method", ("OWL", "Wanda", "Magnitude", "None"), default=default)
    found = WeightsRecipe(
        method=method if targeted else "None",
        owl_lambda=weight(owl, "lambda", 0.08, 1),
        owl_m=weight(owl, "m", 5.0, 1000),
    )
    owl.finish()
    fields.finish()
    return found
