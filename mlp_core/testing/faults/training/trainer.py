"""A correct training function in pieces; mistakes replace one piece each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

COURSE = "hand-ins of the course (INF265, project 1)"

FEWER = 12
"""the number of examples: most runs show these mistakes"""


class Trainer:
    """Correct: gradient descent with L2 and momentum, as in torch.optim.SGD, for any module and loader."""

    def __init__(
        self, model: nn.Module, loss_fn: Any, loader: Any, n_epochs: int, lr: float, momentum: float,
        weight_decay: float, val_loader: Any = None, max_norm: float | None = None, accumulation_steps: int = 1,
        spares: bool = False,
    ) -> None:  # fmt: skip
        self.model, self.loss_fn, self.loader, self.n_epochs = model, loss_fn, loader, n_epochs
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.val_loader, self.max_norm, self.accumulation_steps = val_loader, max_norm, accumulation_steps
        self.params, self.spares = list(model.parameters()), spares
        self.velocities: list[Tensor | None] = [None] * len(self.params)
        self.steps = 0

    def run(self) -> list[float]:
        losses = []
        for _ in range(self.n_epochs):
            losses.append(self.one_epoch())
            if self.val_loader is not None:
                self.evaluate()
        return losses

    def one_epoch(self) -> float:
        total = count = 0.0
        batches = self.batches()
        for index, (xb, yb) in enumerate(batches):
            if index % self.accumulation_steps == 0:
                self.clear()
            loss = self.backward(xb, yb, index, len(batches))
            if (index + 1) % self.accumulation_steps == 0:
                self.step()
            total, count = total + self.told(loss, xb, yb) * len(xb), count + len(xb)
        return total / count

    def batches(self) -> list[Any]:
        return list(self.loader)

    def clear(self) -> None:
        self.model.zero_grad()

    def backward(self, xb: Tensor, yb: Tensor, index: int, count: int) -> Tensor:
        loss = self.loss_fn(self.model(xb), yb)
        (loss / self.divisor(index, count)).backward()
        return loss.detach()

    def divisor(self, index: int, count: int) -> float:
        return self.accumulation_steps

    def told(self, loss: Tensor, xb: Tensor, yb: Tensor) -> float:
        return loss.item()

    def step(self) -> None:
        self.steps += 1
        self.clip()
        with torch.no_grad():
            for index, p in enumerate(self.params):
                assert p.grad is not None
                self.move(p, self.velocity(index, self.decayed(index, p, p.grad)))

    def clip(self) -> None:
        if self.max_norm is not None:
            nn.utils.clip_grad_norm_(self.params, self.max_norm)

    def decayed(self, index: int, p: Tensor, g: Tensor) -> Tensor:
        return g if self.spares and p.ndim < 2 else g + self.weight_decay * p

    def velocity(self, index: int, g: Tensor) -> Tensor:
        v = self.velocities[index]
        v = g.clone() if v is None else self.momentum * v + g
        self.velocities[index] = v
        return v

    def move(self, p: Tensor, v: Tensor) -> None:
        p.sub_(self.lr * v)

    def evaluate(self) -> None:
        with torch.no_grad():
            for xb, yb in self.val_loader:
                self.loss_fn(self.model(xb), yb)


def right(
    n_epochs: int, model: nn.Module, loss_fn: Any, train_loader: Any, lr: float, momentum: float = 0.0,
    weight_decay: float = 0.0, val_loader: Any = None,
) -> list[float]:  # fmt: skip
    """Trains as torch.optim.SGD does."""
    return Trainer(model, loss_fn, train_loader, n_epochs, lr, momentum, weight_decay, val_loader).run()


def right_in_parts(
    n_epochs: int, model: nn.Module, loss_fn: Any, train_loader: Any, lr: float, momentum: float, weight_decay: float,
    max_norm: float, accumulation_steps: int,
) -> list[float]:  # fmt: skip
    """The same with clipped gradients that are averaged over several batches."""
    more = {"max_norm": max_norm, "accumulation_steps": accumulation_steps}
    return Trainer(model, loss_fn, train_loader, n_epochs, lr, momentum, weight_decay, **more).run()  # type: ignore[arg-type]


def mistakes(catalogue: Catalogue) -> Callable[..., Callable[[type[Trainer]], type[Trainer]]]:
    """A decorator that enters a trainer into a catalogue, as a function; `parts`: one that clips and accumulates."""

    def caught_by(*laws: str, origin: str, parts: bool = False, subject: Any = subjects.training) -> Any:
        def enter(trainer: type[Trainer]) -> type[Trainer]:
            if parts:

                def wrong(
                    n_epochs: int, model: nn.Module, loss_fn: Any, train_loader: Any, lr: float, momentum: float,
                    weight_decay: float, max_norm: float, accumulation_steps: int,
                ) -> list[float]:  # fmt: skip
                    more = {"max_norm": max_norm, "accumulation_steps": accumulation_steps}
                    return trainer(model, loss_fn, train_loader, n_epochs, lr, momentum, weight_decay, **more).run()  # type: ignore[arg-type]
            else:

                def wrong(  # type: ignore[misc]
                    n_epochs: int, model: nn.Module, loss_fn: Any, train_loader: Any, lr: float, momentum: float = 0.0,
                    weight_decay: float = 0.0, val_loader: Any = None,
                ) -> list[float]:  # fmt: skip
                    return trainer(model, loss_fn, train_loader, n_epochs, lr, momentum, weight_decay, val_loader).run()

            wrong.__name__ = wrong.__qualname__ = trainer.__name__
            wrong.__module__, wrong.__doc__ = trainer.__module__, trainer.__doc__
            wrong.trainer = trainer  # type: ignore[attr-defined]
            entered = catalogue.caught_by(
                *laws, right=right_in_parts if parts else right, origin=origin, subject=subject, examples=FEWER
            )
            return entered(wrong)

        return enter

    return caught_by
