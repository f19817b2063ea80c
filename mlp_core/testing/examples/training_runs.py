"""Training runs for any training function: a small module, and data divided into batches, the last of which is
short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from mlp_core.testing.engine.source import few_numbers, source
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.numbers import PERIOD, Numbers
from mlp_core.testing.examples.own_losses import OF_CLASSES, OF_VALUES, loss_of

SIDE, CHANNELS = 32, 3
"""the size of images, because some functions flatten them with these numbers; drawn as 2 by 2 tiles"""

RATES = (0.1, 0.03, 0.25)
MOMENTA = (0.9, 0.5, 0.75, 0.3)
DECAYS = (0.05, 0.2, 0.01)
"""hyperparameters that have an effect, and none of which is twice another"""


HYPER = "lr, momentum, weight_decay"


@dataclass(frozen=True)
class World:
    """The kind of training: on classes or values, on vectors or images, and the dtype."""

    classes: bool = True
    images: bool = False
    dtype: torch.dtype = torch.float64
    own: str = ""
    """the loss of a function that takes none, as a line of Python"""

    def loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The mean over the batch, as in torch, or the function's own loss."""
        return loss_of(self.line())

    def line(self) -> str:
        return self.own or self.losses()[0]

    def losses(self) -> tuple[str, ...]:
        """Losses that a function may compute itself."""
        return OF_CLASSES if self.classes else OF_VALUES

    def words(self) -> str:
        kind = "classes" if self.classes else "values"
        return f"{kind} of {'images' if self.images else 'vectors'}, {str(self.dtype)[6:]}"


WORLDS = tuple(
    World(c, i, d) for d in (torch.float64, torch.float32) for c, i in ((True, False), (False, False), (True, True))
)
"""in the order in which they are tried"""


@dataclass(frozen=True)
class TrainingRun:
    """A module with one hidden layer, its data, and the training settings."""

    world: World
    weights: tuple[Tensor, ...]
    x: Tensor
    y: Tensor
    order: tuple[int, ...]
    """the order in which the loader yields the samples, in every epoch"""
    batch_size: int
    epochs: int
    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    """the largest norm of all gradients together"""
    accumulation: int = 1
    """the number of batches whose gradients are averaged before a step"""
    spares: bool = False
    """whether weight decay excludes vectors, which here are the biases"""
    dealt: tuple[tuple[tuple[int, ...], ...], ...] = ()
    """per epoch and batch, the rows that a function chose itself; empty if the loader chooses them"""

    def module(self) -> nn.Sequential:
        """The module at the start of training; a new one each time."""
        hidden, inputs = self.weights[0].shape
        made = nn.Sequential(
            nn.Flatten(), nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, len(self.weights[3]))
        ).to(self.world.dtype)
        with torch.no_grad():
            for p, value in zip(made.parameters(), self.weights, strict=True):
                p.copy_(value)
        return made

    def data(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets, as new tensors."""
        y = self.y.clone() if self.world.classes else self.y.to(self.world.dtype, copy=True)
        return self.x.to(self.world.dtype, copy=True), y

    def loader(self, x: Tensor, y: Tensor) -> DataLoader[Any]:
        if self.dealt:
            return DataLoader(TensorDataset(x, y), batch_sampler=_Dealt(self.dealt))
        return DataLoader(TensorDataset(x, y), batch_size=self.batch_size, sampler=list(self.order))

    def optimizer(self, module: nn.Module) -> torch.optim.SGD:
        """The optimizer that training must equal."""
        groups: list[dict[str, Any]] = [{"params": list(module.parameters())}]
        if self.spares:
            groups = [{"params": [p for p in module.parameters() if p.ndim > 1]},
                      {"params": [p for p in module.parameters() if p.ndim < 2], "weight_decay": 0.0}]  # fmt: skip
        return torch.optim.SGD(groups, lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay)

    def batches(self) -> list[Tensor]:
        """The rows of every batch in an epoch, as the loader yields them."""
        return list(torch.tensor(self.order).split(self.batch_size))

    def rounds(self) -> list[list[Tensor]]:
        """The rows of every batch, by epoch."""
        if self.dealt:
            return [[torch.tensor(rows) for rows in one] for one in self.dealt]
        return [self.batches()] * self.epochs

    def describe(self) -> str:
        hyper = f"lr={self.lr}, momentum={self.momentum}, weight_decay={self.weight_decay}"
        more = f", gradients clipped to {self.clip}" if self.clip is not None else ""
        more += f", {self.accumulation} batches a step" if self.accumulation > 1 else ""
        return (
            f"{self.world.words()}; {len(self.x)} samples in batches of {self.batch_size}, {self.epochs} epochs; "
            f"{hyper}{more}"
        )

    def numbers(self) -> str:
        """Weights and data, rounded to a few digits."""
        if self.world.images:
            return ""
        weights = ", ".join(map(few_numbers, self.weights))
        return f"x {few_numbers(self.x)}, y {few_numbers(self.y)}, weights {weights}"

    def setup(self) -> list[tuple[str, str]]:
        """Python that builds the same run, as names and the lines that define them: net(), data(), loader(x, y), loss
        and sgd(model), and the numbers by name.
        """
        dtype, values = self.world.dtype, ", ".join(source(w, self.world.dtype) for w in self._short(self.weights[0]))
        (hidden, inputs), outputs = self.weights[0].shape, len(self.weights[3])
        layers = f"torch.nn.Linear({inputs}, {hidden}), torch.nn.Tanh(), torch.nn.Linear({hidden}, {outputs})"
        tiled = f".view(-1, {CHANNELS}, 2, 2).repeat(1, 1, {SIDE // 2}, {SIDE // 2})" if self.world.images else ""
        x = source(self._short(self.x)[0], dtype) + tiled
        net = [
            "def net():",
            f"    made = torch.nn.Sequential(torch.nn.Flatten(), {layers})",
            f"    weights = [{values}, {', '.join(source(w, dtype) for w in self.weights[1:])}]",
            *[f"    weights[0] = weights[0].repeat(1, {SIDE**2 // 4})"] * self.world.images,
            "    [p.data.copy_(value) for p, value in zip(made.parameters(), weights)]",
            "    return made",
        ]
        own = "torch.utils.data.TensorDataset(x, y), batch_size=batch_size, sampler=order"
        return [
            ("torch", f"torch.set_default_dtype({dtype})"),
            ("net", "\n".join(net)),
            ("data", f"data = lambda: ({x}, {source(self.y, dtype)})"),
            ("order, batch_size", f"order, batch_size = {list(self.order)}, {self.batch_size}"),
            ("rounds", f"rounds = {self._rounds()}  # by epoch: the rows of every batch"),
            ("loader", f"loader = lambda x, y: torch.utils.data.DataLoader({own})"),
            ("loss", f"loss = {self.world.line()}"),
            (HYPER, f"{HYPER} = {self.lr}, {self.momentum}, {self.weight_decay}"),
            ("clip, accumulation", f"clip, accumulation = {self.clip}, {self.accumulation}"),
            ("sgd", f"sgd = lambda m: torch.optim.SGD({self._groups()}, lr, momentum, weight_decay=weight_decay)"),
        ]  # fmt: skip

    def _rounds(self) -> str:
        if self.dealt:
            return repr([[list(rows) for rows in one] for one in self.dealt])
        return f"[torch.tensor(order).split(batch_size)] * {self.epochs}"

    def _groups(self) -> str:
        if not self.spares:
            return "m.parameters()"
        weights, biases = (f'"params": [p for p in m.parameters() if p.ndim {which}]' for which in ("> 1", "< 2"))
        return f'[{{{weights}}}, {{{biases}, "weight_decay": 0.0}}]'

    def _short(self, tensor: Tensor) -> list[Tensor]:
        """The drawn part of a tensor that images repeat."""
        if not self.world.images:
            return [tensor]
        if tensor is self.x:
            return [tensor[..., :2, :2].reshape(len(tensor), -1)]
        return [tensor[:, : tensor.shape[1] // (SIDE**2 // 4)]]


class _Dealt:
    """A loader that yields other batches in every epoch."""

    def __init__(self, rounds: Sequence[Sequence[Sequence[int]]]) -> None:
        self.rounds, self.begun = rounds, 0

    def __len__(self) -> int:
        return len(self.rounds[0])

    def __iter__(self) -> Iterator[list[int]]:
        self.begun += 1
        yield from map(list, self.rounds[(self.begun - 1) % len(self.rounds)])


def training_runs(
    world: World, *, momentum: bool = False, decay: bool = False, epochs: tuple[int, int] = (2, 3),
    clip: bool = False, accumulation: bool = False, whole: bool = False, told: bool = False, spares: bool = False,
) -> st.SearchStrategy[TrainingRun]:  # fmt: skip
    """Runs with or without momentum, decay, clipping and accumulation; `whole`: with one batch of all samples; `told`:
    with samples that can be distinguished.
    """

    def read(data: bytes) -> TrainingRun:
        codes = Codes(data[PERIOD + 2 :])
        batch_size = codes.count(2, 4)
        n = batch_size * codes.count(1, 3) + codes.count(1, batch_size - 1)  # the last one is short
        steps = codes.count(2, 3) if accumulation else 1
        if accumulation:
            n = batch_size * steps * codes.count(1, 2)  # full batches: with a short one, there are several means
        hidden, outputs = codes.count(1, 4), 2 if world.classes else 1
        inputs = 4 * CHANNELS if world.images else codes.count(1, 4)
        numbers = Numbers(data[:PERIOD], PERIOD * 8, int.from_bytes(data[PERIOD : PERIOD + 2]) or 1)
        shapes: Sequence[tuple[int, ...]] = ((hidden, inputs), (hidden,), (outputs, hidden), (outputs,))
        weights = tuple(numbers.take(shape, 0.125) for shape in shapes)
        x = numbers.take((n, inputs), 0.25)
        if told:
            x[:, 0] = (torch.arange(n) - n // 2) * 0.25
        classes = (numbers.take((n,)) * 16).long() + torch.arange(n)
        y = classes % outputs if world.classes else numbers.take((n, outputs), 0.25)
        if world.images:
            x = x.view(n, CHANNELS, 2, 2).repeat(1, 1, SIDE // 2, SIDE // 2)
            weights = (weights[0].repeat(1, SIDE**2 // 4), *weights[1:])
            weights = (weights[0] * 2.0**-8, *weights[1:])
        shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(codes.count(0, 255)))
        order = tuple(shuffled.tolist()) if codes.pick((False, True)) else tuple(range(n))
        return TrainingRun(
            world, weights, x, y, order, n if whole else batch_size, codes.count(*epochs), codes.pick(RATES),
            codes.pick(MOMENTA) if momentum else 0.0, codes.pick(DECAYS) if decay else 0.0,
            codes.pick((0.1, 0.02)) if clip else None, steps, spares,
        )  # fmt: skip

    return st.builds(read, drawn_bytes)
