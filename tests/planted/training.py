"""Wrong training loops and normalisations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core import MLP, fit
from mlp_core.experiment.normalise import normalise
from mlp_core.testing import subjects
from mlp_core.training import History
from planted import Catalogue

CATALOGUE = Catalogue()
caught_by = CATALOGUE.caught_by
FEWER = 50  # examples: a training run is dear, and these mistakes show in most


@caught_by("equals torch to the bit", "weighs epoch losses by samples", right=fit, examples=FEWER)
def drops_the_short_batch(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    n = max(len(x) // batch_size * batch_size, min(batch_size, len(x)))
    return fit(model, x[:n], y[:n], rule=rule, epochs=epochs, batch_size=batch_size, **more)


def as_our_own(fit: Any) -> Any:
    """Held to the bit, as the core's loop alone is."""
    return replace(subjects.training(fit), to_the_bit=True)


@caught_by("equals torch to the bit", "follows torch step by step", right=fit, subject=as_our_own, examples=FEWER)
def loses_the_last_bit_of_a_loss(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    history = fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more)
    return replace(history, step_losses=torch.nextafter(history.step_losses, torch.tensor(0.0, dtype=x.dtype)))


@caught_by("equals torch to the bit", right=fit, subject=as_our_own, examples=FEWER)
def loses_the_last_bit_of_a_weight(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    history = fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more)
    model.flat[0] = torch.nextafter(model.flat[0], torch.tensor(9.0, dtype=x.dtype))
    return history


@caught_by("equals torch to the bit", "follows torch step by step", right=fit, examples=FEWER)
def is_off_by_1e_10_in_one_weight(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    history = fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more)
    model.flat[0] *= 1 + 1e-10  # held within rounding, as anybody's loop is
    return history


@caught_by("equals torch to the bit", right=fit, examples=FEWER)
def forgets_momentum_between_epochs(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    parts = [fit(model, x, y, rule=rule, epochs=1, batch_size=batch_size, **more) for _ in range(epochs)]
    losses = torch.cat([part.step_losses for part in parts]), torch.cat([part.epoch_losses for part in parts])
    return History(*losses, parts[-1].checkpoint)


@caught_by("follows torch step by step", right=fit, examples=FEWER)
def divides_the_rate_by_the_batch(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    return fit(model, x, y, rule=replace(rule, lr=rule.lr / batch_size), epochs=epochs, batch_size=batch_size, **more)


@caught_by("follows torch step by step", right=fit, examples=FEWER)
def loss_after_the_step(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    history = fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more)
    last = more["loss"].value(model(x[-batch_size:]), y[-batch_size:]).detach()
    return replace(history, step_losses=torch.cat([history.step_losses[1:], last[None]]))


@caught_by("sees every sample once an epoch", right=fit, examples=FEWER)
def draws_samples_with_replacement(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, shuffle: bool = False, **more: Any
) -> History:
    drawn = torch.randint(len(x), (len(x),), generator=torch.Generator().manual_seed(0))
    rows = drawn if shuffle else torch.arange(len(x))
    return fit(model, x[rows], y[rows], rule=rule, epochs=epochs, batch_size=batch_size, shuffle=shuffle, **more)


@caught_by("sees every sample once an epoch", right=fit, examples=FEWER)
def shuffles_the_labels_apart(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, shuffle: bool = False, **more: Any
) -> History:
    y = y.roll(1, 0) if shuffle else y
    return fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, shuffle=shuffle, **more)


@caught_by("weighs epoch losses by samples", right=fit, examples=FEWER)
def plain_mean_of_step_losses(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    history = fit(model, x, y, rule=rule, epochs=epochs, batch_size=batch_size, **more)
    return replace(history, epoch_losses=history.step_losses.view(epochs, -1).mean(1))


@caught_by("repeats under a seed", right=fit, examples=FEWER)
def shuffles_by_the_global_random_state(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, shuffle: bool = False,
    generator: torch.Generator | None = None, **more: Any,
) -> History:  # fmt: skip
    rows = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
    return fit(model, x[rows], y[rows], rule=rule, epochs=epochs, batch_size=batch_size, **more)


@caught_by("repeats under a seed", right=fit, examples=FEWER)
def centres_its_data_in_place(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    return fit(model, x.sub_(x.mean(0) / 2), y, rule=rule, epochs=epochs, batch_size=batch_size, **more)


@caught_by("sees every sample once an epoch", "follows torch step by step", right=fit, examples=FEWER)
def is_not_written_yet(
    model: MLP, x: Tensor, y: Tensor, *, rule: Any, epochs: int, batch_size: int, **more: Any
) -> History:
    raise NotImplementedError("to be done")


def by(mean: Tensor, std: Tensor, *three: Tensor) -> Any:
    return tuple((t - mean) / std for t in three), (mean, std)


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    axes = (0, 2, 3)
    std = x.std(axes, keepdim=True, correction=0)
    return x.mean(axes, keepdim=True), torch.where(std > 1e-6, std, 1.0)


@caught_by("normalises every split by the training split", right=normalise)
def leaves_the_training_split_as_it_is(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    (_, *others), record = normalise(training, validation, test)
    return (training, *others), record


@caught_by("normalises every split by the training split", right=normalise)
def divides_by_the_unbiased_deviation(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    mean, std = statistics(training)
    n = training.numel() / training.shape[1]
    return by(mean, std * (n / max(n - 1, 1)) ** 0.5, training, validation, test)


@caught_by("takes its statistics from the training split alone", right=normalise)
def takes_statistics_of_all_splits(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    return by(*statistics(torch.cat([training, validation, test])), training, validation, test)


@caught_by("takes its statistics from the training split alone", right=normalise)
def scales_training_images_by_validation(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    return by(*statistics(torch.cat([training, validation])), training, validation, test)


@caught_by("leaves its inputs alone", right=normalise)
def normalises_in_place(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    mean, std = statistics(training)
    return tuple(t.sub_(mean).div_(std) for t in (training, validation, test)), (mean, std)


@caught_by("leaves its inputs alone", right=normalise)
def wants_batches_of_images(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    raise ValueError("too many values to unpack")
