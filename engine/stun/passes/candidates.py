"""The shares of the experts that `split: Auto` tries, known before a layer is read."""

from stun.errors import StunError
from stun.families import ModelConfig
from stun.model.skeleton import Skeleton
from stun.plan import Plan, kept_experts, make_plan, usable_count
from stun.recipe import Recipe

# The target and the GPU plan bound them.
SHARES = tuple(n / 16 for n in (0, 1, 2, 3, 4, 6, 8, 10))


def candidate_plans(recipe: Recipe, skeleton: Skeleton, config: ModelConfig) -> list[Plan]:
    """What can be routed, removes no more than the target, and enough for the GPUs asked for."""
    least = recipe.experts.ratio or 0.0
    found: dict[int, Plan] = {}
    for share in [least, *(share for share in SHARES if share > least)]:
        after = kept_experts(share, config)
        if usable_count(after, recipe, config):
            plan = fitting_plan(recipe, share, skeleton, config)
            found |= {after: plan} if plan else {}
    # Where there is none, the least share says why.
    return list(found.values()) or [make_plan(recipe, least, skeleton, config)]


def fitting_plan(
    recipe: Recipe, share: float, skeleton: Skeleton, config: ModelConfig
) -> Plan | None:
    """None where so many experts are more than the target."""
    try:
        return make_plan(recipe, share, skeleton, config)
    except StunError as error:
        if error.reason == "SparsityTooLow":
            return None
        raise
