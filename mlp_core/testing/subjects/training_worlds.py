"""Finds by trying in which world a training function can be run: classes or values, vectors or images, and its own
loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds.references import reproduces
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.own_losses import loss_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import WORLDS, TrainingRun, World, training_runs
from mlp_core.testing.subjects.watched import Seen

UNKNOWN = "it computes its own loss, which is not a known one: make the loss a parameter"

AT_RANDOM = "two runs with different random states give different weights, and its batches cannot be observed"


def found_by_trying(subject: Any) -> tuple[World, str, bool]:
    """The first world in which a function finishes and its loss is known; the reason if there is none; and whether it
    makes the batches itself and they can be observed.
    """
    ending, refused = list[tuple[World, TrainingRun, list[Seen]]](), list[str]()
    for world, run in _tried(subject):
        try:
            ending.append((world, run, subject.trained(run, watched=True).seen))
        except Broken as broken:
            refused.append(f"{broken.got} ({broken.note})" if broken.note else broken.got)
            continue
        if subject.takes("loss"):
            break
    if not ending:
        return WORLDS[0], refused[0], False
    if subject.takes("loss"):
        world, run, seen = ending[0]
    else:
        own = [(replace(w, own=line), run, seen) for w, run, seen in ending for line in _lines(run, seen)]
        blind = [one for one in ending if not one[2]]
        own += [one for one in blind if _right_in(subject, one[1])]
        if not own:
            return ending[0][0], UNKNOWN, False
        world, run, seen = own[0]
    deals = not subject.takes("loader") and bool(seen) and all(one.rows is not None for one in seen)
    if not deals and not _repeats(subject, run):
        return world, AT_RANDOM, False
    return world, "", deals


def _tried(subject: Any) -> Iterator[tuple[World, TrainingRun]]:
    """Runs of one epoch. If the function makes the batches itself, their samples can be distinguished."""
    dealt = not subject.takes("loader")
    for world in WORLDS:
        runs = training_runs(world, told=dealt, clip=subject.takes("clip"), epochs=(1, 1))
        _, run = sample(runs, 2)  # the first one is all zeros
        yield world, replace(run, batch_size=len(run.x)) if dealt else run


def _lines(run: TrainingRun, seen: list[Seen]) -> Iterator[str]:
    """The losses whose derivative by the outputs equals the observed one in every batch."""
    batches, (_, y) = run.batches(), run.data()
    if not seen or (len(seen) > len(batches) and any(one.rows is None for one in seen)):
        return
    targets = [y[one.rows if one.rows is not None else batches[k]] for k, one in enumerate(seen)]
    for line in run.world.losses():
        if all(_came_back(loss_of(line), one, y) for one, y in zip(seen, targets, strict=True)):
            yield line


def _came_back(loss: Callable[[Tensor, Tensor], Tensor], seen: Seen, y: Tensor) -> bool:
    outputs = seen.outputs.clone().requires_grad_()
    try:
        (upstream,) = torch.autograd.grad(loss(outputs, y), outputs)
    except (RuntimeError, ValueError, IndexError):
        return False
    return upstream.shape == seen.upstream.shape and reproduces(seen.upstream, upstream)


def _right_in(subject: Any, run: TrainingRun) -> bool:
    """Whether plain training ends with the same weights with the loss of the world, for functions whose batches cannot
    be observed.
    """
    run = replace(run, momentum=0.0, weight_decay=0.0)
    try:
        got = subject.trained(run)
    except Broken:
        return False
    module, (x, y) = run.module(), run.data()
    for rows in run.batches():
        grads = torch.autograd.grad(run.world.loss()(module(x[rows]), y[rows]), list(module.parameters()))
        with torch.no_grad():
            for p, g in zip(module.parameters(), grads, strict=True):
                p.sub_(run.lr * g)
    return all(map(reproduces, got.weights, [p.detach().double() for p in module.parameters()]))


def _repeats(subject: Any, run: TrainingRun) -> bool:
    """Whether a function ends with the same weights from another random state. One that does not repeat itself from the
    same state keeps something between runs, which a law reports.
    """
    first, again, other = (subject.trained(run, seed=seed).weights for seed in (1, 1, 2))
    return not all(map(reproduces, first, again)) or all(map(reproduces, first, other))


def counts_epochs(subject: Any) -> bool:
    """Whether a parameter called `epoch` is the number of epochs, not the index of one: then the value 2 gives another
    training.
    """
    if "counts" not in subject.memo:
        subject.memo["counts"] = False  # during the test, one call is one epoch
        subject.memo["counts"] = _counts(subject)
    return bool(subject.memo["counts"])


def _counts(subject: Any) -> bool:
    for _, run in _tried(subject):
        ends = []
        for number in (1, 2):
            try:
                subject.memo["counts"] = True  # so that it receives the number
                ends.append(subject.trained(replace(run, epochs=number)).weights)
            except Broken:
                break
            finally:
                subject.memo["counts"] = False
        if len(ends) == 2:
            return not all(map(reproduces, *ends))
    return False
