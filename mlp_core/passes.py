"""The two passes of a network, with each formula once. They run directly, or are recorded and repeated.

    z[l] = a[l-1] W[l]^T + b[l]                          (B, n_l)
    a[l] = f_l(z[l])                                     (B, n_l);  y_hat = a[L]
    delta[L] = dL/dy_hat * f_L'(z[L])                    (B, n_L)
    delta[l] = (delta[l+1] W[l+1]) * f_l'(z[l])          (B, n_l)
    dL/dW[l] = delta[l]^T a[l-1]                         (n_l, n_{l-1})
    dL/db[l] = sum over the batch of delta[l]            (n_l,)

Rumelhart, Hinton and Williams (1986); Nielsen, *Neural Networks and Deep Learning*, ch. 2, equations BP1 to BP4.

`trace` and `backprop` run each operation at once (AtOnce). `fit` does so for the first batch of each size, and records
each operation with the memory that it reads and writes (Written). For every later batch it repeats the recorded
operations. In a small network, finding the arguments and the memory of some twenty calls takes most of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from mlp_core import evenly
from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.losses import Loss
from mlp_core.overwriting import f_over, times_df_over

Activations = Sequence[Activation]
Tensors = Sequence[Tensor]


class Doing(Protocol):
    """The operations of a pass."""

    def linear(self, a: Tensor, W: Tensor, b: Tensor, /) -> Tensor: ...
    def activation(self, f: Activation, z: Tensor, /) -> Tensor: ...
    def times_df(self, f: Activation, delta: Tensor, z: Tensor, a: Tensor, /) -> Tensor: ...
    def product(self, left: Tensor, right: Tensor, /, *, out: Tensor | None = None) -> Tensor: ...
    def column_sums(self, delta: Tensor, /, *, out: Tensor) -> object: ...


def forward(do: Doing, activations: Activations, parameters: Tensors, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """z and a, by layer; z[0] = a[0] = x. parameters: W[1], b[1], W[2], ..."""
    z, a = [x], [x]
    for f, W, b in zip(activations, parameters[0::2], parameters[1::2], strict=True):
        z.append(do.linear(a[-1], W, b))  # z[l] = a[l-1] W[l]^T + b[l]
        a.append(do.activation(f, z[-1]))  # a[l] = f_l(z[l])
    return z, a


def backward(
    do: Doing, activations: Activations, parameters: Tensors, grads: Tensors, z: Tensors, a: Tensors, delta: Tensor
) -> None:
    """Fill grads, in the order of `parameters`; delta: dL/dy_hat."""
    W, dL_dW, dL_db = parameters[0::2], grads[0::2], grads[1::2]
    for layer in range(len(activations), 0, -1):
        delta = do.times_df(activations[layer - 1], delta, z[layer], a[layer])  # * f_l'(z[l])
        do.product(delta.t(), a[layer - 1], out=dL_dW[layer - 1])  # delta[l]^T a[l-1]
        do.column_sums(delta, out=dL_db[layer - 1])
        if layer > 1:
            delta = do.product(delta, W[layer - 1])  # delta[l] W[l]


class AtOnce:
    """Runs each operation directly, into new memory."""

    linear = staticmethod(F.linear)
    product = staticmethod(torch.mm)

    @staticmethod
    def activation(f: Activation, z: Tensor) -> Tensor:
        return f.f(z)

    @staticmethod
    def times_df(f: Activation, delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
        return f.times_df(delta, z, a)

    @staticmethod
    def column_sums(delta: Tensor, *, out: Tensor) -> object:
        return torch.sum(delta, 0, out=out)


AT_ONCE = AtOnce()


class Written:
    """The passes for batches of one size: run for the first batch, recorded, and repeated for all others. An operation
    writes its later results, with the same bits, into the memory of its first one. The caller has checked x and y,
    bound the grads and disabled autograd.

    >>> from mlp_core import MLP, losses
    >>> model = MLP([1, 1], dtype=torch.float64)
    >>> x, loss = torch.ones(1, 1, dtype=torch.float64), losses.get("mse")
    >>> with torch.no_grad():
    ...     passes = Written(model.activations, model.in_order(), model.grad_views, loss)
    ...     first, second = (passes(xb, yb).item() for xb, yb in [(x, 0 * x), (x, x)])
    >>> y_hat = model(x).item()
    >>> first == y_hat**2, second == (y_hat - 1) ** 2, model.grad_views[0].item() == 2 * (y_hat - 1)
    (True, True, True)
    """

    def __init__(self, activations: Activations, parameters: Tensors, grads: Tensors, loss: Loss) -> None:
        self.activations, self.grads, self.loss = activations, grads, loss
        self.parameters = [p.detach() for p in parameters]  # with a Parameter, each call would check its class
        self.forward: list[Callable[[], object]] = []
        self.backward: list[Callable[[], object]] = []
        self.calls = self.forward
        self.sums: list[evenly.Sum] = []
        """the matrix that each layer adds up, and the memory for the sum"""
        self.x: Any = None
        """the batch"""

    def __call__(self, x: Tensor, target: Any) -> Tensor:
        """Fill the gradients of one batch, and return its loss. target: as the loss has prepared it."""
        if self.x is None:
            return self._write(x, target)
        self.x = x
        for call in self.forward:
            call()
        value, _ = self.evaluate(target)  # this fills dL/dy_hat
        for call in self.backward:
            call()
        return value

    def _write(self, x: Tensor, target: Any) -> Tensor:
        self.x = x
        z, a = forward(self, self.activations, self.parameters, x)
        self.evaluate = self.loss.repeated(a[-1])
        value, delta = self.evaluate(target)
        self.calls = self.backward
        self.deltas = x.new_empty(sum(below.numel() for below in z[1:-1]))
        backward(self, self.activations, self.parameters, self.grads, z, a, delta)
        self.backward.extend(evenly.calls(self.sums))  # no other operation reads a sum
        return value

    def linear(self, a: Tensor, W: Tensor, b: Tensor) -> Tensor:
        z, W_t = F.linear(a, W, b), W.t()
        b = b.expand_as(z)  # otherwise every call does so
        if a is self.x:
            self.calls.append(lambda: torch.addmm(b, self.x, W_t, out=z))
        else:
            self.calls.append(partial(torch.addmm, b, a, W_t, out=z))
        return z

    def activation(self, f: Activation, z: Tensor) -> Tensor:
        made = f_over(f)
        return self._copied(f.f, z) if made is None else self._done(made(z), z)

    def times_df(self, f: Activation, delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
        made = times_df_over(f)
        return self._copied(f.times_df, delta, z, a) if made is None else self._done(made(delta, z), delta)

    def product(self, left: Tensor, right: Tensor, *, out: Tensor | None = None) -> Tensor:
        product = torch.mm(left, right, out=self._beside(len(left), right.shape[1]) if out is None else out)
        if right is self.x:
            self.calls.append(lambda: torch.mm(left, self.x, out=product))
        else:
            self.calls.append(partial(torch.mm, left, right, out=product))
        return product

    def column_sums(self, delta: Tensor, *, out: Tensor) -> None:
        torch.sum(delta, 0, out=out)
        self.sums.append((delta, out))

    def _beside(self, rows: int, columns: int) -> Tensor:
        """Memory for the delta of a layer, below the previous one, like the gradients of the layers."""
        self.deltas, place = self.deltas.split([self.deltas.numel() - rows * columns, rows * columns])
        return place.view(rows, columns)

    def _done(self, call: Callable[[], object] | None, memory: Tensor) -> Tensor:
        """memory, after a call that changes it; None: it is not changed."""
        if call is not None:
            call()
            self.calls.append(call)
        return memory

    def _copied(self, function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
        """A copy of the result of a record's function, which may be one of its arguments or new memory."""
        memory = function(*arguments).clone()
        self.calls.append(lambda: copied(function(*arguments), memory))
        return memory


def copied(result: Tensor, memory: Tensor) -> None:
    """Raises ArgumentError if a result has another shape or dtype than the first one."""
    if result.shape != memory.shape or result.dtype != memory.dtype:
        got = Described(f"a result of shape {tuple(result.shape)} and {result.dtype}")
        raise ArgumentError("record", got, f"shape {tuple(memory.shape)} and {memory.dtype}, as of the first batch")
    memory.copy_(result)
