"""Backpropagation with replaceable formulas: correct by default, wrong if a mistake replaces a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mlp_core.activations import Activation
from mlp_core.backprop import backprop
from mlp_core.model import MLP, Trace
from mlp_core.testing.faults.catalogue import Catalogue

BATCH, ONE = "equals autograd for a batch", "equals autograd for one sample"


@dataclass(frozen=True)
class At:
    """One layer of a network in the reverse loop, l = layer."""

    model: MLP
    trace: Trace
    layer: int
    dL_dy: Tensor
    above: Tensor
    """the upstream gradient: (B, n_l), not yet multiplied by f_l'(z[l])"""

    @property
    def f(self) -> Activation:
        return self.model.activations[self.layer - 1]

    @property
    def z(self) -> Tensor:
        return self.trace.z[self.layer]

    @property
    def a(self) -> Tensor:
        return self.trace.a[self.layer]

    @property
    def below(self) -> Tensor:
        """a[l-1], (B, n_{l-1})."""
        return self.trace.a[self.layer - 1]

    @property
    def W(self) -> Tensor:
        """W[l], (n_l, n_{l-1})."""
        return self.model.weights[self.layer - 1]


Formula = Callable[[At, Tensor], Tensor]

RIGHT: dict[str, Formula] = {
    "upstream": lambda at, dL_dy: dL_dy,
    "derivative": lambda at, delta: at.f.times_df(delta, at.z, at.a),  # delta[l] = above * f_l'(z[l])
    "weight": lambda at, delta: delta.t() @ at.below,  # dL/dW[l] = delta[l]^T a[l-1]
    "bias": lambda at, delta: delta.sum(0),  # dL/db[l] = sum over the batch of delta[l]
    "flow": lambda at, delta: delta @ at.W,  # above of layer l-1
}
"""the formulas of backpropagation, by the name of their site"""

PLACES: dict[str, Callable[[int, int], bool]] = {
    "every layer": lambda layer, L: True,
    "the output layer": lambda layer, L: layer == L,
    "the hidden layers": lambda layer, L: layer < L,
    "the first layer": lambda layer, L: layer == 1,
}
"""the layers l of 1..L in which a mistake is made"""


@dataclass(frozen=True)
class Mistake:
    """A wrong formula for a site, and the layers in which it is used."""

    site: str
    formula: Formula
    words: str
    place: str = "every layer"

    def sits(self, layer: int, L: int) -> bool:
        """Whether the mistake is made in layer l of 1..L."""
        return PLACES[self.place](layer, L)

    def __str__(self) -> str:
        return self.words if self.site == "upstream" else f"{self.words}, in {self.place}"


MISTAKES: list[Mistake] = []
"""all mistakes of the catalogue that concern a single formula"""


@torch.no_grad()
def walk(
    model: MLP, trace: Trace, dL_dy: Tensor, mistakes: Sequence[Mistake] = ()
) -> Iterator[tuple[At, Tensor, Mapping[str, Formula]]]:
    """The layers from the last to the first, each with its delta and its formulas: those of `backprop`, except the ones
    that a mistake replaces.
    """
    above = _formulas(mistakes, model.L, model.L)["upstream"](At(model, trace, model.L, dL_dy, dL_dy), dL_dy)
    for layer in range(model.L, 0, -1):
        at, use = At(model, trace, layer, dL_dy, above), _formulas(mistakes, layer, model.L)
        delta = use["derivative"](at, above)
        yield at, delta, use
        if layer > 1:
            above = use["flow"](at, delta)


@torch.no_grad()
def reverse(model: MLP, trace: Trace, dL_dy: Tensor, mistakes: Sequence[Mistake] = ()) -> None:
    """Backpropagation, correct except for the mistakes."""
    for at, delta, use in walk(model, trace, dL_dy, mistakes):
        model.weights[at.layer - 1].grad.copy_(use["weight"](at, delta))  # type: ignore[union-attr]  # allocated
        model.biases[at.layer - 1].grad.copy_(use["bias"](at, delta))  # type: ignore[union-attr]


def _formulas(mistakes: Sequence[Mistake], layer: int, L: int) -> Mapping[str, Formula]:
    return {**RIGHT, **{m.site: m.formula for m in mistakes if m.sits(layer, L)}}


def entered(catalogue: Catalogue, site: str) -> Callable[..., Callable[[Formula], Any]]:
    """A decorator that enters formulas at `site` into a catalogue as wrong backpropagations, and into MISTAKES."""

    def caught_by(*laws: str, origin: str, place: str = "every layer", **options: Any) -> Callable[[Formula], Any]:
        def enter(formula: Formula) -> Any:
            mistake = Mistake(site, formula, " ".join((formula.__doc__ or "").split()).rstrip("."), place)
            MISTAKES.append(mistake)

            def wrong(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
                reverse(model, trace, dL_dy, [mistake])

            for name in ("__module__", "__name__", "__qualname__", "__doc__"):
                setattr(wrong, name, getattr(formula, name))
            return catalogue.caught_by(*laws, right=backprop, origin=origin, **options)(wrong)

        return enter

    return caught_by
