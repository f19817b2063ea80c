"""Where a training step goes: `python benchmarks/parts.py [--rounds 15]`, in processor time on one thread.

For each shape: both passes with the loss, and the update, as `fit` does them; the bare matrix products of both passes;
torch's fused SGD on one flat tensor. The last two are the floor. All are timed in turn; the medians are printed, in us.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from steps import RULE, Shape
from test_a_training_step import SHAPES
from torch import Tensor

from mlp_core import MLP, losses
from mlp_core.passes import Written

SECONDS = 0.02
"""about how long a round is"""


def parts(shape: Shape) -> dict[str, Callable[[], object]]:
    """The parts of a step, by name; autograd is off."""
    model, loss, (x, y) = MLP(shape.sizes), losses.get("cross_entropy"), shape.data()
    x, y = x[: shape.batch], y[: shape.batch]
    model.flat_grad  # noqa: B018  (binds every parameter's grad)
    passes = Written(model.activations, model.in_order(), model.grad_views, loss)
    target = next(iter(loss.prepared(y, shape.batch, outputs=shape.sizes[-1], dtype=x.dtype)))
    optimizer = RULE.optimizer(model.in_order())
    optimizer.step()
    flat = model.flat.clone()
    flat.grad = torch.zeros_like(flat)
    fused = torch.optim.SGD([flat], RULE.lr, RULE.momentum, weight_decay=RULE.weight_decay, fused=True)
    return {
        "passes and loss": partial(passes, x, target), "update": partial(optimizer.apply, optimizer.prepared()),
        "products": products(model, x), "fused SGD": fused.step,
    }  # fmt: skip


def products(model: MLP, x: Tensor) -> Callable[[], None]:
    """The matrix products of both passes, into memory that is there."""
    weights = [W.detach() for W in model.weights]
    grads, z = [torch.zeros_like(W) for W in weights], [x, *(x.new_zeros(len(x), len(W)) for W in weights)]
    delta = [torch.ones_like(one) for one in z]

    def both() -> None:
        for layer, W in enumerate(weights):
            torch.mm(z[layer], W.t(), out=z[layer + 1])
        for layer in range(len(weights) - 1, -1, -1):
            torch.mm(delta[layer + 1].t(), z[layer], out=grads[layer])
            if layer:
                torch.mm(delta[layer + 1], weights[layer], out=delta[layer])

    return both


def timed(call: Callable[[], object], repeats: int) -> float:
    """Seconds of processor time of one call."""
    begin = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - begin) / repeats


def measured(shape: Shape, rounds: int) -> dict[str, float]:
    """The median of each part."""
    calls = parts(shape)
    repeats = {name: max(1, round(SECONDS / (timed(call, 3) + 1e-6))) for name, call in calls.items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            seconds[name].append(timed(call, repeats[name]))
    return {name: median(several) for name, several in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for shape in SHAPES:
        with torch.no_grad():
            found = measured(shape, given.rounds)
        print(f"| {shape} | " + " | ".join(f"{s * 1e6:,.1f}" for s in found.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
