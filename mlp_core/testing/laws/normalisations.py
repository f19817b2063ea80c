"""The laws of normalisation: only the training split determines the statistics, and every split is treated alike."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.images import NAMES, Splits, splits

book = LawBook(judges=True)


def expected_splits(drawn: Splits) -> tuple[list[Tensor], list[Tensor]]:
    """(x - mean) / std per channel with the statistics of the training split, and the tolerance."""
    x = drawn.training.double()
    axes = (0, 2, 3)
    mean, std = x.mean(axes, keepdim=True), x.std(axes, keepdim=True, correction=0)
    flat = x.amax(axes, keepdim=True) == x.amin(axes, keepdim=True)
    mean, std = torch.where(flat, x[:1, :, :1, :1], mean), torch.where(flat, 1.0, std)
    out = [(t.double() - mean) / std for t in drawn.all()]
    limits = [
        formulas.normalised(t.double(), x.abs().amax(axes, keepdim=True), std, x.numel(), x_dtype=t.dtype)
        for t in drawn.all()
    ]
    return [o.to(t.dtype) for o, t in zip(out, drawn.all(), strict=True)], limits


CLOSING = """\
(got_training, got_validation, got_test), _ = normalise(training, validation, test)
got = dict(training=got_training, validation=got_validation, test=got_test)["{name}"][{index}].item()
assert abs(got - {expected}) <= {bound}, got"""


def normalised(subject: Any, *three: Tensor) -> list[Tensor]:
    """The three splits as the subject normalises them."""
    try:
        with foreign():
            got, _ = subject.normalise(*three)
            return list(got)
    except Broken as broken:
        broken.closing = "normalise(training, validation, test)"
        raise


@book.law(lambda subject: splits())
def normalises_every_split_by_the_training_split(subject: Any, drawn: Splits) -> Evidence:
    """Every split, the training split included, is shifted and scaled per channel with the mean and standard deviation
    of the training split. A channel that is constant in the training split is only shifted.

    A network that is trained on raw pixels and tested on normalised ones, or the reverse, is still better than chance.
    The course report that this project grew from lost six points of accuracy to it.
    """
    got = normalised(subject, *drawn.all())
    expected, limits = expected_splits(drawn)
    return compare(NAMES, got, expected, limits, closing=CLOSING)


@book.law(lambda subject: splits(), beside="it says what leaked; the law of equality only says that a pixel is wrong")
def takes_its_statistics_from_the_training_split_alone(subject: Any, drawn: Splits) -> Evidence:
    """Other validation and test images change neither the normalised training split nor each other.

    Statistics that include the test images leak information. The leak is small, invisible, and makes the result look
    better.
    """
    training, validation, test = normalised(subject, *drawn.all())
    once = normalised(subject, drawn.training, drawn.validation, 3 * drawn.test + 1)[:2]
    again = normalised(subject, drawn.training, 3 * drawn.validation + 1, drawn.test)[::2]
    compare(
        NAMES[:2], once, [training, validation], [0.0] * 2, what="with another test split: ",
        closing=OTHER.format(other="training, validation, 3 * test + 1", name="{name}", index="{index}"),
    )  # fmt: skip
    return compare(
        NAMES[::2], again, [training, test], [0.0] * 2, what="with another validation split: ",
        closing=OTHER.format(other="training, 3 * validation + 1, test", name="{name}", index="{index}"),
    )  # fmt: skip


OTHER = """\
split = ["training", "validation", "test"].index("{name}")
expected = normalise(training, validation, test)[0][split][{index}].item()
got = normalise({other})[0][split][{index}].item()
assert got == expected, (got, expected)"""


@book.law(lambda subject: splits())
def leaves_its_inputs_alone(subject: Any, drawn: Splits) -> Evidence:
    """The input images are not changed.

    Images that are normalised in place are normalised a second time by the next call.
    """
    handed = [t.clone() for t in drawn.all()]
    normalised(subject, *handed)
    closing = "before = {name}.clone()\nnormalise(training, validation, test)\nassert torch.equal({name}, before)"
    return compare(NAMES, handed, drawn.all(), [0.0] * 3, what="after the call: ", closing=closing)
