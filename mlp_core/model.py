"""The multi-layer perceptron: all parameters in one flat buffer, their gradients in another.

Layers are 1..L, layer 0 is the input, batches are rows. The formulas are those of `passes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, is_, itemgetter
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core import architecture, passes, placing
from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.layout import Layout
from mlp_core.placing import REQUIRES_GRAD
from mlp_core.tracing import Trace, places_of, without_autograd

__all__ = ["MLP", "Trace"]

GRAD = attrgetter("grad")


class MLP(nn.Module):
    """A multi-layer perceptron; an ordinary nn.Module whose parameters are views of one flat buffer.

    sizes: widths n_0..n_L. activation: a name or record for the hidden layers, or one for each of them. output: the
    activation of the last layer. Weights W[l] are (n_l, n_{l-1}), biases b[l] are (n_l,). Both are drawn uniformly from
    +- 1/sqrt(n_{l-1}), as in torch.nn.Linear, in float64 and then rounded. generator: draws them; by default a new one
    seeded with 0. Raises ArgumentError for sizes that are not two or more positive integers, an unknown activation, or
    a dtype that is not floating point.

    >>> model = MLP([2, 3, 1], activation="tanh", dtype=torch.float64)
    >>> model.trace(torch.ones(5, 2, dtype=torch.float64)).output.shape
    torch.Size([5, 1])
    """

    activations: tuple[Activation, ...]
    """the activation of each layer; may be set, to as many names or records"""
    _places: list[int]
    """the memory addresses of the parameters; _grad_places: those of the views for their gradients"""

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Activation | Sequence[str | Activation] = "relu",
        output: str | Activation = "identity",
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.sizes = architecture.checked_sizes(sizes)
        self.activations = architecture.by_layer(activation, output, len(self.sizes) - 1)
        self._of_all = itemgetter(*placing.wanted(self.sizes))
        dtype = torch.get_default_dtype() if dtype is None else dtype
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise ArgumentError("dtype", dtype, "a floating point dtype of torch")
        if not isinstance(generator, (torch.Generator, type(None))):
            raise ArgumentError("generator", generator, "a torch.Generator")
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        with torch.inference_mode(False):  # a parameter made under inference mode could never be trained
            for layer, (W, b) in enumerate(architecture.drawn(self.sizes, generator), start=1):
                self.register_parameter(f"W{layer}", nn.Parameter(W.to(device, dtype)))
                self.register_parameter(f"b{layer}", nn.Parameter(b.to(device, dtype)))
        self._lay()

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.activations)

    @property
    def weights(self) -> list[nn.Parameter]:
        """W[1], W[2], ...: the current parameters of the module, which torch.func.functional_call replaces."""
        return self.in_order()[0::2]

    @property
    def biases(self) -> list[nn.Parameter]:
        """b[1], b[2], ..."""
        return self.in_order()[1::2]

    def in_order(self) -> list[nn.Parameter]:
        """W[1], b[1], W[2], ... Raises ArgumentError if one is missing: pruned, parametrized or removed."""
        try:
            return list(self._of_all(self._parameters))
        except KeyError:
            raise placing.misnamed(self._parameters, self.sizes) from None

    @property
    def flat(self) -> Tensor:
        """All parameters in one aligned buffer, with zeros as padding between them. If a parameter was moved elsewhere
        (`W1.data = ...`), reading this property moves all of them into a new buffer. Raises ArgumentError if that is
        not possible: tied, pruned or parametrized ones, or parts of other memory.
        """
        parameters = self.in_order()
        if places_of(parameters) != self._places or not all(map(Tensor.is_contiguous, parameters)):
            self._lay(settling=True)
        return self._flat

    @property
    def flat_grad(self) -> Tensor:
        """All gradients in one buffer with the layout of `flat`. Reading this property binds the grad of every
        parameter to its place: a grad of None becomes zero, and a grad that autograd stored elsewhere is copied. A
        frozen parameter has no grad, and zeros in its place.
        """
        self.flat  # noqa: B018  (brings back the parameters)
        return self.bound(self.in_order(), self.frozen())

    def frozen(self) -> bool:
        """Whether some parameter does not require a gradient."""
        return not all(map(REQUIRES_GRAD, self.in_order()))

    def bound(self, parameters: list[nn.Parameter], frozen: bool) -> Tensor:
        """The same, for who knows that the parameters are in their places, and whether any is frozen."""
        views = self.grad_views
        if places_of(views) != self._grad_places:
            self._lay()
        elif not frozen and all(map(is_, map(GRAD, parameters), views)):
            return self._flat_grad
        for p, view in zip(parameters, self.grad_views, strict=True):
            if not p.requires_grad or p.grad is not view:
                view.zero_() if p.grad is None or not p.requires_grad else view.copy_(p.grad)
                p.grad = view if p.requires_grad else None
        return self._flat_grad

    def by_hand(self, trace: Trace | None = None) -> list[nn.Parameter]:
        """W[1], b[1], ..., in their places in `flat`, as backpropagation by hand goes through them.

        Raises ArgumentError if autograd would compute something else (see `placing`), and for a trace of another model.
        """
        parameters = self.in_order()
        places = places_of(parameters)
        if trace is not None:
            trace.check(self.sizes, self.activations, parameters, places)
        placing.check_by_hand(self, MLP.forward, parameters)
        if places != self._places:
            self.flat  # noqa: B018  (brings them back)
        return parameters

    def forward(self, x: Tensor) -> Tensor:
        """y_hat (B, n_L), for autograd to differentiate."""
        self.check(x)
        return self._traced(x, self.in_order()).output

    def trace(self, x: Tensor) -> Trace:
        """The forward pass, with all results that backpropagation needs. x is (B, n_0) in the model's dtype.

        Raises ArgumentError for an x of another shape, dtype or device.
        """
        self.check(x)
        parameters = self.in_order()
        return without_autograd(self._traced, x, parameters).of(self.sizes, self.activations, parameters, self._flat)

    def _traced(self, x: Tensor, parameters: list[nn.Parameter]) -> Trace:
        z, a = passes.forward(passes.AT_ONCE, self.activations, parameters, x)
        return Trace(tuple(z), tuple(a))

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Zero the gradient buffer. The grads stay views of it, so that set_to_none has no effect."""
        self._flat_grad.zero_()
        self.bound(self.in_order(), self.frozen())

    def extra_repr(self) -> str:
        return f"{list(self.sizes)}, {[f.name for f in self.activations]}"

    def check(self, x: Tensor) -> None:
        """Raises ArgumentError if x is not a batch for this model: type, shape, dtype, device."""
        if not isinstance(x, Tensor):
            raise ArgumentError("x", x, "a torch.Tensor")
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise ArgumentError("x", Described(f"shape {tuple(x.shape)}"), f"shape (batch, {self.sizes[0]})")
        if x.dtype != self._flat.dtype:
            raise ArgumentError("x", Described(f"dtype {x.dtype}"), f"dtype {self._flat.dtype}, that of the model")
        if x.device != self._flat.device:
            raise ArgumentError("x", Described(f"device {x.device}"), f"device {self._flat.device}, that of the model")

    def _lay(self, *, settling: bool = False) -> None:
        """Move the parameters into a new flat buffer, and their gradients into another. If they are already in one, it
        is kept. settling: refuse parameters that are part of other memory.
        """
        parameters = placing.checked(self._parameters, self.sizes)
        placing.in_order(self._parameters, self.sizes)
        self.layout = layout = Layout.of([p.shape for p in parameters], parameters[0].dtype)
        flat = placing.in_place(parameters, layout)
        if settling and flat is None:
            placed = zip(self._parameters, parameters, self._places, strict=True)
            placing.check_own_memory({name: p for name, p, place in placed if p.data_ptr() != place})
        with torch.inference_mode(False), torch.no_grad():
            if flat is None:
                flat = torch.zeros(layout.size, dtype=parameters[0].dtype, device=parameters[0].device)
                for p, view in zip(parameters, layout.views(flat), strict=True):
                    view.copy_(p)
                    p.data = view
            self._flat, self._flat_grad = flat, torch.zeros_like(flat)
            self.grad_views = layout.views(self._flat_grad)
            for index, (p, view) in enumerate(zip(parameters, self.grad_views, strict=True)):
                p.owned, p.owned_at = layout.owned(index), p.data_ptr()  # type: ignore[attr-defined]  # for the optimizer
                if p.grad is not None:
                    p.grad = view.copy_(p.grad)
        self._places = places_of(parameters)
        self._grad_places = places_of(self.grad_views)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> MLP:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch's own.  .to(), .double(), .cuda(): gives every parameter memory of its own
        self._lay()
        return self

    def _load_from_state_dict(self, *args: Any, **options: Any) -> None:
        super()._load_from_state_dict(*args, **options)  # assign=True: likewise
        if places_of(self.in_order()) != self._places:
            self._lay()

    def __setattr__(self, name: str, value: Tensor | nn.Module) -> None:
        if value is None and name in self.__dict__.get("_parameters", ()):
            raise ArgumentError(f"model.{name}", value, "a parameter")
        checked: Any = architecture.of_layers(value, len(self.sizes) - 1) if name == "activations" else value
        super().__setattr__(name, checked)

    def __copy__(self) -> MLP:
        """A shallow copy, like that of any module: it shares the parameters, and also the buffers."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """The state for copy.deepcopy and pickle: the parameters, without the buffers, which the copy creates again."""
        laid = ("layout", "_flat", "_flat_grad", "grad_views", "_places", "_grad_places")
        return {name: value for name, value in self.__dict__.items() if name not in laid}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]  # torch's own.  copy.deepcopy and pickle: likewise
        self._lay()
