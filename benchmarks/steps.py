"""A whole training step (forward, loss, backward, momentum and L2 update) by every library that can do it.

Each maker returns a round: some epochs over the same batches, in float32, from weights that are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mlp_core import MLP, fit, rules

RULE: Any = rules.get("sgd")(lr=1e-4, momentum=0.9, weight_decay=0.01)
Round = Callable[[], object]


@dataclass(frozen=True)
class Shape:
    """A network of relus with cross-entropy, and how many epochs of how many batches make a round."""

    sizes: tuple[int, ...]
    batch: int
    batches: int
    epochs: int

    @property
    def steps(self) -> int:
        """Steps of a round."""
        return self.batches * self.epochs

    def __str__(self) -> str:
        alike = len(self.sizes) > 6 and len(set(self.sizes)) == 1
        network = f"{len(self.sizes) - 1} layers of {self.sizes[0]}" if alike else "-".join(map(str, self.sizes))
        return f"{network}, batch {self.batch}"

    def data(self) -> tuple[Tensor, Tensor]:
        """x and y, on torch's default device."""
        generator, rows = torch.Generator().manual_seed(0), self.batch * self.batches
        x = torch.randn(rows, self.sizes[0], generator=generator, device="cpu")
        y = torch.randint(self.sizes[-1], (rows,), generator=generator, device="cpu")
        return x.to(torch.get_default_device()), y.to(torch.get_default_device())

    def module(self) -> nn.Sequential:
        """The usual module with the weights of MLP(sizes)."""
        layers = [layer for n, m in pairwise(self.sizes) for layer in (nn.Linear(n, m, device="meta"), nn.ReLU())]
        module = nn.Sequential(*layers[:-1]).to_empty(device=torch.get_default_device())
        with torch.no_grad():
            for p, q in zip(module.parameters(), MLP(self.sizes).parameters(), strict=True):
                p.copy_(q)
        return module


def ours(shape: Shape) -> Round:
    """mlp_core.fit, from its first line to its History."""
    model, (x, y) = MLP(shape.sizes), shape.data()
    return lambda: fit(model, x, y, loss="cross_entropy", rule=RULE, epochs=shape.epochs, batch_size=shape.batch)


def floor(shape: Shape) -> Round:
    """The least there is to do: the matrix products of both passes into memory that is there, one fused update."""
    sizes, (x, _), model = shape.sizes, shape.data(), MLP(shape.sizes)
    weights, grads = [W.detach() for W in model.weights], [torch.zeros_like(W) for W in model.weights]
    z = [torch.zeros(shape.batch, n) for n in sizes]
    delta = [torch.ones(shape.batch, n) for n in sizes]
    flat = nn.Parameter(model.flat.clone())
    flat.grad = torch.zeros_like(flat)
    optimizer = torch.optim.SGD([flat], RULE.lr, RULE.momentum, weight_decay=RULE.weight_decay, fused=True)
    batches, depth = list(x.split(shape.batch)), len(weights)

    def steps() -> None:
        with torch.inference_mode():
            for xb in batches * shape.epochs:
                a = xb
                for layer in range(depth):
                    a = torch.mm(a, weights[layer].t(), out=z[layer + 1])
                for layer in range(depth - 1, -1, -1):
                    torch.mm(delta[layer + 1].t(), z[layer] if layer else xb, out=grads[layer])
                    if layer:
                        torch.mm(delta[layer + 1], weights[layer], out=delta[layer])
                optimizer.step()

    return steps


def by_torch(**implementation: bool) -> Callable[[Shape], Round]:
    """The usual loop, with one of torch's implementations of SGD."""

    def make(shape: Shape) -> Round:
        module, (x, y) = shape.module(), shape.data()
        optimizer = torch.optim.SGD(
            module.parameters(), RULE.lr, RULE.momentum, weight_decay=RULE.weight_decay, **implementation
        )  # fmt: skip
        batches = list(zip(x.split(shape.batch), y.split(shape.batch), strict=True))

        def steps() -> Tensor:
            losses = []
            for xb, yb in batches * shape.epochs:
                optimizer.zero_grad()
                loss = F.cross_entropy(module(xb), yb)
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            return torch.stack(losses)

        return steps

    return make


def by_compile(shape: Shape) -> Round:
    """The same, forward and backward compiled by torch.compile, the update fused."""
    module, (x, y) = shape.module(), shape.data()
    optimizer = torch.optim.SGD(
        module.parameters(), RULE.lr, RULE.momentum, weight_decay=RULE.weight_decay, fused=True
    )  # fmt: skip
    value = torch.compile(lambda xb, yb: F.cross_entropy(module(xb), yb))
    batches = list(zip(x.split(shape.batch), y.split(shape.batch), strict=True))

    def steps() -> Tensor:
        losses = []
        for xb, yb in batches * shape.epochs:
            optimizer.zero_grad()
            loss = value(xb, yb)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses)

    return steps


def by_func(shape: Shape) -> Round:
    """torch.func: a pure function of the parameters, its gradient, an update of a dictionary."""
    module, (x, y) = shape.module(), shape.data()
    batches = list(zip(x.split(shape.batch), y.split(shape.batch), strict=True))
    value_of = torch.func.grad_and_value(
        lambda params, xb, yb: F.cross_entropy(torch.func.functional_call(module, params, (xb,)), yb)
    )
    params = {name: p.detach() for name, p in module.named_parameters()}
    velocity = {name: torch.zeros_like(p) for name, p in params.items()}

    def steps() -> Tensor:
        losses = []
        for xb, yb in batches * shape.epochs:
            gradient, loss = value_of(params, xb, yb)
            losses.append(loss)
            for name, p in params.items():
                velocity[name].mul_(RULE.momentum).add_(gradient[name]).add_(p, alpha=RULE.weight_decay)
                p.add_(velocity[name], alpha=-RULE.lr)
        return torch.stack(losses)

    return steps


def by_jax(shape: Shape) -> Round:
    """jax.jit of the whole step, its arguments donated."""
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(t.numpy()) for t in shape.data())
    params = [jnp.asarray(p.detach().numpy()) for p in MLP(shape.sizes).parameters()]
    state = params, [jnp.zeros_like(p) for p in params]
    batches = [(x[i : i + shape.batch], y[i : i + shape.batch]) for i in range(0, len(x), shape.batch)]

    def loss(params: Any, xb: Any, yb: Any) -> Any:
        a = xb
        for W, b in zip(params[0:-2:2], params[1:-2:2], strict=True):
            a = jax.nn.relu(a @ W.T + b)
        log_p = jax.nn.log_softmax(a @ params[-2].T + params[-1])
        return -jnp.take_along_axis(log_p, yb[:, None], axis=1).mean()

    def step(state: Any, xb: Any, yb: Any) -> Any:
        params, velocity = state
        value, gradient = jax.value_and_grad(loss)(params, xb, yb)
        velocity = [
            RULE.momentum * v + (g + RULE.weight_decay * p)
            for v, g, p in zip(velocity, gradient, params, strict=True)
        ]  # fmt: skip
        return ([p - RULE.lr * v for p, v in zip(params, velocity, strict=True)], velocity), value

    jitted = jax.jit(step, donate_argnums=0)

    def steps() -> Any:
        nonlocal state
        losses = []
        for xb, yb in batches * shape.epochs:
            state, value = jitted(state, xb, yb)
            losses.append(value)
        return jax.block_until_ready((state, losses))

    return steps
