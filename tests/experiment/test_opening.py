"""The test split is read once, by any worker, and nothing of it reaches the table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_searches import small_data, small_plan

from mlp_core import ArgumentError

pytest.importorskip("optuna", reason="the search is kept in Optuna's storages", exc_type=ImportError)
pytest.importorskip("safetensors", reason="checkpoints need safetensors")

from study_workers import DATA, claimed, joined, killed, outcome

from mlp_core.experiment.opening import Seal
from mlp_core.experiment.place import Place
from mlp_core.experiment.search import search, settings_of
from mlp_core.experiment.study import Study
from mlp_core.experiment.trial import Trial, score
from mlp_core.select import select


@pytest.fixture
def complete(tmp_path: Path) -> Study:
    study = joined(tmp_path)
    for _ in range(3):
        key, number = claimed(study)
        study.complete(key, outcome(study, number))
    return study


def opened(study: Study, number: int, data: Any = None) -> Any:
    trial = Trial(study.plan, DATA.known(), number)
    trial.run()
    return Seal(study).open(data or small_data(), trial.outcome(), trial.network())


def test_the_test_split_is_looked_at_once(complete: Study, tmp_path: Path) -> None:
    assert Seal(complete).opening is None
    opening, split = opened(complete, 1)
    assert (opening.selected, len(opening.predictions), len(split)) == (1, 12, 12)
    right = torch.tensor(opening.predictions) == split.y
    assert opening.test_accuracy == right.double().mean().item()
    assert Seal(joined(tmp_path)).opening == opening
    assert opened(joined(tmp_path), 1)[0] == opening  # what is on record, nothing new
    with pytest.raises(ArgumentError, match="an opening for trial 2 after one for trial 1, expected one opening"):
        opened(joined(tmp_path), 2)
    sealed = small_data()
    opened(complete, 1, sealed)
    with pytest.raises(ArgumentError, match="opened before"):
        sealed.test.open("curiosity")


def test_a_look_that_was_cut_off_is_finished_for_the_same_network_alone(
    complete: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mlp_core.experiment.opening.score", dies)
        with pytest.raises(KeyboardInterrupt):
            opened(complete, 1)
    killed(complete)
    with pytest.raises(ArgumentError, match="an opening for trial 2 after one for trial 1"):
        opened(joined(tmp_path), 2)
    assert opened(joined(tmp_path), 1)[0].selected == 1


def test_a_look_that_was_taken_for_dead_gives_what_is_on_record(
    complete: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one looks, another takes over and is done first: one record, and no two that differ."""
    taken_over = []

    def meanwhile(*arguments: Any) -> tuple[float, float]:
        if not taken_over:
            taken_over.append(1)
            other = joined(tmp_path)
            monkeypatch.setattr(other.lives, "gone", lambda *_: True)
            taken_over.append(opened(other, 1)[0])
        return score(*arguments)

    monkeypatch.setattr("mlp_core.experiment.opening.score", meanwhile)
    opening, _ = opened(complete, 1)
    assert opening == taken_over[1] == Seal(joined(tmp_path)).opening


def test_a_test_split_that_is_not_normalised_like_the_training_split_is_refused(complete: Study) -> None:
    data = small_data()
    split = data.test._split
    otherwise = replace(split.normalisation, mean=torch.zeros(3).double())
    data.test._split = replace(split, normalisation=otherwise)
    with pytest.raises(ArgumentError, match="test split: got normalised by"):
        opened(complete, 1, data)


def test_nothing_of_the_test_split_reaches_the_table(tmp_path: Path) -> None:
    tables = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        place = Place(folder, None, "search")
        plan, data = small_plan(trials=1), small_data(seed, test=40)
        place.take(settings_of(plan, data))
        found = search(plan, data, place, 1, lambda *_: None)
        tables.append((found.outcomes, found.selected, found.opening.predictions))
        assert found.selected == select(found.outcomes)
    (outcomes, selected, predictions), other = tables
    assert (outcomes, selected) == other[:2]
    assert predictions != other[2]
