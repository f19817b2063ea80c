"""The training loop, with two switches: gradients by hand or by autograd, updates by hand or by torch.optim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import is_
from typing import Any, Literal

import torch
from torch import Tensor

from mlp_core import losses
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.batches import Batches, Prepared
from mlp_core.losses import Loss
from mlp_core.model import MLP
from mlp_core.passes import Written
from mlp_core.placing import check_alone, check_trainable
from mlp_core.resuming import check_counts
from mlp_core.rules import UpdateRule
from mlp_core.updater import Updater, Updates

__all__ = ["Gradients", "History", "Schedule", "Updates", "fit"]

Gradients = Literal["manual", "autograd"]
Schedule = Callable[[int], UpdateRule]


@dataclass(frozen=True)
class History:
    """The result of fit. step_losses (steps,), in the model's dtype: the loss before each step. epoch_losses (epochs,):
    the mean of the step losses of each epoch, weighted by the samples of each step. checkpoint: pass it to fit as
    `start` to continue.

    >>> from mlp_core import rules
    >>> x, rule = torch.ones(5, 1), rules.get("sgd")()
    >>> history = fit(MLP([1, 1]), x, x, loss="mse", rule=rule, epochs=2, batch_size=2)
    >>> tuple(history.step_losses.shape), tuple(history.epoch_losses.shape)
    ((6,), (2,))
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
    """Train `model` in place for `epochs` epochs over x (N, n_0) and y, where the last batch may be shorter.

    rule: an UpdateRule, or a function of the step (0, 1, ...) that returns one (a schedule). gradients: by `backprop`
    or by autograd. updates: by the rule itself or by its twin in torch.optim. shuffle: draw the order of every epoch
    from `generator` (without one, from a fresh one seeded with 0). start: the checkpoint of an earlier fit. Its
    weights, rule state, generator state and counts are restored, and `epochs` more epochs are run. on_epoch(epoch,
    epoch_loss) is called after every epoch. Raises ArgumentError for arguments that cannot be used; the model is then
    unchanged.

    >>> from mlp_core import rules
    >>> x = torch.linspace(-1, 1, 8)[:, None]
    >>> history = fit(MLP([1, 1]), x, 2 * x, loss="mse", rule=rules.get("sgd")(lr=0.5), epochs=20, batch_size=8)
    >>> bool(history.epoch_losses[-1] < 1e-3 * history.epoch_losses[0])
    True
    """
    loss = losses.get(loss)
    _check(model, x, y, loss, epochs, batch_size, gradients, updates)
    schedule = _schedule(rule)
    if start is not None:
        check_counts(start)
    if not isinstance(generator, (torch.Generator, type(None))):
        raise ArgumentError("generator", generator, "a torch.Generator")
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    first_epoch, step = (0, 0) if start is None else (start["epoch"], start["step"])
    updater = Updater(model, schedule(step), updates)
    if start is not None:
        updater.load(start, generator)
    gradient = _ByHand(model, loss) if gradients == "manual" else _ByAutograd(model, loss)
    prepared: Prepared = Tensor.split
    if gradients == "manual":
        prepared = partial(loss.prepared, outputs=model.sizes[-1], dtype=x.dtype)
    batches = Batches(x, y, batch_size, prepared, generator if shuffle else None)
    # tensors created in inference mode cannot be used by autograd, nor by torch's optimizers outside it
    mode = torch.inference_mode if gradients == updates == "manual" else torch.no_grad
    step_losses: list[Tensor] = []
    epoch_losses: list[Tensor] = []
    samples = torch.tensor(batches.sizes, device=x.device)
    for epoch in range(first_epoch, first_epoch + epochs):
        values = []
        if epoch > first_epoch and (on_epoch is not None or not isinstance(rule, UpdateRule)):  # else unchanged
            _check_again(model, x, gradients)
        gradient.renew()
        with updater.many(), mode():
            for rows, xb, target in batches.of_an_epoch():
                values.append(gradient[rows](xb, target))
                updater.step(schedule(step))
                step += 1
        step_losses.append(torch.stack(values))
        epoch_losses.append((step_losses[-1] * samples).sum() / len(x))
        if on_epoch is not None:
            on_epoch(epoch, epoch_losses[-1].item())
    checkpoint = {**updater.save(generator), "epoch": first_epoch + epochs, "step": step}
    empty = x.new_empty(0)
    return History(
        torch.cat(step_losses) if step_losses else empty, torch.stack(epoch_losses) if epoch_losses else empty,
        checkpoint,
    )  # fmt: skip


def _schedule(rule: UpdateRule | Schedule) -> Schedule:
    """The rule of every step; each is checked."""
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


class _ByHand(dict[int, Written]):
    """Per batch size, the function that fills the gradient buffer for a batch that `fit` has checked, and returns its
    loss.
    """

    def __init__(self, model: MLP, loss: Loss) -> None:
        self.model, self.loss = model, loss
        self.of: tuple[object, ...] = ()

    def renew(self) -> None:
        """Discard the recorded passes if memory or activations of the model have changed."""
        of = self.model.activations, self.model.grad_views  # new ones if the parameters were moved
        if not self.of or not all(map(is_, of, self.of)):
            self.of = of
            self.clear()

    def __missing__(self, rows: int) -> Written:
        model = self.model
        self[rows] = Written(model.activations, model.in_order(), model.grad_views, self.loss)
        return self[rows]


class _ByAutograd:
    """The same with torch's autograd."""

    def __init__(self, model: MLP, loss: Loss) -> None:
        self.model, self.loss = model, loss

    def renew(self) -> None:
        """Autograd has nothing recorded."""

    def __getitem__(self, rows: int) -> _ByAutograd:
        return self

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        self.model.zero_grad()
        with torch.enable_grad():
            value = self.loss.value(self.model(x), y)
        value.backward()
        return value.detach()


def _finite(values: Tensor) -> bool:
    """Whether all entries are finite, of at least one, in a single pass without another tensor of that size."""
    low, high = torch.aminmax(values)
    return bool(torch.isfinite(low) & torch.isfinite(high))  # NaN is both


def _check_again(model: MLP, x: Tensor, gradients: str) -> None:
    """Check what may change between epochs: the model, by `on_epoch`."""
    model.check(x)
    model.flat  # noqa: B018  (its parameters in their places)
    check_alone(model, model.in_order(), model.sizes)
    check_trainable(model.in_order())
    if gradients == "manual":
        model.by_hand()


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
    _check_again(model, x, gradients)
    if len(x) == 0:
        raise ArgumentError("x", Described("no rows"), "at least one sample")
    if not _finite(x):
        raise ArgumentError("x", Described("NaN or infinity"), "finite numbers")
    if not isinstance(y, Tensor):
        raise ArgumentError("y", y, "a torch.Tensor")
    if y.dtype.is_floating_point and y.numel() and not _finite(y):
        raise ArgumentError("y", Described("NaN or infinity"), "finite numbers")
    loss.check(x.new_empty(len(x), model.sizes[-1]), y)
