"""The training loop, with two switches: gradients by hand or by autograd, updates by hand or by torch.optim."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from mlp_core import losses
from mlp_core.backprop import reverse
from mlp_core.errors import ArgumentError, Described
from mlp_core.losses import Loss
from mlp_core.model import MLP
from mlp_core.rules import UpdateRule
from mlp_core.rules._optimizer import RuleOptimizer
from mlp_core.rules._segment import Work

Gradients = Literal["manual", "autograd"]
Updates = Literal["manual", "torch"]
Schedule = Callable[[int], UpdateRule]

CHECKPOINT = {"epoch", "step", "flat", "state", "generator", "sizes", "rule", "updates"}
"""what a checkpoint holds"""


@dataclass(frozen=True)
class History:
    """What fit did.

    step_losses (steps,), in the model's dtype: each before its step. epoch_losses (epochs,): the step losses of an
    epoch averaged, weighted by the samples of each step. checkpoint: hand it to fit as `start` to go on.
    """

    step_losses: Tensor
    epoch_losses: Tensor
    checkpoint: dict[str, Any]


def fit(
    model: MLP, x: Tensor, y: Tensor, *, loss: str | Loss, rule: UpdateRule | Schedule, epochs: int, batch_size: int,
    gradients: Gradients = "manual", updates: Updates = "manual", shuffle: bool = False,
    generator: torch.Generator | None = None, start: dict[str, Any] | None = None,
    on_epoch: Callable[[int, float], object] | None = None,
) -> History:  # fmt: skip
    """Train `model` in place for `epochs` epochs over x (N, n_0) and y, the last batch as short as it comes.

    rule: an UpdateRule, or a function of the step (0, 1, ...) that returns one (a schedule). gradients: by `backprop`
    or by autograd. updates: by the rule itself or by its twin in torch.optim. shuffle: draw the order of every epoch
    from `generator` (without one, from a fresh one seeded with 0). start: the checkpoint of an earlier fit, whose
    weights, rule state, generator state and counts are taken up; `epochs` more are run. on_epoch(epoch, epoch_loss)
    is called after every epoch. Raises ArgumentError for what cannot be trained on; the model is then untouched.

    >>> from mlp_core import rules
    >>> x = torch.linspace(-1, 1, 8)[:, None]
    >>> history = fit(MLP([1, 1]), x, 2 * x, loss="mse", rule=rules.get("sgd")(lr=0.5), epochs=20, batch_size=8)
    >>> bool(history.epoch_losses[-1] < 1e-3 * history.epoch_losses[0])
    True
    """
    loss = losses.get(loss)
    _check(model, x, y, loss, epochs, batch_size, gradients, updates)
    schedule = _schedule(rule)
    if start is not None and not (isinstance(start, dict) and start.keys() >= CHECKPOINT):
        raise ArgumentError("start", start, "the checkpoint of a History")
    if not isinstance(generator, (torch.Generator, type(None))):
        raise ArgumentError("generator", generator, "a torch.Generator")
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    first_epoch, step = (0, 0) if start is None else (start["epoch"], start["step"])
    engine = _Engine(model, schedule(step), updates)
    if start is not None:
        engine.load(start, generator)
    step_losses: list[Tensor] = []
    epoch_losses: list[Tensor] = []
    sizes = [min(batch_size, len(x) - begin) for begin in range(0, len(x), batch_size)]
    samples = torch.tensor(sizes, device=x.device)
    for epoch in range(first_epoch, first_epoch + epochs):
        first = len(step_losses)
        engine.prepare()
        for rows in _batches(len(x), batch_size, generator if shuffle else None):
            xb, yb = x[rows], y[rows]
            step_losses.append(_gradient(model, xb, yb, loss, gradients))
            engine.step(schedule(step))
            step += 1
        engine.settle()
        epoch_losses.append((torch.stack(step_losses[first:]) * samples).sum() / len(x))
        if on_epoch is not None:
            on_epoch(epoch, epoch_losses[-1].item())
    checkpoint = {**engine.save(generator), "epoch": first_epoch + epochs, "step": step}
    empty = x.new_empty(0)
    return History(
        torch.stack(step_losses) if step_losses else empty, torch.stack(epoch_losses) if epoch_losses else empty,
        checkpoint,
    )  # fmt: skip


def _schedule(rule: UpdateRule | Schedule) -> Schedule:
    """The rule of every step, each checked to be one."""
    expected = "an UpdateRule, made with its hyperparameters, or a function of the step that returns one"
    if isinstance(rule, UpdateRule):
        return lambda step: rule
    if isinstance(rule, type) or not callable(rule):
        raise ArgumentError("rule", rule, expected)

    def checked(step: int) -> UpdateRule:
        made = rule(step)
        if not isinstance(made, UpdateRule):
            raise ArgumentError(f"rule({step})", made, "an UpdateRule")
        return made

    return checked


def _gradient(model: MLP, x: Tensor, y: Tensor, loss: Loss, gradients: Gradients) -> Tensor:
    """Fill the gradient buffer for one batch, that `fit` has checked; the loss before the step."""
    if gradients == "manual":
        with torch.inference_mode():
            trace = model.traced(x)
            reverse(model, trace, loss.grad(trace.output, y))
            return loss.value(trace.output, y)
    model.zero_grad()
    with torch.enable_grad():
        value = loss.value(model(x), y)
    value.backward()
    return value.detach()


def _batches(n: int, batch_size: int, generator: torch.Generator | None) -> Iterator[slice | Tensor]:
    """The rows of each batch: slices in order, or of a permutation drawn by `generator`."""
    order = None if generator is None else torch.randperm(n, generator=generator)
    for begin in range(0, n, batch_size):
        rows = slice(begin, min(begin + batch_size, n))
        yield rows if order is None else order[rows]


class _Engine:
    """The model's updates, by the rule's own optimizer or by its twin, with what a checkpoint must hold."""

    def __init__(self, model: MLP, rule: UpdateRule, updates: Updates) -> None:
        self.model, self.rule, self.updates = model, rule, updates
        self.optimizer = _optimizer(rule, model.parameters(), updates)
        self.work: list[Work] | None = None

    def prepare(self) -> None:
        """Look once for many steps what there is to do: until `settle`, nobody else touches model or optimizer."""
        self.model.flat_grad  # noqa: B018  (binds every parameter's grad)
        if isinstance(self.optimizer, RuleOptimizer):
            self.work = self.optimizer.prepared()

    def settle(self) -> None:
        if isinstance(self.optimizer, RuleOptimizer) and self.work is not None:
            self.optimizer.settle(self.work)
            self.work = None

    def step(self, rule: UpdateRule) -> None:
        if rule is not self.rule and rule != self.rule:
            prepared = self.work is not None
            self.settle()
            self.optimizer.param_groups[0].update(_hyperparameters(rule, self.model, self.updates))
            self.rule = rule
            if prepared:
                self.prepare()
        if self.work is None:
            self.optimizer.step()
        else:
            with torch.inference_mode():
                RuleOptimizer.apply(self.work)

    def save(self, generator: torch.Generator) -> dict[str, Any]:
        state = self.optimizer.state_dict()["state"]  # no copy: nobody steps this optimizer any more
        return {
            "flat": self.model.flat.clone(), "state": state, "generator": generator.get_state(),
            "sizes": list(self.model.sizes), "rule": repr(self.rule), "updates": self.updates,
        }  # fmt: skip

    def load(self, start: dict[str, Any], generator: torch.Generator) -> None:
        if start["updates"] != self.updates:
            raise ArgumentError("start", Described(f"updates by {start['updates']}"), f"updates by {self.updates}")
        got = f"sizes {start['sizes']} in {start['flat'].dtype}"
        own = f"sizes {list(self.model.sizes)} in {self.model.flat.dtype}"
        if got != own:
            raise ArgumentError("start", Described(got), f"a checkpoint of this model, {own}")
        state = copy.deepcopy(start["state"])  # load_state_dict keeps the tensors it is given, and steps write to them
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        params = self.optimizer.param_groups[0]["params"]
        for index, saved in state.items():
            own = self.optimizer.state[params[index]]
            for name, value in saved.items():
                if isinstance(value, Tensor) and value.dtype != own[name].dtype:  # torch casts all to the dtype of p
                    own[name] = torch.empty_like(own[name], dtype=value.dtype).copy_(value)
        with torch.no_grad():
            self.model.flat.copy_(start["flat"])
        generator.set_state(start["generator"])


def _optimizer(rule: UpdateRule, params: Any, updates: Updates) -> torch.optim.Optimizer:
    if updates == "manual":
        return rule.optimizer(params)
    twin = rule.twin(params)
    if twin is None:
        raise ArgumentError("updates", "torch", f"manual: torch has no {type(rule).__name__}")
    return twin


def _hyperparameters(rule: UpdateRule, model: MLP, updates: Updates) -> dict[str, Any]:
    """What a rule writes into a param_group, in the words of its engine."""
    group = _optimizer(rule, [model.flat.new_zeros(1)], updates).param_groups[0]
    return {name: value for name, value in group.items() if name != "params"}


def _finite(values: Tensor) -> bool:
    """Whether all of at least one are, in one pass and without another tensor of that size."""
    low, high = torch.aminmax(values)
    return bool(torch.isfinite(low) & torch.isfinite(high))  # NaN is both


def _check(
    model: MLP, x: Tensor, y: Tensor, loss: Loss, epochs: int, batch_size: int, gradients: str, updates: str
) -> None:
    for name, value, low in (("epochs", epochs, 0), ("batch_size", batch_size, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ArgumentError(name, value, f"an integer >= {low}")
    for switch, chosen, known in (
        ("gradients", gradients, ("manual", "autograd")), ("updates", updates, ("manual", "torch")),
    ):  # fmt: skip
        if chosen not in known:
            raise ArgumentError(switch, chosen, " or ".join(known))
    if not isinstance(model, MLP):
        raise ArgumentError("model", model, "an MLP")
    model.check(x)
    if len(x) == 0:
        raise ArgumentError("x", Described("no rows"), "at least one sample")
    if not _finite(x):
        raise ArgumentError("x", Described("NaN or infinity"), "finite numbers")
    if not isinstance(y, Tensor):
        raise ArgumentError("y", y, "a torch.Tensor")
    if y.dtype.is_floating_point and y.numel() and not _finite(y):
        raise ArgumentError("y", Described("NaN or infinity"), "finite numbers")
    loss.check(x.new_empty(len(x), model.sizes[-1]), y)
