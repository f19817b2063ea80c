"""The lines of a snippet that run an optimizer, with their imports. A snippet shows an example, not how the laws run
it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.examples.scenario import Scenario, scaled

RUN = """\
from mlp_core.testing.subjects.snippets import look, replayed, scaled
run, groups, set_lr = replayed(globals())"""

REFERENCE_OF_GROUPS = """\
from mlp_core.testing.examples.scenario import grouped
reference = grouped(lambda params, **hyper: MADE)"""
"""MADE is replaced by the optimizer of one group, made from params and **hyper"""


def replayed(names: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """run, groups and set_lr for a snippet. Its global names, with their values at the time of use, are: fresh, hyper,
    counts, gradients, lr_factors, scalable, scheduled and taken.
    """

    def groups(params: Any) -> list[dict[str, Any]]:
        rest = iter(params)
        sizes = zip(names["counts"], names["hyper"], strict=False)
        return [{"params": [next(rest) for _ in range(n)], **own} for n, own in sizes]

    def set_lr(optimizer: torch.optim.Optimizer, step: int) -> None:
        own, factor = names["hyper"], names["lr_factors"][step]
        every = own if len(own) > 1 else own * len(optimizer.param_groups)
        for group, h in zip(optimizer.param_groups, every, strict=False):
            if "lr" in h and torch.is_tensor(group.get("lr")):
                group["lr"].fill_(h["lr"] * factor)
            elif "lr" in h:
                group["lr"] = h["lr"] * factor
            if names["scheduled"]:
                group.update({name: scaled(h[name], min(factor, 1.0)) for name in names["scalable"]})

    def run(
        make: Callable[..., torch.optim.Optimizer], start: int = 0, stop: int | None = None, params: Any = None,
        state: Any = None, poison: bool = False,
    ) -> Iterator[tuple[list[Tensor], torch.optim.Optimizer]]:  # fmt: skip
        params = names["fresh"]() if params is None else params
        optimizer = make(names["groups"](params), **names["hyper"][0])
        if state is not None:
            for group in optimizer.param_groups:  # loading must restore these
                group.update({name: scaled(group[name], 0.5) for name in names["scalable"]})
            optimizer.load_state_dict(state)
        taken = names["taken"]
        for step in range(len(names["gradients"]))[start:stop]:
            names["set_lr"](optimizer, step)
            for own in optimizer.state.values() if step == 1 and taken else ():
                own["step"] = own["step"] + taken * bool(own["step"])  # as after a longer run
            for p, g in zip(params, names["gradients"][step], strict=False):
                p.grad = None if g is None else g.clone()
            Scenario.step(optimizer, params)
            for p in params if poison else ():
                p.grad.fill_(float("nan"))
            yield params, optimizer

    return run, groups, set_lr


def added(
    names: dict[str, Any], make: Callable[..., torch.optim.Optimizer], late: int, own: dict[str, Any]
) -> tuple[list[Tensor], torch.optim.Optimizer, Callable[[str], tuple[list[Any], torch.optim.Optimizer]]]:
    """Parameters and optimizer after a run in which the second group, with its own hyperparameters, is added after
    `late` steps; and a function that runs the group of "params[1]", or of its state, alone.
    """
    space, k = dict(names), names["counts"][0]
    run, space["groups"], space["set_lr"] = replayed(space)
    params, every = names["fresh"](), names["hyper"]
    space["hyper"] = every[:1]
    optimizer = make([{"params": params[:k], **every[0]}], **every[0])
    for step, row in enumerate(names["gradients"]):
        if step == late:
            optimizer.add_param_group({"params": params[k:], **own})
            space["hyper"] = [every[0], {**every[0], **own}]
        space["set_lr"](optimizer, step)
        for p, g in zip(params if step >= late else params[:k], row, strict=False):
            p.grad = g.clone()
        optimizer.step()

    def alone(name: str) -> tuple[list[Any], torch.optim.Optimizer]:
        new = int(name.rpartition("[")[2][:-1]) >= k
        rows, part = names["gradients"][late * new :], slice(k, None) if new else slice(k)
        space["fresh"], space["gradients"] = lambda: names["fresh"]()[part], [row[part] for row in rows]
        space["lr_factors"], space["hyper"] = names["lr_factors"][late * new :], space["hyper"][new : new + 1]
        space["counts"] = [len(space["fresh"]())]
        *_, (own_params, own_optimizer) = run(make)
        return [None] * (k * new) + own_params, own_optimizer

    return params, optimizer, alone


def look(params: list[Tensor], optimizer: torch.optim.Optimizer, name: str) -> Tensor:
    """The value of "params[1]", or of "momentum_buffer of params[1]", after a step."""
    slot, _, place = name.rpartition(" of ")
    p = params[int(place[len("params[") : -1])]
    return torch.as_tensor(optimizer.state[p][slot]) if slot else p.detach()
