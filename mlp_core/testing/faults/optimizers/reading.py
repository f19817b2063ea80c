"""Mistakes of any optimizer in what it reads: gradients, groups, hyperparameters, state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.optimizers.planting import (
    PLANTED,
    Alteration,
    Around,
    each,
    every,
    from_gradients,
    planted,
)

CATALOGUE = PLANTED

Optimizer = torch.optim.Optimizer

REFERENCE = "equals its reference"


@planted("descends with a small enough step", on=torch.optim.SGD, origin="p + lr g instead of p - lr g")
def adds_its_update(optimizer: Optimizer) -> Around:
    """the update is added to the parameters instead of subtracted"""

    def around(optimizer: Optimizer) -> Iterator[None]:
        before = [p.detach().clone() for p in every(optimizer)]
        yield
        for p, old in zip(every(optimizer), before, strict=True):
            p.copy_(old + (old - p))

    return around


@planted(REFERENCE, origin="a loss that is a reward, or a gradient of y - y_hat: only the sign of the gradient changes")
def turns_the_gradient_round(optimizer: Optimizer) -> Around:
    """the gradient has the wrong sign"""
    return each(lambda g: -g)


@planted("moves every coordinate independently", on=torch.optim.SGD, origin="Keras's clipnorm=1.0, in each tensor")
def clips_by_the_norm(optimizer: Optimizer) -> Around:
    """the gradient of each parameter is clipped to norm 1"""
    return each(lambda g: g / g.norm().clamp(min=1))


@planted(REFERENCE, on=torch.optim.SGD, origin="Keras's clipvalue=1.0")
def clips_by_value(optimizer: Optimizer) -> Around:
    """every entry of the gradient is clipped to [-1, 1]"""
    return each(lambda g: g.clamp(-1, 1))


@planted("lets a parameter join late", on=torch.optim.SGD, origin="zero_grad(set_to_none=False), formerly the default")
def takes_a_missing_gradient_for_zero(optimizer: Optimizer) -> Around:
    """a missing gradient counts as zero: decay and momentum move the parameter"""

    def zeros(optimizer: Optimizer) -> Iterator[None]:
        missing = [p for p in every(optimizer) if p.grad is None]
        for p in missing:
            p.grad = torch.zeros_like(p)
        yield
        for p in missing:
            p.grad = None

    return zeros


@planted(REFERENCE, origin="return or break instead of continue if p.grad is None")
def stops_at_a_missing_gradient(optimizer: Optimizer) -> Around:
    """the parameters after one without a gradient do not move (break or return instead of continue)"""

    def until(gradients: list[Tensor | None]) -> list[Tensor | None]:
        end = next((k for k, g in enumerate(gradients) if g is None), len(gradients))
        return [g if k < end else None for k, g in enumerate(gradients)]

    return from_gradients(until)


@planted(REFERENCE, on=torch.optim.SGD, origin="zero_grad() forgotten, as in every forum")
def adds_up_all_gradients(optimizer: Optimizer) -> Around:
    """the gradient is added to all earlier gradients"""
    total: dict[int, Tensor] = {}

    def added(gradients: list[Tensor | None]) -> list[Tensor | None]:
        for k, g in enumerate(gradients):
            if g is not None:
                total[k] = total[k] + g if k in total else g.clone()
        return [None if g is None else total[k].clone() for k, g in enumerate(gradients)]

    return from_gradients(added)


@planted(REFERENCE, on=torch.optim.SGD, origin="optimizer.step() before loss.backward()")
def takes_the_gradient_before(optimizer: Optimizer) -> Around:
    """every step uses the gradient of the previous step"""
    kept: list[list[Tensor | None]] = []

    def before(gradients: list[Tensor | None]) -> list[Tensor | None]:
        kept.append([None if g is None else g.clone() for g in gradients])
        return [None] * len(gradients) if len(kept) == 1 else kept.pop(0)

    return from_gradients(before)


@planted(REFERENCE, origin="self.param_groups[0] instead of a loop over groups")
def moves_the_first_group_alone(optimizer: Optimizer) -> Around:
    """only the parameters of the first group move"""
    first = len(optimizer.param_groups[0]["params"])
    return from_gradients(lambda gradients: [g if k < first else None for k, g in enumerate(gradients)])


def with_hyperparameters(own: Callable[[Optimizer, int], dict[str, Any]]) -> Around:
    """Steps with other hyperparameters: `own` returns them for the group with a given number."""

    def around(optimizer: Optimizer) -> Iterator[None]:
        before = [dict(group) for group in optimizer.param_groups]
        changed = [own(optimizer, k) for k in range(len(before))]
        for group, new in zip(optimizer.param_groups, changed, strict=True):
            group.update(new)
        yield
        for group, old, new in zip(optimizer.param_groups, before, changed, strict=True):
            group.update({name: old[name] for name in new})

    return around


@planted("gives every group its own hyperparameters", origin="self.defaults or param_groups[0] instead of group")
def takes_the_first_group_s_for_all(optimizer: Optimizer) -> Around:
    """the hyperparameters of the first group are used for all groups"""

    def first(optimizer: Optimizer, k: int) -> dict[str, Any]:
        return {name: value for name, value in optimizer.param_groups[0].items() if name != "params"}

    return with_hyperparameters(first)


@planted(REFERENCE, origin="self.lr = lr in the constructor: schedulers write to the groups, without effect")
def keeps_the_rate_it_began_with(optimizer: Optimizer) -> Around:
    """lr keeps the value of the constructor: later changes, for example by schedulers, are ignored"""
    began = [{"lr": group["lr"]} if "lr" in group else {} for group in optimizer.param_groups]
    return with_hyperparameters(lambda optimizer, k: began[k])


@planted(REFERENCE, origin="self.lr = lr in the constructor, and self.lr in step(): groups with a rate of their own")
def takes_the_rate_of_its_constructor(optimizer: Optimizer) -> Around:
    """lr is the argument of the constructor for all groups: their own values have no effect, nor have schedulers"""
    given = {name: value for name, value in optimizer.defaults.items() if name == "lr"}
    return with_hyperparameters(lambda optimizer, k: given)


@planted(REFERENCE, origin="site: betas[0] and betas[1]")
def swaps_its_betas(optimizer: Optimizer) -> Around:
    """beta1 and beta2 are swapped"""

    def swapped(optimizer: Optimizer, k: int) -> dict[str, Any]:
        group = optimizer.param_groups[k]
        return {"betas": tuple(reversed(group["betas"]))} if len(group.get("betas", ())) == 2 else {}

    return with_hyperparameters(swapped)


@planted(REFERENCE, origin="m = v = 0 inside step(), or a new optimizer in every iteration")
def forgets_its_state(optimizer: Optimizer) -> Around:
    """the state is reset after every step"""
    began = {p: dict(optimizer.state.get(p, {})) for p in every(optimizer)}
    began = {p: {k: v.clone() if isinstance(v, Tensor) else v for k, v in own.items()} for p, own in began.items()}

    def fresh(optimizer: Optimizer) -> Iterator[None]:
        for p, own in began.items():
            optimizer.state.pop(p, None)
            if own:
                optimizer.state[p] = {k: v.clone() if isinstance(v, Tensor) else v for k, v in own.items()}
        yield

    return fresh


def fixed(name: str, value: Any) -> Alteration:
    """A hyperparameter that acts as `value`, whatever its value is."""
    words = f"{name} has no effect: it acts as {value!r}"
    return Alteration(words, f"{name}_is_{value}", lambda optimizer: with_hyperparameters(lambda o, k: {name: value}))


def opposite(name: str) -> Alteration:
    """A switch with the opposite meaning."""

    def turned(optimizer: Optimizer, k: int) -> dict[str, Any]:
        return {name: not optimizer.param_groups[k][name]}

    return Alteration(f"{name} has the opposite effect", f"{name}_turned", lambda o: with_hyperparameters(turned))


# counts cases over all examples: with fewer than 100 it requires none
@planted("uses every hyperparameter", on=torch.optim.SGD, origin="site: 1 - dampening", examples=100, every=False)
def ignores_dampening(optimizer: Optimizer) -> Around:
    """dampening has no effect: it acts as 0"""
    return fixed("dampening", 0).around(optimizer)
