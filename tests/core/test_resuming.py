"""Training that stops and goes on from its checkpoint has the numbers of training that never stopped."""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from short_runs import RULE, SGD, SWITCHES, assert_identical, schedule, train

from mlp_core import rules
from mlp_core.rules import UpdateRule
from mlp_core.testing.subjects.rules import twin_of


def saved(checkpoint: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(checkpoint, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


@pytest.mark.parametrize("through_file", [False, True], ids=["in memory", "through a file"])
@pytest.mark.parametrize(("gradients", "updates"), SWITCHES)
def test_going_on_from_a_checkpoint_equals_never_having_stopped(
    gradients: str, updates: str, through_file: bool
) -> None:
    options = {"shuffle": True, "gradients": gradients, "updates": updates, "rule": schedule}
    whole_model, whole = train(epochs=5, generator=torch.Generator().manual_seed(4), **options)
    _, first = train(epochs=2, generator=torch.Generator().manual_seed(4), **options)
    start = saved(first.checkpoint) if through_file else first.checkpoint
    model, second = train(epochs=3, start=start, **options)  # weights and generator come from the checkpoint
    assert torch.equal(model.flat, whole_model.flat)
    assert [*first.step_losses.tolist(), *second.step_losses.tolist()] == whole.step_losses.tolist()
    assert [*first.epoch_losses.tolist(), *second.epoch_losses.tolist()] == whole.epoch_losses.tolist()
    assert (second.checkpoint["epoch"], second.checkpoint["step"]) == (5, 15)


OF_ANY_SHAPE = [name for name in rules.names() if rules.get(name).ndims is None and twin_of(rules.get(name))]


@pytest.mark.parametrize("updates", ["manual", "torch"])
@pytest.mark.parametrize("name", OF_ANY_SHAPE)
def test_every_rule_goes_on_with_the_numbers_it_stopped_with(name: str, updates: str) -> None:
    """In float64, to whose dtype torch's load_state_dict casts what NAdam and ASGD keep in float32."""
    options = {"rule": rules.get(name)(), "updates": updates}
    whole = train(epochs=4, **options)
    start = train(epochs=2, **options)[1].checkpoint
    assert torch.equal(train(epochs=2, start=start, **options)[0].flat, whole[0].flat)


@dataclass(frozen=True)
class TensorByTensor(SGD):
    """SGD that keeps every parameter's state in memory of its own."""

    per_tensor: ClassVar = True


@pytest.mark.parametrize("rule", [RULE, TensorByTensor(lr=0.01, momentum=0.9)], ids=["flat", "per tensor"])
@pytest.mark.parametrize("updates", ["manual", "torch"])
def test_a_checkpoint_is_a_copy_that_serves_twice(updates: str, rule: UpdateRule) -> None:
    options = {"updates": updates, "rule": rule}
    model, first = train(epochs=1, **options)
    kept = copy.deepcopy(first.checkpoint)
    runs = [train(epochs=2, start=first.checkpoint, **options) for _ in range(2)]
    assert_identical(*runs)
    train(epochs=2, model=model, start=first.checkpoint, **options)  # and the model it was taken from may go on
    assert repr(first.checkpoint) == repr(kept)
    assert_identical(train(epochs=2, start=first.checkpoint, **options), runs[0])


def test_a_schedule_goes_on_where_it_stopped() -> None:
    asked: list[int] = []

    def schedule(step: int) -> UpdateRule:
        asked.append(step)
        return RULE

    _, first = train(epochs=1, rule=schedule)
    before = len(asked)
    train(epochs=1, rule=schedule, start=first.checkpoint)
    assert min(asked[before:]) == first.checkpoint["step"] == 3


def test_a_training_that_has_diverged_goes_on_as_it_was() -> None:
    options: dict[str, Any] = {"rule": rules.get("sgd")(lr=1e200, momentum=0.9)}
    whole = train(epochs=4, **options)[0].flat
    start = train(epochs=2, **options)[1].checkpoint
    assert start["flat"].isnan().any()
    assert torch.equal(train(epochs=2, start=start, **options)[0].flat.isnan(), whole.isnan())
