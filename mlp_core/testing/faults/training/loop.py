"""A correct training loop in pieces; mistakes replace one piece each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP, fit, losses
from mlp_core.rules import UpdateRule
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.training import History
from mlp_core.updater import Updater

FEWER = 50  # examples: a training run is slow, and most runs show these mistakes


class Loop:
    """Correct: fit, written differently and in pieces, with gradients by autograd."""

    def __init__(
        self, model: MLP, x: Tensor, y: Tensor, *, loss: Any, rule: Any, epochs: int, batch_size: int,
        gradients: str = "autograd", updates: Any = "manual", shuffle: bool = False,
        generator: torch.Generator | None = None, start: dict[str, Any] | None = None, on_epoch: Any = None,
    ) -> None:  # fmt: skip
        self.model, self.x, self.y, self.loss = model, x, y, losses.get(loss)
        self.schedule = (lambda step: rule) if isinstance(rule, UpdateRule) else rule
        self.epochs, self.batch_size, self.shuffle, self.on_epoch = epochs, batch_size, shuffle, on_epoch
        self.generator = torch.Generator().manual_seed(0) if generator is None else generator
        self.epoch = self.steps = 0
        self.engine = Updater(model, self.schedule(0), updates)
        if start is not None:
            self.resume(start)

    def run(self) -> History:
        step_losses: list[Tensor] = []
        epoch_losses: list[Tensor] = []
        for epoch in self.numbers():
            own, sizes = [], []
            for rows in self.batches():
                xb, yb = self.x[rows], self.y[rows]
                own.append(self.step(xb, yb))
                sizes.append(len(xb))
            step_losses += own
            epoch_losses.append(self.mean(torch.stack(own), torch.tensor(sizes, dtype=self.x.dtype)))
            if self.on_epoch is not None and self.tell(epoch, epoch_losses[-1].item(), own):
                break
        return History(torch.stack(step_losses), torch.stack(epoch_losses), self.checkpoint())

    def numbers(self) -> range:
        return range(self.epoch, self.epoch + self.epochs)

    def order(self) -> Tensor:
        n = len(self.x)
        return torch.randperm(n, generator=self.generator) if self.shuffle else torch.arange(n)

    def batches(self) -> Iterator[Any]:
        order = self.order()
        for begin in range(0, len(order), self.batch_size):
            rows = slice(begin, begin + self.batch_size)
            yield order[rows] if self.shuffle else rows

    def step(self, xb: Tensor, yb: Tensor) -> Tensor:
        self.clear()
        value = self.backward(xb, yb)
        self.move()
        return value.detach()

    def clear(self) -> None:
        self.model.zero_grad()

    def backward(self, xb: Tensor, yb: Tensor) -> Tensor:
        value = self.loss.value(self.model(xb), yb)
        value.backward()
        return value

    def move(self) -> None:
        self.engine.step(self.schedule(self.steps))
        self.steps += 1

    def mean(self, own: Tensor, sizes: Tensor) -> Tensor:
        return (own * sizes).sum() / len(self.x)

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        """Whether to stop: never."""
        self.on_epoch(epoch, epoch_loss)
        return False

    def checkpoint(self) -> dict[str, Any]:
        end = self.numbers().stop
        return {**self.engine.save(self.generator), "epoch": end, "step": self.steps}

    def resume(self, start: dict[str, Any]) -> None:
        self.engine.load(start, self.generator)
        self.epoch, self.steps = start["epoch"], start["step"]


def mistakes(catalogue: Catalogue) -> Callable[..., Callable[[type[Loop]], Any]]:
    """A decorator that enters a loop, as a function with the signature of fit, into a catalogue."""

    def caught_by(*laws: str, origin: str, subject: Any = subjects.training) -> Callable[[type[Loop]], Any]:
        def enter(loop: type[Loop]) -> Any:
            def wrong(model: MLP, x: Tensor, y: Tensor, **options: Any) -> History:
                return loop(model, x, y, **options).run()

            wrong.__name__ = wrong.__qualname__ = loop.__name__
            wrong.__module__, wrong.__doc__ = loop.__module__, loop.__doc__
            entered = catalogue.caught_by(
                *laws, right=fit, origin=origin, subject=subject, examples=FEWER
            )  # fmt: skip
            return entered(wrong)

        return enter

    return caught_by
