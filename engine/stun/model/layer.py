"""One decoder layer with its weights: a forward pass that tells an observer what it sees."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from stun.families.layouts import Weights
from stun.model.experts import RoutedExperts
from stun.model.observer import Observer

Arguments = dict[str, Any]
SILENT = Observer()


def is_prunable(module: nn.Module) -> bool:
    """A Linear proper: routers that derive from Linear are never pruned."""
    return type(module) is nn.Linear


class Relay:
    """Whom the modules tell what they see.

    Hooks that knew the layer itself would close a circle, and a layer's weights would stay in
    memory until the garbage collector comes by.
    """

    observer = SILENT

    def hook(self, name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def tell(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            self.observer.inputs((name,), args[0])

        return tell


class FilledLayer:
    def __init__(
        self,
        module: nn.Module,
        weights: Weights,
        tensor_name: Callable[[str], str],
        arguments: Callable[[int, torch.device], Arguments],
    ) -> None:
        self.module = module
        self.arguments = arguments
        self.relay = Relay()
        self.experts = [part for part in module.modules() if isinstance(part, RoutedExperts)]
        for experts in self.experts:
            experts.weights = weights
        for name, part in module.named_modules():
            if is_prunable(part):
                part.register_forward_pre_hook(self.relay.hook(tensor_name(name) + ".weight"))

    def _tell(self, observer: Observer) -> None:
        self.relay.observer = observer
        for experts in self.experts:
            experts.observer = observer

    def _want_inputs_only(self, wanted: bool) -> None:
        for experts in self.experts:
            experts.inputs_only = wanted

    def forward(self, states: torch.Tensor, observer: Observer = SILENT) -> torch.Tensor:
        """[batch, length, hidden] to the same shape."""
        self._tell(observer)
        try:
            found: torch.Tensor = self.module(
                states, **self.arguments(states.shape[1], states.device)
            )
        finally:
            # An observer may know the layer: another circle.
            self._tell(SILENT)
        return found

    def observe(self, states: torch.Tensor, observer: Observer) -> None:
        """Shows the inputs of all Linears, at less than a forward pass: no expert's outputs."""
        self._want_inputs_only(True)
        try:
            self.forward(states, observer)
        finally:
            self._want_inputs_only(False)
