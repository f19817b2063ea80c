"""Anybody's training function as a subject: what it is handed for the names of its parameters, and what comes back."""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.bounds.references import reproduces
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import WORLDS, TrainingRun, World, training_runs
from mlp_core.testing.subjects.heads import Head
from mlp_core.testing.subjects.training_roles import ROLES, globals_of, parameters_of, told, trains
from mlp_core.testing.subjects.training_snippets import lines_of


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
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def takes(self, role: str) -> bool:
        return role in self.roles or role in self.around.values()

    def varies(self, role: str) -> bool:
        """Whether momentum, or weight decay, can be given: itself, or inside an optimizer."""
        return self.takes(role) or self.takes("optimizer")

    @property
    def epochs(self) -> tuple[int, int]:
        """How many it can be asked for; without its own number, it is called several times on one optimizer."""
        return (2, 3) if self.takes("epochs") or self.takes("optimizer") else (1, 1)

    @property
    def world(self) -> World:
        """What it can be handed, found by trying: the first in which its plain training is right, else the first in
        which it ends, else the first of all."""
        if "world" not in self.memo:
            with guards.globals_kept():
                self.memo["world"] = self._found()
        return self.memo["world"]

    @property
    def refused(self) -> str:
        """Why it ends in no world: what it raises in the first; empty if it ends."""
        return str(self.memo["refused"]) if self.world and "refused" in self.memo else ""

    def _found(self) -> World:
        ending = next((world for world in WORLDS if self._runs_in(world)), None)
        if ending is None:
            return WORLDS[0]
        self.memo.pop("refused", None)
        if self.takes("loss"):
            return ending
        same = (w for w in WORLDS if (w.dtype, w.images) == (ending.dtype, ending.images) and self._right_in(w))
        return next(same, ending)  # its own loss is not seen, but what it trains to is

    def _runs_in(self, world: World) -> bool:
        (run,) = sample(training_runs(world, whole=self.whole(world), epochs=(1, 1)), 1)
        try:
            self.trained(run)
        except Broken as broken:
            self.memo.setdefault("refused", f"{broken.got} ({broken.note})" if broken.note else broken.got)
            return False
        return True

    def _right_in(self, world: World) -> bool:
        _, run = sample(training_runs(world, whole=self.whole(world), epochs=(1, 1)), 2)
        try:
            got = self.trained(run)
        except Broken:
            return False
        module, (x, y) = run.module(), run.data()
        for rows in run.batches():
            grads = torch.autograd.grad(run.world.loss()(module(x[rows]), y[rows]), list(module.parameters()))
            with torch.no_grad():
                for p, g in zip(module.parameters(), grads, strict=True):
                    p.sub_(run.lr * g)
        return all(map(reproduces, got.weights, [p.detach().double() for p in module.parameters()]))

    def whole(self, world: World) -> bool:
        """Whether it is handed all samples as one batch: given x and y, it may cut and shuffle them as it likes."""
        return not self.takes("loader")

    def runs(self, **options: Any) -> Any:
        """Training runs for it."""
        accumulates = self.takes("accumulation")
        return training_runs(
            self.world, whole=self.whole(self.world), clip=self.takes("clip"), accumulation=accumulates,
            **{"epochs": self.epochs, **options},
        )  # fmt: skip

    def trained(self, run: TrainingRun, *, validation: Any = None) -> Trained:
        """Train a new module. Raises Broken where the function raises."""
        module, (x, y) = run.module(), run.data()
        before = [p.detach().clone() for p in module.parameters()]
        values = {
            "model": module, "loss": run.world.loss(), "loader": run.loader(x, y), "x": x, "y": y, "lr": run.lr,
            "epochs": run.epochs, "momentum": run.momentum, "decay": run.weight_decay, "batch_size": run.batch_size,
            "clip": run.clip, "accumulation": run.accumulation, "device": torch.device("cpu"), "verbose": False,
            "optimizer": run.optimizer(module), "validation": validation or run.loader(2 * x + 1, y),
        }  # fmt: skip
        left_alone = {"verbose", "device"} | ({"validation"} if validation is None else set())
        own = {p: values[r] for r, p in self.roles.items() if r not in left_alone & self.optional}
        with guards.default_dtype(run.world.dtype), self._surrounded(values), torch.enable_grad(), _unprinted():
            settings = _settings()
            with guards.foreign():
                for _ in range(1 if self.takes("epochs") else run.epochs):
                    returned = self.train(**own, **self.given)
            now = _settings()
        ended = self._module_of(module, before, returned)
        weights = [p.detach().double().clone() for p in ended.parameters()]
        if [w.shape for w in weights] != [w.shape for w in run.weights]:
            raise Broken("the module it returns", "other parameters", "those of the module it was given")
        trainable = all(p.requires_grad for p in ended.parameters())
        return Trained(weights, returned, x, y, None if now == settings else (now, settings), trainable)

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
def _unprinted() -> Iterator[None]:
    """Inside, nothing is printed: a loop that prints its losses is run hundreds of times."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _settings() -> tuple[str, str]:
    """Of torch, as everybody shares them."""
    grad = "gradients enabled" if torch.is_grad_enabled() else "gradients disabled"
    return str(torch.get_default_dtype()), f"{torch.get_num_threads()} threads, {grad}"


def as_fit(function: Callable[..., Any]) -> bool:
    """Whether a function has the signature of mlp_core.fit: its names, or options of any name."""
    head = Head.of(function)
    if head is None or head.form() == "training":
        return True
    options = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
    return options and not trains(told([*head.positional, *head.others]))


def of_training(
    function: Callable[..., Any], roles: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None,
    weighted: bool = False,
) -> TrainerSubject:  # fmt: skip
    """The subject of a training function: its parameters told by their names, but for those in `roles` (parameter ->
    role) and `given` (parameter -> value). Raises ArgumentError where something cannot be told."""
    own, given = dict(roles or {}), dict(given or {})
    parameters = [p for p in parameters_of(function) if p.name not in given]
    names = [p.name for p in parameters]
    for name, role in own.items():
        if name not in names or role not in ROLES:
            raise ArgumentError("roles", Described(f"{name!r}: {role!r}"), f"a parameter ({names}) and {list(ROLES)}")
    found = told([name for name in names if name not in own])
    found = {**{r: p for r, p in found.items() if r not in own.values()}, **{r: p for p, r in own.items()}}
    around = globals_of(function, found)
    for p in parameters:
        if p.name not in found.values() and p.default is p.empty:
            raise ArgumentError(
                name_of(function), Described(f"the parameter {p.name!r}, whose name says nothing"),
                f"roles={{{p.name!r}: one of {', '.join(ROLES)}}}, or given={{{p.name!r}: its value}}",
            )  # fmt: skip
    both = {**{role: name for name, role in around.items()}, **found}
    if not trains(both):
        raise ArgumentError(
            name_of(function), Described(f"parameters {', '.join(names)}"),
            "a module, its data (a loader, or x and y), and the number of epochs, a learning rate or an optimizer; say "
            "which parameter is which with roles={...}",
        )  # fmt: skip
    if "lr" not in both and "optimizer" not in both:
        raise ArgumentError(
            name_of(function), Described(f"parameters {', '.join(names)}"), "a learning rate or an optimizer"
        )
    defaults = {p.name for p in parameters if p.default is not p.empty}
    optional = frozenset(role for role, name in found.items() if name in defaults)
    return TrainerSubject(function, name_of(function), found, around, given, optional, weighted)
