"""The multi-layer perceptron: all parameters in one flat buffer, their gradients in another.

Layers are 1..L, layer 0 is the input, batches are rows:

    z[l] = a[l-1] W[l]^T + b[l]     (B, n_l)
    a[l] = f_l(z[l])                (B, n_l);  y_hat = a[L]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mlp_core import activations
from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.layout import Layout


class Trace(NamedTuple):
    """What the forward pass leaves for backpropagation, by layer: z[l] and a[l] are (B, n_l); z[0] = a[0] = x.

    >>> trace = MLP([2, 3, 1]).trace(torch.zeros(5, 2))
    >>> [tuple(a.shape) for a in trace.a]
    [(5, 2), (5, 3), (5, 1)]
    """

    z: tuple[Tensor, ...]
    a: tuple[Tensor, ...]

    @property
    def output(self) -> Tensor:
        """a[L], (B, n_L)."""
        return self.a[-1]


class MLP(nn.Module):
    """A multi-layer perceptron; an ordinary nn.Module whose parameters are views of one flat buffer.

    sizes: widths n_0..n_L. activation: of the hidden layers, a name or record, or one for each hidden layer.
    output: of the last layer. Weights W[l] are (n_l, n_{l-1}), biases b[l] are (n_l,), both drawn uniformly from
    +- 1/sqrt(n_{l-1}) (as torch.nn.Linear does), in float64 and then rounded, by `generator` or, without one, by a
    fresh one seeded with 0. Raises ArgumentError for sizes that are not two or more positive integers, an unknown
    activation, or a dtype that is not floating point.

    >>> model = MLP([2, 3, 1], activation="tanh", dtype=torch.float64)
    >>> model.trace(torch.ones(5, 2, dtype=torch.float64)).output.shape
    torch.Size([5, 1])
    """

    flat: Tensor
    """all parameters, one aligned buffer; the padding between them is zero and belongs to nobody"""

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
        self.sizes = _checked_sizes(sizes)
        self.activations = _by_layer(activation, output, len(self.sizes) - 1)
        dtype = torch.get_default_dtype() if dtype is None else dtype
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise ArgumentError("dtype", dtype, "a floating point dtype of torch")
        if not isinstance(generator, (torch.Generator, type(None))):
            raise ArgumentError("generator", generator, "a torch.Generator")
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        counts = [n_out * (n_in + 1) for n_in, n_out in pairwise(self.sizes)]
        with torch.inference_mode(False):  # a parameter made under inference mode could never be trained
            u = torch.rand(sum(counts), generator=generator, dtype=torch.float64, device=generator.device)
            layers = zip(pairwise(self.sizes), u.mul_(2).sub_(1).split(counts), strict=True)  # within +- 1
            for layer, ((n_in, n_out), own) in enumerate(layers, start=1):
                W, b = own.div_(n_in**0.5).to(device, dtype).split([n_out * n_in, n_out])
                self.register_parameter(f"W{layer}", nn.Parameter(W.view(n_out, n_in)))
                self.register_parameter(f"b{layer}", nn.Parameter(b))
        self._lay()

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.activations)

    @property
    def weights(self) -> list[nn.Parameter]:
        """W[1], W[2], ...: the parameters that the module has now, which torch.func.functional_call exchanges."""
        return list(self._parameters.values())[0::2]  # type: ignore[return-value]  # none is None

    @property
    def biases(self) -> list[nn.Parameter]:
        """b[1], b[2], ..."""
        return list(self._parameters.values())[1::2]  # type: ignore[return-value]

    @property
    def flat_grad(self) -> Tensor:
        """All gradients, one buffer laid out as `flat`.

        Reading it binds every parameter's grad to its place: a grad that was dropped (None) becomes zero there, one
        that autograd put elsewhere is copied in.
        """
        self._bind_grads()
        return self._flat_grad

    def _bind_grads(self) -> None:
        for p, view in zip(self._parameters.values(), self.grad_views, strict=True):
            if p is not None and p.grad is not view:
                view.zero_() if p.grad is None else view.copy_(p.grad)
                p.grad = view

    def forward(self, x: Tensor) -> Tensor:
        """y_hat (B, n_L), for autograd to differentiate."""
        self.check(x)
        return self.traced(x).output

    def trace(self, x: Tensor) -> Trace:
        """The forward pass with everything backpropagation needs. x is (B, n_0) in the model's dtype.

        Raises ArgumentError for an x of another shape, dtype or device.
        """
        self.check(x)
        with torch.no_grad():
            return self.traced(x)

    def traced(self, x: Tensor) -> Trace:
        """The loop of `trace` and `forward`, for who has checked x and switched autograd off or on."""
        z, a = [x], [x]
        for f, W, b in zip(self.activations, self.weights, self.biases, strict=True):
            z.append(F.linear(a[-1], W, b))  # z[l] = a[l-1] W[l]^T + b[l]
            a.append(f.f(z[-1]))  # a[l] = f_l(z[l])
        return Trace(tuple(z), tuple(a))

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Zero the gradient buffer; grads stay views of it, so set_to_none makes no difference."""
        self._flat_grad.zero_()
        self._bind_grads()

    def extra_repr(self) -> str:
        return f"{list(self.sizes)}, {[f.name for f in self.activations]}"

    def check(self, x: Tensor) -> None:
        """Raises ArgumentError where x is not a batch for this model: type, shape, dtype, device."""
        if not isinstance(x, Tensor):
            raise ArgumentError("x", x, "a torch.Tensor")
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise ArgumentError("x", Described(f"shape {tuple(x.shape)}"), f"shape (batch, {self.sizes[0]})")
        if x.dtype != self.flat.dtype:
            raise ArgumentError("x", Described(f"dtype {x.dtype}"), f"dtype {self.flat.dtype}, that of the model")
        if x.device != self.flat.device:
            raise ArgumentError("x", Described(f"device {x.device}"), f"device {self.flat.device}, that of the model")

    def _lay(self) -> None:
        """Move the parameters into a new flat buffer, and their gradients into another."""
        parameters = [p for p in self._parameters.values() if p is not None]
        self.layout = layout = Layout.of([p.shape for p in parameters], parameters[0].dtype)
        with torch.inference_mode(False), torch.no_grad():
            self.flat = torch.zeros(layout.size, dtype=parameters[0].dtype, device=parameters[0].device)
            self._flat_grad = torch.zeros_like(self.flat)
            self.grad_views = layout.views(self._flat_grad)
            for index, (p, view) in enumerate(zip(parameters, layout.views(self.flat), strict=True)):
                view.copy_(p)
                p.data = view
                p.owned = layout.owned(index)  # type: ignore[attr-defined]  # the optimizer steps whole segments
                if p.grad is not None:
                    self.grad_views[index].copy_(p.grad)
                    p.grad = self.grad_views[index]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> MLP:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch's own.  .to(), .double(), .cuda(): gives every parameter memory of its own
        self._lay()
        return self

    def __getstate__(self) -> dict[str, Any]:
        """What copy.deepcopy and pickle take along: the parameters, not the buffers that they are laid into anew."""
        laid = ("layout", "flat", "_flat_grad", "grad_views")
        return {name: value for name, value in self.__dict__.items() if name not in laid}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]  # torch's own.  copy.deepcopy and pickle: likewise
        self._lay()


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    expected = "at least two positive integers"
    if not isinstance(sizes, Sequence) or len(sizes) < 2:
        raise ArgumentError("sizes", sizes, expected)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise ArgumentError("sizes", sizes, expected)
    return tuple(sizes)


def _by_layer(
    activation: str | Activation | Sequence[str | Activation], output: str | Activation, depth: int
) -> tuple[Activation, ...]:
    one = not isinstance(activation, (list, tuple))
    hidden = [activations.get(activation)] * (depth - 1) if one else list(activation)  # type: ignore[arg-type]  # one
    if len(hidden) != depth - 1:
        raise ArgumentError("activation", activation, f"one activation, or one for each of {depth - 1} hidden layers")
    return tuple(activations.get(f) for f in (*hidden, output))
