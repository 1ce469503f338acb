"""A model without its weights: transformers' own modules, filled with one layer at a time.

The whole model is built on the meta device, which costs no memory, from config.json alone.
Its layers give the names and shapes that a checkpoint must have; filled with weights, one of
them computes. How a model leads positions and masks to its layers is asked of the model
itself: it runs once with stand-ins for its layers, which remember what they were given.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from stun.families import Family, Linear, Slot, Weights
from stun.model.building import accepted, builder
from stun.model.experts import InputScaledMoe, RoutedExperts
from stun.model.layer import Arguments, FilledLayer, is_prunable

Activation = Callable[[torch.Tensor], torch.Tensor]
Shapes = dict[str, tuple[int, ...]]


class StandIn(nn.Module):
    """Keeps what a layer is called with and passes the states on."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        # Some models choose the mask by an attribute of the layer.
        self.attention_type = getattr(layer, "attention_type", None)
        self.arguments: Arguments = {}

    def forward(self, hidden_states: torch.Tensor, **arguments: Any) -> torch.Tensor:
        self.arguments = arguments
        return hidden_states


class Skeleton:
    """Names, shapes and layers of a model with this config.json."""

    def __init__(self, raw: dict[str, Any], family: Family, uri: str) -> None:
        self.family = family
        text = family.text_config(raw)
        with accepted(uri):
            own = builder(text["model_type"])
            self.config = own.read(text)
            with torch.device("meta"):
                base = own.build(self.config).eval()
            base.rotary_emb = type(base.rotary_emb)(self.config)
        self.layers = list(base.layers)
        self.norm = base.norm
        self.stand_ins = [StandIn(layer) for layer in self.layers]
        base.layers = nn.ModuleList(self.stand_ins)
        base.norm = nn.Identity()
        self.base = base
        self.expert_shapes = [self._replace_experts(layer) for layer in self.layers]
        self.known_arguments: dict[tuple[int, torch.device], list[Arguments]] = {}

    def _replace_experts(self, layer: nn.Module) -> Shapes:
        """Puts our experts in; the shapes of theirs on disk, none for a dense layer."""
        name, layout = self.family.block, self.family.experts
        block = getattr(layer, name)
        if layout is None or not hasattr(block, "experts"):
            return {}
        theirs = block.experts
        down = theirs.down_proj.shape
        experts, hidden, inner = theirs.num_experts, self.config.hidden_size, down.numel()
        shapes = layout.shapes(experts, hidden, inner // (experts * hidden))
        if hasattr(theirs, "_apply_gate"):
            block.experts = RoutedExperts(layout, theirs._apply_gate)
        else:
            ours = RoutedExperts(layout, halves_gate(theirs.act_fn), scales_input=True)
            setattr(layer, name, InputScaledMoe(block, ours, self.config.num_experts_per_tok))
        return shapes

    @property
    def fused_attention(self) -> bool:
        """Whether attention never holds all its scores at once."""
        return bool(self.config._attn_implementation == "sdpa")

    def is_moe(self, index: int) -> bool:
        return bool(self.expert_shapes[index])

    def shapes(self, index: int) -> Shapes:
        """The tensors of a layer by their names on disk, relative to the layer."""
        found = {
            self.family.tensor_name(name): tuple(tensor.shape)
            for name, tensor in self.layers[index].state_dict().items()
        }
        return found | self.expert_shapes[index]

    def linears(self, index: int) -> list[Linear]:
        """The prunable matrices of a layer: its Linears without the router."""
        found = [
            Linear(Slot(self.family.tensor_name(name) + ".weight"))
            for name, module in self.layers[index].named_modules()
            if is_prunable(module)
        ]
        if self.is_moe(index):
            for expert in range(self.layer_experts(index)):
                found += self.family.expert_linears(expert)
        return found

    def layer_experts(self, index: int) -> int:
        return self.shapes(index)[self.family.router][0] if self.is_moe(index) else 0

    def prunable(self, index: int) -> int:
        """Parameters of the layer's prunable matrices."""
        return parameters(self.linears(index), self.shapes(index))

    def expert_parameters(self, index: int) -> int:
        """Parameters of the prunable matrices of one of the layer's experts."""
        if not self.is_moe(index):
            return 0
        return parameters(self.family.expert_linears(0), self.shapes(index))

    def outer_shapes(self) -> Shapes:
        """What lies outside the layers: embedding, final norm, output matrix."""
        hidden, vocabulary = self.config.hidden_size, self.config.vocab_size
        shapes: Shapes = {self.family.embedding: (vocabulary, hidden)}
        for name, tensor in self.norm.state_dict().items():
            shapes[self.family.final_norm + name] = tuple(tensor.shape)
        if not self.config.tie_word_embeddings:
            shapes[self.family.head + "weight"] = (vocabulary, hidden)
        if getattr(self.config, "lm_head_bias", False):
            shapes[self.family.head + "bias"] = (vocabulary,)
        return shapes

    def arguments(self, length: int, device: torch.device) -> list[Arguments]:
        """What the model gives each layer for sequences of this length, for any batch."""
        key = (length, device)
        if key not in self.known_arguments:
            self.known_arguments[key] = self._find_arguments(length, device)
        return self.known_arguments[key]

    def _find_arguments(self, length: int, device: torch.device) -> list[Arguments]:
        self.base.rotary_emb.to(device)
        states = torch.zeros(1, length, self.config.hidden_size, device=device)
        self.base(inputs_embeds=states, use_cache=False)
        return [stand_in.arguments for stand_in in self.stand_ins]

    def fill(self, index: int, weights: Weights) -> FilledLayer:
        """The layer with these weights; arithmetic is float32 whatever their dtype."""
        layer = copy.deepcopy(self.layers[index])
        known = layer.state_dict().keys()
        named = {self.family.module_name(name): tensor for name, tensor in weights.items()}
        # Old checkpoints store what is computed today, such as rotary frequencies.
        state = {name: tensor.float() for name, tensor in named.items() if name in known}
        layer.load_state_dict(state, assign=True)
        return FilledLayer(
            layer,
            weights,
            self.family.tensor_name,
            lambda length, device: self.arguments(length, device)[index],
        )

    def fill_norm(self, tensors: Weights) -> nn.Module:
        norm: nn.Module = copy.deepcopy(self.norm)
        prefix = self.family.final_norm
        norm.load_state_dict(
            {name.removeprefix(prefix): tensor.float() for name, tensor in tensors.items()},
            assign=True,
        )
        return norm


def parameters(linears: list[Linear], shapes: Shapes) -> int:
    """Of a matrix the last two dimensions count: before them, a fused tensor counts experts."""
    return sum(math.prod(shapes[linear.slot.tensor][-2:]) for linear in linears)


def halves_gate(activation: Activation) -> Activation:
    """Gate and up side by side, as transformers' default has them."""

    def apply(gate_up: torch.Tensor) -> torch.Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        return activation(gate) * up

    return apply
