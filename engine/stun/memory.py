"""How much memory of the device a run takes at most, from the headers and the recipe alone.

Upper bounds, item by item: an estimate that is too low costs a GPU hour, one that is somewhat
too high costs nothing. Peaks measured on the CPU hold it in tests/test_memory_estimate.py.
"""

import math

from stun.experts.subsets import CHUNK
from stun.flow import TOKENS_PER_BATCH
from stun.passes.candidates import SHARES
from stun.passes.context import Context
from stun.passes.split import SEQUENCES
from stun.safetensors_io import DTYPES

FLOAT, DOUBLE = 4, 8
# Tensors as large as a batch's states that a forward pass holds at once: states, residual,
# normed, query, key, value, attention's output, the experts' sum and what is being added.
STATES_AT_ONCE = 10
# Bytes for each token and each column of the widest matrix, all tokens being one expert's: gate
# and up projection, their product, and its squares, taken in float64.
WIDTH = 3 * FLOAT + 2 * DOUBLE
# Bytes for each entry of a matrix while it is worked on. Most are taken by the search for a
# cluster's representative: sum, centre, a member and its difference, all in float64. Selecting
# the smallest entries takes 20, sums of powers 26.
WORKING = 4 * DOUBLE
# Attention with sinks or without a fused kernel: scores, with the mask added, and their softmax.
SCORES = 3 * FLOAT
# Layers of two kinds of attention have a mask each, kept for each length.
MASKS = 2
# CUDA's context and libraries, and what its allocator rounds up.
OVERHEAD = 1 << 30


def estimate_memory(context: Context) -> dict[str, int]:
    """Bytes by what they are for; `total` is their sum, without double counting."""
    matrix = largest_matrix(context)
    found = {
        "layer": largest_layer(context) * layer_copies(context),
        "float32": FLOAT * dense_parameters(context),
        "states": FLOAT * context.checkpoint.config.hidden_size * flowing_tokens(context),
        "masks": MASKS * mask_bytes(context),
        # A layer is computed with, and then worked on.
        "work": max(batch_bytes(context) + FLOAT * matrix, WORKING * matrix),
        "embedding": embedding_bytes(context) if splits(context) else 0,
        "overhead": OVERHEAD if context.device.type == "cuda" else 0,
    }
    # The embedding and the output matrix come when no layer is there.
    inside = found["layer"] + found["float32"] + found["work"]
    found["outside"] = max(0, start_bytes(context) - inside, head_bytes(context) - inside)
    return {**found, "total": sum(found.values())}


def splits(context: Context) -> bool:
    return context.recipe.split == "Auto"


def largest_layer(context: Context) -> int:
    tensors, layers = context.checkpoint.tensors, context.checkpoint.by_layer
    return max(sum(tensors[name].nbytes for name in names) for names in layers.values())


def layer_copies(context: Context) -> int:
    """Kept experts are shared with the source unless they are averaged or cut from one tensor.

    The pass that tries splits prunes a copy of the layer for each, one after the other.
    """
    fused = any(slot.entry is not None for slot in context.family.expert_slots(0))
    averaged = context.plan.reconstruct
    if splits(context):
        averaged = context.recipe.experts.reconstruct != "Never"
    copied = (context.removes_experts or splits(context)) and (fused or averaged)
    return 1 + copied + splits(context)


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
    if splits(context):
        half = min(SEQUENCES, samples // 2)
        most = max(most, (1 + 2 * (len(SHARES) + 1)) * half * length)
    return most


def sequences(context: Context) -> list[tuple[int, int]]:
    """Count and length of each kind of sequences that flow together."""
    found = [(len(scored.ids), scored.ids.shape[1]) for scored in context.gate]
    if context.calibration is not None:
        found.append((len(context.calibration), context.calibration.shape[1]))
    return found


def lengths(context: Context) -> set[int]:
    return {length for _, length in sequences(context)}


def mask_bytes(context: Context) -> int:
    """Fused attention takes a mask of single bytes, the other adds one of float32."""
    entry = 1 if context.dense.fused_attention else FLOAT
    return sum(entry * length**2 for length in lengths(context))


def batch_bytes(context: Context) -> int:
    """Of one batch on its way through a layer."""
    config = context.checkpoint.config
    widest = max(max(shape) for shape in matrices(context))
    per_token = STATES_AT_ONCE * FLOAT * config.hidden_size + WIDTH * widest
    scores = 0 if context.dense.fused_attention else SCORES * config.heads
    batch = max(
        (
            min(count, max(1, TOKENS_PER_BATCH // length)) * length * (per_token + scores * length)
            for count, length in sequences(context)
        ),
        default=0,
    )
    if context.recipe.experts.method != "Combinatorial":
        return batch
    # All experts' outputs: one after the other, side by side, in float64, and transposed so.
    return batch + CHUNK * config.experts * config.hidden_size * 2 * (FLOAT + DOUBLE)


def matrices(context: Context) -> set[tuple[int, int]]:
    """The shapes of all prunable matrices, as they lie on disk."""
    dense, found = context.dense, set()
    for index in range(len(dense.layers)):
        shapes = dense.shapes(index)
        found |= {shapes[linear.slot.tensor][-2:] for linear in dense.linears(index)}
    return {(rows, columns) for rows, columns in found}


def largest_matrix(context: Context) -> int:
    return max(rows * columns for rows, columns in matrices(context))


def embedding_bytes(context: Context) -> int:
    return context.checkpoint.tensors[context.family.embedding].nbytes


def start_bytes(context: Context) -> int:
    """The embedding, and the states of one flow as looked up in it, before they are float32."""
    most = max((count * length for count, length in sequences(context)), default=0)
    stored = DTYPES[context.checkpoint.tensors[context.family.embedding].dtype].itemsize
    kept = 0 if splits(context) else embedding_bytes(context)
    return kept + stored * context.checkpoint.config.hidden_size * most


def head_bytes(context: Context) -> int:
    """The output matrix as stored and in float32, and the logits of one sequence."""
    if not context.gate and not splits(context):
        return 0
    config = context.checkpoint.config
    stored = embedding_bytes(context)
    matrix = stored + FLOAT * config.vocab_size * config.hidden_size
    return matrix + 3 * FLOAT * config.vocab_size * max(lengths(context))
