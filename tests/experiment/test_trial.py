"""One trial of a search: its draw, its epochs, what is kept of it, and that it goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_searches import RANGES, small_data, small_plan

from mlp_core import ArgumentError
from mlp_core.experiment.draws import Range, draw, range_of, seed_of
from mlp_core.experiment.plan import Plan, ranges_of
from mlp_core.experiment.search import unnormalised
from mlp_core.experiment.trial import Outcome, Trial
from mlp_core.normalise import Normalisation
from mlp_core.training import fit

pytest.importorskip("safetensors", reason="checkpoints need safetensors")

KNOWN = small_data().known()


class Stopped(Exception):
    pass


def stopped_after(epoch: int) -> Any:
    def on_epoch(epochs: int) -> None:
        if epochs == epoch:
            raise Stopped

    return on_epoch


def ran(plan: Plan, number: int = 1, **options: Any) -> Outcome:
    trial = Trial(plan, KNOWN, number, **options)
    trial.run()
    return trial.outcome()


def test_a_draw_depends_on_seed_and_number_alone() -> None:
    table = [draw(RANGES, 7, k) for k in range(200)]
    assert table[::-1] == [draw(RANGES, 7, k) for k in reversed(range(200))]
    assert len({row["lr"] for row in table} | {row["lr"] for row in (draw(RANGES, 8, k) for k in range(200))}) > 390
    assert len({seed_of(s, k) for s in range(20) for k in range(20)}) == 400
    for name, range_ in RANGES.items():
        values = [row[name] for row in table]
        assert all(range_.low <= value <= range_.high for value in values)
        middle = range_.at(0.5)  # half of the draws on either side: binomial, 7 deviations of sqrt(200) / 2
        assert abs(sum(value < middle for value in values) - 100) < 50


def test_a_draw_of_small_numbers_keeps_their_digits() -> None:
    assert Range(1e-14, 1e-12).at(0.5) == 1e-13
    assert Range(1e-10, 1e-6).at(0.3) == 1.58489e-09


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("lr", "1:0.1", "did you mean 0.1:1?"),
        ("lr", "0:0.1", "LOW above 0"),
        ("lr", "fast", "two finite numbers >= 0"),
        ("lr", "0.1:inf", "two finite numbers >= 0"),
        ("lr", "1:2:3", "two finite numbers >= 0"),
        ("momentum", "0.5:1", "HIGH below 1"),
    ],
)
def test_a_range_that_is_none_is_refused_by_name(name: str, text: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{name}: got '{text}'") as error:
        range_of(name, text, below_one=name == "momentum")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("trials", 0), ("epochs", 1.5), ("batch_size", True), ("seed", -1), ("keep", "worst"), ("schedule", "cosin"),
     ("rule", "sdg"), ("hidden", (3, 0)), ("dtype", "float16"), ("loss", "none"), ("gradients", "torch")],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=field if field != "rule" else "update rule|rule"):
        small_plan(**{field: value})


def test_ranges_outside_the_domain_of_the_rule_are_refused() -> None:
    with pytest.raises(ArgumentError, match="momentum"):
        small_plan(rule="adam", ranges={"momentum": Range(0.5, 0.9)})
    with pytest.raises(ArgumentError, match="a learning rate in the ranges"):
        small_plan(schedule="linear", ranges={})
    assert ranges_of("adam", {"lr": "0.1", "momentum": "0.5"}) == {"lr": Range(0.1, 0.1)}


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_by_hand_equals_torch_to_the_bit(schedule: Any, mirror: bool) -> None:
    plan = small_plan(schedule=schedule, mirror=mirror)
    assert ran(plan) == ran(plan, gradients="autograd", updates="torch")


@pytest.mark.parametrize("rule", ["sgd", "adam", "adafactor"])
@pytest.mark.parametrize("stop", [1, 2])
def test_it_goes_on_to_the_same_bits(tmp_path: Path, rule: str, stop: int) -> None:
    ranges = {name: range_ for name, range_ in RANGES.items() if rule == "sgd" or name != "momentum"}
    plan = small_plan(rule=rule, ranges=ranges, mirror=True, schedule="cosine", epochs=4)
    path = tmp_path / "trial"
    with pytest.raises(Stopped):
        Trial(plan, KNOWN, 1, path=path).run(stopped_after(stop))
    again = Trial(plan, KNOWN, 1, path=path)
    assert len(again.epoch_losses) == stop
    again.run()
    whole = Trial(plan, KNOWN, 1)
    whole.run()
    assert again.outcome() == whole.outcome()
    assert again.step_losses == whole.step_losses
    assert torch.equal(again.network().flat, whole.network().flat)


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) - 20
    return {
        "cut short": content[: len(content) // 2],
        "empty": b"",
        "one byte changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "no checkpoint at all": b"hello" * 100,
    }


@pytest.mark.parametrize("what", list(damaged(b" " * 40)))
def test_a_checkpoint_that_is_not_as_it_was_written_is_refused_by_name(tmp_path: Path, what: str) -> None:
    path, said = tmp_path / "trial", []
    with pytest.raises(Stopped):
        Trial(small_plan(), KNOWN, 1, path=path).run(stopped_after(2))
    path.write_bytes(damaged(path.read_bytes())[what])
    assert ran(small_plan(), path=path, on_refused=said.append) == ran(small_plan())
    assert len(said) == 1
    assert str(path) in said[0]
    assert "trial 1 begins anew" in said[0]


@pytest.mark.parametrize("changed", ["number", "plan", "images"])
def test_a_checkpoint_of_another_trial_is_refused(tmp_path: Path, changed: str) -> None:
    path, said = tmp_path / "trial", []
    Trial(small_plan(), KNOWN, 1, path=path).run()
    known = replace(KNOWN, training=replace(KNOWN.training, x=KNOWN.training.x + 1)) if changed == "images" else KNOWN
    plan = small_plan(keep="last") if changed == "plan" else small_plan()
    trial = Trial(plan, known, 2 if changed == "number" else 1, path=path, on_refused=said.append)
    assert trial.epoch_losses == []
    assert "it belongs to another trial or another search" in said[0]


def test_the_best_epoch_is_kept_or_the_last() -> None:
    plan = small_plan(epochs=12)
    best, last = ran(plan), ran(replace(plan, keep="last"))
    pairs = list(zip(best.validation_accuracies, (-loss for loss in best.validation_losses), strict=True))
    assert best.kept_epoch == pairs.index(max(pairs)) + 1 < 12
    assert last.kept_epoch == 12
    assert best.validation_accuracies == last.validation_accuracies
    assert best.digest != last.digest


def test_mirrored_images_are_images_turned_left_to_right() -> None:
    trial = Trial(small_plan(mirror=True), KNOWN, 1)
    x, y = trial._images()
    n = len(KNOWN.training)
    assert torch.equal(x[:n], KNOWN.training.x)
    for column in range(4):
        assert torch.equal(x[n:].view(n, 3, 4, 4)[..., column], x[:n].view(n, 3, 4, 4)[..., 3 - column])
    assert torch.equal(y, torch.cat([KNOWN.training.y, KNOWN.training.y]))
    assert ran(small_plan(mirror=True)) != ran(small_plan())


def test_an_epoch_has_each_image_once_as_it_is_or_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def remembering(model: Any, x: torch.Tensor, y: torch.Tensor, **options: Any) -> Any:
        given.append((x.tolist(), y.tolist()))
        return fit(model, x, y, **options)

    monkeypatch.setattr("mlp_core.experiment.trial.fit", remembering)
    trial = Trial(small_plan(mirror=True, epochs=1), KNOWN, 1)
    x, y = (part.tolist() for part in trial._images())
    trial.run()
    ((rows, labels),) = given
    chosen, n = [x.index(row) for row in rows], len(KNOWN.training)
    assert sorted(index % n for index in chosen) == list(range(n))
    assert {index < n for index in chosen} == {True, False}
    assert labels == [y[index] for index in chosen]


def test_a_schedule_falls_from_the_drawn_rate_towards_nothing() -> None:
    for schedule, half in (("constant", 1.0), ("linear", 0.5), ("cosine", 0.5)):
        plan = small_plan(schedule=schedule)
        rates = [plan.rule_at({"lr": 1.0}, share).lr for share in (0.0, 0.5, 0.999)]  # type: ignore[attr-defined]
        assert rates[0] == 1.0
        assert rates[1] == half  # cos(pi / 2) is lost beside 1
        assert (rates[2] < 0.01) == (schedule != "constant")


def test_a_trial_that_diverges_ends_and_is_not_usable() -> None:
    outcome = ran(small_plan(ranges={"lr": Range(1e30, 1e30)}, epochs=8))
    assert not outcome.usable
    assert outcome.epochs < 8


def test_splits_that_are_not_normalised_alike_are_refused() -> None:
    left = unnormalised(KNOWN)
    assert left.training.x.min() >= 0
    with pytest.raises(ArgumentError, match=r"validation split: got normalised by mean .* as the training split was"):
        Trial(small_plan(), left, 0)
    other = Normalisation(KNOWN.training.normalisation.mean, KNOWN.training.normalisation.std * 2)
    with pytest.raises(ArgumentError, match="validation split"):
        Trial(small_plan(), replace(KNOWN, validation=replace(KNOWN.validation, normalisation=other)), 0)
    Trial(small_plan(), left, 0, alike=False).run()
