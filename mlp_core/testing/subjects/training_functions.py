"""Anybody's training function as a subject: what it is handed for the names of its parameters, and what comes back."""

from __future__ import annotations

import inspect
import io
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.training_runs import TrainingRun, World, training_runs
from mlp_core.testing.subjects.training_roles import chooses
from mlp_core.testing.subjects.training_snippets import lines_of
from mlp_core.testing.subjects.training_worlds import counts_epochs, found_by_trying
from mlp_core.testing.subjects.watched import Seen, watch

EMA_DECAY = 0.3
"""of averaged weights: small, so that it acts in runs of a few steps, where a warm-up allows no more"""


@dataclass
class Trained:
    """What a training function did: the weights at its end, and what it returned."""

    weights: list[Tensor]
    returned: Any
    x: Tensor
    y: Tensor
    settings: tuple[Any, Any] | None
    """of torch, where it changed them: what they are, and what they were"""
    trainable: bool
    """whether all parameters still require gradients"""
    run: TrainingRun
    """with the batches that it dealt itself, where it is handed no loader"""
    seen: list[Seen]
    """its batches, if they were watched"""
    printed: str
    module: nn.Module
    """that was trained"""


@dataclass(frozen=True)
class TrainerSubject:
    """A function that trains a module of torch, told by its parameters."""

    train: Callable[..., Any]
    name: str
    roles: Mapping[str, str]
    """parameters by role"""
    around: Mapping[str, str]
    """roles by the name of globals of its file"""
    given: Mapping[str, Any]
    """what other parameters are handed"""
    optional: frozenset[str]
    """roles of parameters that have a default"""
    weighted: bool = False
    """whether it claims that the loss of an epoch is the mean over its samples"""
    spares: bool = False
    """whether it claims that weight decay spares vectors"""
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def takes(self, role: str) -> bool:
        named = role in self.roles or role in self.around.values()
        return named or (role in ("loader", "validation") and self.takes("loaders"))

    def varies(self, role: str) -> bool:
        """Whether momentum, or weight decay, can be given: itself, or inside an optimizer."""
        return self.takes(role) or self.takes("optimizer")

    @property
    def repeats(self) -> bool:
        """Whether it is called once an epoch: it is asked for no number of them."""
        return not self.takes("epochs") and not (self.takes("epoch") and counts_epochs(self))

    @property
    def chooses(self) -> bool:
        """Whether it says that it may end with the weights of an earlier epoch."""
        return not self.repeats and any(chooses(self.train))

    @property
    def stops(self) -> bool:
        """Whether it says that it may leave out the last epochs."""
        return chooses(self.train)[1]

    @property
    def epochs(self) -> tuple[int, int]:
        """How many it can be asked for; without its own number, it is called several times on one optimizer."""
        return (2, 3) if not self.repeats or self.takes("optimizer") else (1, 1)

    @property
    def world(self) -> World:
        """What it can be handed, found by trying."""
        if "world" not in self.memo:
            with guards.globals_kept():
                self.memo["world"], self.memo["refused"], self.memo["deals"] = found_by_trying(self)
        return self.memo["world"]

    @property
    def refused(self) -> str:
        """Why it cannot be judged in any world; empty if it can."""
        return str(self.memo["refused"]) if self.world else ""

    @property
    def deals(self) -> bool:
        """Whether it is handed x and y, and the batches that it makes of them are seen."""
        return bool(self.world) and bool(self.memo["deals"])

    def runs(self, **options: Any) -> Any:
        """Training runs for it. If it is given x and y, and its batches are not seen, all samples are one batch."""
        world, dealt = self.world, not self.takes("loader")
        return training_runs(
            world, whole=dealt and not self.deals, told=dealt, clip=self.takes("clip"), spares=self.spares,
            accumulation=self.takes("accumulation") and not dealt, **{"epochs": self.epochs, **options},
        )  # fmt: skip

    def trained(
        self, run: TrainingRun, *, validation: Any = None, watched: bool = False, aloud: bool = False,
        seed: int | None = None,
    ) -> Trained:  # fmt: skip
        """Train a new module. `aloud`: asked to print what it can. `seed`: from this random state; a function that may
        shuffle always has one. Raises Broken where the function raises."""
        module, (x, y) = run.module(), run.data()
        before = [p.detach().clone() for p in module.parameters()]
        watched = watched or self.memo.get("deals", False)
        seen = watch(module, x) if watched else []
        values = self._values(run, module, x, y, validation or run.loader(2 * x + 1, y))
        values["verbose"] = aloud
        left_alone = {"device", "seed", "scheduler"} | ({"validation"} if validation is None else set())
        left_alone |= set() if aloud else {"verbose"}
        own = {p: values[r] for r, p in self.roles.items() if r not in left_alone & self.optional}
        text = io.StringIO()
        with guards.default_dtype(run.world.dtype), self._surrounded(values), torch.enable_grad(), _unprinted(text):
            settings = _settings()
            with guards.foreign(), seeded(0 if seed is None and not self.takes("loader") else seed):
                each = []
                for epoch in range(run.epochs if self.repeats else 1):
                    if self.repeats and self.takes("epoch") and "epoch" in self.roles:
                        own[self.roles["epoch"]] = epoch + 1
                    each.append(self.train(**own, **self.given))
            now = _settings()
        returned = each if self.repeats and all(isinstance(one, float) for one in each) else each[-1]
        ended = self._module_of(module, before, returned)
        self.memo["returns a module"] = ended is not module
        weights = [p.detach().double().clone() for p in ended.parameters()]
        if [w.shape for w in weights] != [w.shape for w in run.weights]:
            raise Broken("the module it returns", "other parameters", "those of the module it was given")
        trainable = all(p.requires_grad for p in ended.parameters())
        changed = None if now == settings else (now, settings)
        if self.memo.get("deals"):
            run = dealt(run, seen)
        return Trained(weights, returned, x, y, changed, trainable, run, seen, text.getvalue(), ended)

    def _values(self, run: TrainingRun, module: nn.Module, x: Tensor, y: Tensor, validation: Any) -> dict[str, Any]:
        """What is handed over for every role."""
        optimizer, loader, n = run.optimizer(module), run.loader(x, y), len(x)
        phases = dict.fromkeys(("train", "training"), loader)
        phases |= dict.fromkeys(("val", "valid", "validation", "test"), validation)
        return {
            "model": module, "loss": run.world.loss(), "loader": loader, "x": x, "y": y, "lr": run.lr,
            "epochs": run.epochs, "epoch": run.epochs, "momentum": run.momentum, "decay": run.weight_decay,
            "batch_size": run.batch_size, "clip": run.clip, "accumulation": run.accumulation,
            "device": torch.device("cpu"), "verbose": False, "optimizer": optimizer, "validation": validation,
            "loaders": phases, "sizes": dict.fromkeys(phases, n), "seed": 0, "outputs": len(run.weights[3]),
            "ema": EMA_DECAY, "scheduler": torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0),
        }  # fmt: skip

    @contextmanager
    def _surrounded(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Inside, the globals of its file that stand for what it does not take are those of the run."""
        space, missing = getattr(inspect.unwrap(self.train), "__globals__", {}), object()
        before = {name: space.get(name, missing) for name in self.around}
        space.update({name: values[role] for name, role in self.around.items()})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is missing:
                    space.pop(name, None)
                else:
                    space[name] = value

    @staticmethod
    def _module_of(module: nn.Module, before: Sequence[Tensor], returned: Any) -> nn.Module:
        """The module that was trained: the one given, or, where that is as before, one that is returned."""
        if any(not torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True)):
            return module
        several = returned if isinstance(returned, (tuple, list)) else [returned]
        return next((thing for thing in several if isinstance(thing, nn.Module)), module)

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that build the run, train and fail as the law did."""
        return lines_of(self, example, closing)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Inside, torch, Python and numpy, if it is imported, draw from a seed; None: as they do. What torch and Python
    draw later, the engine sees to."""
    numpy = sys.modules.get("numpy")
    if seed is None or numpy is None:
        yield
        return
    before = numpy.random.get_state()
    torch.manual_seed(seed)
    random.seed(seed)
    numpy.random.seed(seed)
    try:
        yield
    finally:
        numpy.random.set_state(before)


def dealt(run: TrainingRun, seen: Sequence[Seen]) -> TrainingRun:
    """The run with the batches that a function dealt; as it is, where one of them is not told."""
    batches = [tuple(one.rows.tolist()) for one in seen if one.rows is not None]
    if not batches or len(batches) < len(seen):
        return run
    each = len(batches) // run.epochs if len(batches) % run.epochs == 0 else len(batches)
    return replace(run, dealt=tuple(tuple(batches[k : k + each]) for k in range(0, len(batches), each)))


@contextmanager
def _unprinted(text: io.StringIO) -> Iterator[None]:
    """Inside, nothing is shown: a loop that prints its losses is run hundreds of times. `text` gets it."""
    with redirect_stdout(text), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _settings() -> tuple[str, str]:
    """Of torch, as everybody shares them."""
    grad = "gradients enabled" if torch.is_grad_enabled() else "gradients disabled"
    return str(torch.get_default_dtype()), f"{torch.get_num_threads()} threads, {grad}"
