"""Stand-ins for the layers of a network, for update rules that take them: each layer has parameters and gradients as
attributes, or in two dicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlp_core.testing.subjects.functional import copied, tensor_of

PREFIX = {"dict": "", "prefixed": "d"}
"""what the keys of gradients have before those of parameters, if both are in dicts"""

KEYS = "W", "b"
"""the keys of a layer's parameters in a dict"""


class Layer:
    """A layer with nothing but its arrays."""

    trainable = True


class Stack(list[Layer]):
    """Layers, or a network that has them: an update rule may loop over either."""

    @property
    def layers(self) -> Stack:
        return self


class Layers:
    """The layers for a list of arrays. pairs: the attributes of each parameter and its gradient; two dicts if `holds`
    has a prefix.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]], holds: str, library: str) -> None:
        self.pairs, self.holds, self.library = pairs, holds, library
        self.stack = Stack()

    def take(self, arrays: Sequence[Any], slopes: Sequence[Any]) -> None:
        """Gives the layers these numbers. Parameters keep their arrays: an update rule may have kept them too."""
        per = len(KEYS) if self.holds in PREFIX else len(self.pairs)
        while len(self.stack) * per < len(arrays):
            self.stack.append(Layer())
        blank = np.zeros((1, 1))
        for k, layer in enumerate(self.stack):
            own = [copied(a, self.library) for a in (*arrays, *[blank] * per)[k * per : (k + 1) * per]]
            steep = [copied(a, self.library) for a in (*slopes, *[blank] * per)[k * per : (k + 1) * per]]
            before = self._of(layer) if hasattr(layer, self.pairs[0][0]) else own
            for place, value in zip(before, own, strict=True):
                place[...] = value
            self._set(layer, before, steep)

    def read(self, n: int) -> list[Any]:
        """The first n parameters."""
        return [array for layer in self.stack for array in self._of(layer)][:n]

    def _of(self, layer: Layer) -> list[Any]:
        if self.holds in PREFIX:
            return [getattr(layer, self.pairs[0][0])[key] for key in KEYS]
        return [getattr(layer, name) for name, _ in self.pairs]

    def _set(self, layer: Layer, own: list[Any], steep: list[Any]) -> None:
        if self.holds in PREFIX:
            (params, grads), before = self.pairs[0], PREFIX[self.holds]
            setattr(layer, params, dict(zip(KEYS, own, strict=True)))
            setattr(layer, grads, {f"{before}{key}": value for key, value in zip(KEYS, steep, strict=True)})
            return
        for (name, gradient), value, slope in zip(self.pairs, own, steep, strict=True):
            setattr(layer, name, value)
            setattr(layer, gradient, slope)


def _network(rule: Any, reading: Any, stack: Stack, hyper: dict[str, Any]) -> Any:
    """An object of the network's class that has layers and numbers, and nothing else."""
    made = object.__new__(rule)
    vars(made).update({reading.within: stack, **hyper})
    return made


OWNERS: dict[str, Callable[..., Any]] = {
    "layers": lambda rule, reading, stack, hyper: rule(**hyper) if reading.method else None,
    "kept layers": lambda rule, reading, stack, hyper: rule(stack, **hyper),
    "own layers": _network,
}
"""by the kind of a Reading: makes the object whose method updates layers"""


def begun(rule: Any, reading: Any, arrays: Sequence[Any], hyper: dict[str, Any]) -> tuple[Any, Layers]:
    """The object whose method updates layers (None for a function), and the layers."""
    layers = Layers(reading.pairs, reading.holds, reading.library)
    layers.take(arrays, [tensor_of(a).mul(0) for a in arrays])
    return OWNERS[reading.kind](rule, reading, layers.stack, hyper), layers


def walked(rule: Any, reading: Any, part: Any, slopes: Any, kept: Any, t: int, hyper: Any) -> tuple[list[Any], Any]:
    """The parameters after one update of the layers, and what is kept."""
    owner, layers = kept
    layers.take(part, slopes)
    act = rule if owner is None else getattr(owner, reading.method)
    given = dict(hyper) if owner is None else {name: hyper[name] for name in reading.taken}
    if reading.count:
        given[reading.count] = t
    before, after = (getattr(owner, name, None) for name in reading.around)
    if before:
        before()
    for one in layers.stack if reading.single else [layers.stack]:
        act(*([one] if reading.params else []), **given)
    if after:
        after()
    return layers.read(len(part)), kept
