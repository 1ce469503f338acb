"""How much memory of the device a run takes at most, from the headers and the recipe alone.

Upper bounds, item by item: an estimate that is too low costs a GPU hour, one that is somewhat
too high costs nothing.
"""

import math

from stun.flow import TOKENS_PER_BATCH
from stun.passes.context import Context
from stun.passes.split import SEQUENCES, SHARES
from stun.safetensors_io import DTYPES

FLOAT, DOUBLE = 4, 8
# Tensors as large as a batch's states that a forward pass holds at once: states, residual,
# normed, query, key, value, attention's output, the experts' sum and what is being added.
STATES_AT_ONCE = 10
# Bytes that each entry of a matrix takes while its row's smallest are selected: weights and
# scores in float32, the count of ties in int64, and four masks.
SELECTING = 2 * FLOAT + DOUBLE + 4
# CUDA's context and libraries, and what its allocator rounds up.
OVERHEAD = 1 << 30


def estimate_memory(context: Context) -> dict[str, int]:
    """Bytes by what they are for; `total` is their sum, without double counting."""
    found = {
        "layer": largest_layer(context) * layer_copies(context),
        "float32": FLOAT * dense_parameters(context),
        "states": FLOAT * context.checkpoint.config.hidden_size * flowing_tokens(context),
        "batch": batch_bytes(context),
        "selection": SELECTING * largest_matrix(context),
        "overhead": OVERHEAD if context.device.type == "cuda" else 0,
    }
    # The output matrix comes when no layer is there any more.
    outside = head_bytes(context) - found["layer"] - found["float32"] - found["selection"]
    found["head"] = max(0, outside)
    return {**found, "total": sum(found.values())}


def largest_layer(context: Context) -> int:
    tensors, layers = context.checkpoint.tensors, context.checkpoint.by_layer
    return max(sum(tensors[name].nbytes for name in names) for names in layers.values())


def layer_copies(context: Context) -> int:
    """Kept experts are shared with the source unless they are averaged or cut from one tensor."""
    fused = any(slot.entry is not None for slot in context.family.expert_slots(0))
    copied = context.removes_experts and (fused or context.plan.reconstruct)
    return 1 + copied + (context.recipe.split == "Auto")


def dense_parameters(context: Context) -> int:
    """Of the layer whose weights outside its experts are most; these are computed in float32."""
    dense = context.dense
    return max(
        sum(
            math.prod(shape)
            for name, shape in dense.shapes(index).items()
            if name not in dense.expert_shapes[index]
        )
        for index in range(len(dense.layers))
    )


def flowing_tokens(context: Context) -> int:
    """Tokens whose states are held between two layers, in the pass that holds most."""
    ids = context.calibration
    samples, length = ids.shape if ids is not None else (0, 0)
    gate = 2 * sum(scored.ids.numel() for scored in context.gate)
    most = 2 * samples * length + gate
    if context.recipe.split == "Auto":
        half = min(SEQUENCES, samples // 2)
        most = max(most, (1 + 2 * (len(SHARES) + 1)) * half * length)
    return most


def longest(context: Context) -> int:
    lengths = [scored.ids.shape[1] for scored in context.gate]
    if context.calibration is not None:
        lengths.append(context.calibration.shape[1])
    return max(lengths, default=0)


def batch_bytes(context: Context) -> int:
    config, length = context.checkpoint.config, longest(context)
    tokens = max(TOKENS_PER_BATCH, length)
    widest = max(max(shape) for shape in matrices(context))
    per_token = STATES_AT_ONCE * FLOAT * config.hidden_size + (3 * FLOAT + DOUBLE) * widest
    # Models without fused attention hold all scores, their softmax and its copy.
    scores = 0 if context.dense.fused_attention else 3 * FLOAT * config.heads * length
    return tokens * (per_token + scores)


def matrices(context: Context) -> set[tuple[int, int]]:
    """The shapes of all prunable matrices, as they lie on disk."""
    dense, found = context.dense, set()
    for index in range(len(dense.layers)):
        shapes = dense.shapes(index)
        found |= {shapes[linear.slot.tensor][-2:] for linear in dense.linears(index)}
    return {(rows, columns) for rows, columns in found}


def largest_matrix(context: Context) -> int:
    return max(rows * columns for rows, columns in matrices(context))


def head_bytes(context: Context) -> int:
    """The output matrix as stored and in float32, and the logits of one sequence."""
    if not context.gate and context.recipe.split == "Manual":
        return 0
    config = context.checkpoint.config
    stored = DTYPES[context.checkpoint.tensors[context.family.embedding].dtype].itemsize
    matrix = config.vocab_size * config.hidden_size * (stored + FLOAT)
    return matrix + 3 * FLOAT * config.vocab_size * longest(context)
