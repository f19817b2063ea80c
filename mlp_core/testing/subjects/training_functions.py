"""Any training function as a subject: the arguments it receives, by the names of its parameters, and its results."""

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
"""the decay of averaged weights: small, so that averaging acts in runs of a few steps; a warm-up would allow no more"""


@dataclass
class Trained:
    """The results of a training function: the final weights, and the returned values."""

    weights: list[Tensor]
    returned: Any
    x: Tensor
    y: Tensor
    settings: tuple[Any, Any] | None
    """torch's settings if it changed them: the new ones, and the previous ones"""
    trainable: bool
    """whether all parameters still require gradients"""
    run: TrainingRun
    """with the batches that it made itself, if it was not given a loader"""
    seen: list[Seen]
    """its batches, if they were watched"""
    printed: str
    module: nn.Module
    """the module that was trained"""


@dataclass(frozen=True)
class TrainerSubject:
    """A function that trains a torch module, recognised by its parameters."""

    train: Callable[..., Any]
    name: str
    roles: Mapping[str, str]
    """parameters by role"""
    around: Mapping[str, str]
    """roles by the name of global variables of its file"""
    given: Mapping[str, Any]
    """the values that are passed for other parameters"""
    optional: frozenset[str]
    """roles of parameters that have a default"""
    weighted: bool = False
    """whether it claims that the loss of an epoch is the mean over its samples"""
    spares: bool = False
    """whether it claims that weight decay excludes biases and other vectors"""
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def takes(self, role: str) -> bool:
        named = role in self.roles or role in self.around.values()
        return named or (role in ("loader", "validation") and self.takes("loaders"))

    def varies(self, role: str) -> bool:
        """Whether momentum, or weight decay, can be passed: directly, or inside an optimizer."""
        return self.takes(role) or self.takes("optimizer")

    @property
    def repeats(self) -> bool:
        """Whether it is called once per epoch, because it takes no number of epochs."""
        return not self.takes("epochs") and not (self.takes("epoch") and counts_epochs(self))

    @property
    def chooses(self) -> bool:
        """Whether its names say that it may end with the weights of an earlier epoch."""
        return not self.repeats and any(chooses(self.train))

    @property
    def stops(self) -> bool:
        """Whether its names say that it may skip the last epochs."""
        return chooses(self.train)[1]

    @property
    def epochs(self) -> tuple[int, int]:
        """The smallest and largest number of epochs. For more than one, a function of one epoch is called several
        times.
        """
        return (2, 3) if not self.repeats or self.takes("optimizer") else (1, 1)

    @property
    def world(self) -> World:
        """The world in which it can be run, found by trying."""
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
        """Whether it is given x and y and makes batches of them that can be observed."""
        return bool(self.world) and bool(self.memo["deals"])

    def runs(self, **options: Any) -> Any:
        """Training runs for it. If it gets x and y, and its batches are not observed, all samples are one batch."""
        world, dealt = self.world, not self.takes("loader")
        return training_runs(
            world, whole=dealt and not self.deals, told=dealt, clip=self.takes("clip"), spares=self.spares,
            accumulation=self.takes("accumulation") and not dealt, **{"epochs": self.epochs, **options},
        )  # fmt: skip

    def trained(
        self, run: TrainingRun, *, validation: Any = None, watched: bool = False, aloud: bool = False,
        seed: int | None = None,
    ) -> Trained:  # fmt: skip
        """Train a new module. `aloud`: with printing switched on, if it has a switch. `seed`: the random state to start
        from; a function that may shuffle always has one. Raises Broken if the function raises.
        """
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
        """The values that are passed, by role."""
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
        """A context in which the global variables of its file that replace missing parameters have the values of the
        run.
        """
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
        """The trained module: the given one, or, if that is unchanged, a returned one."""
        if any(not torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True)):
            return module
        several = returned if isinstance(returned, (tuple, list)) else [returned]
        return next((thing for thing in several if isinstance(thing, nn.Module)), module)

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that builds the run, trains and fails as the law did."""
        return lines_of(self, example, closing)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """A context in which torch, Python and numpy, if it is imported, draw from a seed; None: unchanged. Later draws of
    torch and Python are handled by the engine.
    """
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
    """The run with the batches that the function made; unchanged if one of them is unknown."""
    batches = [tuple(one.rows.tolist()) for one in seen if one.rows is not None]
    if not batches or len(batches) < len(seen):
        return run
    each = len(batches) // run.epochs if len(batches) % run.epochs == 0 else len(batches)
    return replace(run, dealt=tuple(tuple(batches[k : k + each]) for k in range(0, len(batches), each)))


@contextmanager
def _unprinted(text: io.StringIO) -> Iterator[None]:
    """A context without output: a loop that prints its losses is run hundreds of times. `text` receives the output."""
    with redirect_stdout(text), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _settings() -> tuple[str, str]:
    """Global settings of torch."""
    grad = "gradients enabled" if torch.is_grad_enabled() else "gradients disabled"
    return str(torch.get_default_dtype()), f"{torch.get_num_threads()} threads, {grad}"
