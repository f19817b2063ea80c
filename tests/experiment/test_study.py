"""Workers that share a search: each trial once, what the dead left is taken up, other searches are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from small_searches import small_data, small_plan

from mlp_core import ArgumentError
from mlp_core.experiment.draws import Range

optuna = pytest.importorskip("optuna", reason="the search is kept in Optuna's storages", exc_type=ImportError)
pytest.importorskip("safetensors", reason="checkpoints need safetensors")

from study_workers import DATA, claimed, joined, killed, outcome  # noqa: E402  (after the skips)

from mlp_core.experiment import lives as lives_module  # noqa: E402
from mlp_core.experiment.lives import Lives  # noqa: E402
from mlp_core.experiment.place import Place  # noqa: E402
from mlp_core.experiment.search import search, settings_of  # noqa: E402
from mlp_core.experiment.storages import JOURNAL, open_storage  # noqa: E402
from mlp_core.experiment.study import Study  # noqa: E402


def attempts(study: Study) -> list[tuple[int, str]]:
    trials = study.storage.get_all_trials(study.id)
    return [(trial.user_attrs["number"], trial.state.name) for trial in trials]


def test_workers_in_any_order_run_each_trial_once_and_give_one_table(tmp_path: Path) -> None:
    workers = [joined(tmp_path) for _ in range(3)]
    claims = [claimed(worker) for worker in workers]
    assert sorted(number for _, number in claims) == [0, 1, 2]
    assert all(worker.claim() is None for worker in workers)
    for worker, (key, number) in reversed(list(zip(workers, claims, strict=True))):
        worker.complete(key, outcome(worker, number))
    for worker in workers:
        assert worker.claim() is None
        assert worker.outcomes() == [outcome(workers[0], number) for number in range(3)]
    assert attempts(workers[0]) == [(0, "COMPLETE"), (1, "COMPLETE"), (2, "COMPLETE")]


def test_what_was_enqueued_is_what_the_trial_draws(tmp_path: Path) -> None:
    study = joined(tmp_path)
    for _ in range(3):
        key, number = claimed(study)
        assert study.storage.get_trial(key).params == study.plan.drawn(number)


def test_what_a_killed_worker_had_is_taken_up_and_what_it_says_after_that_is_not_heard(tmp_path: Path) -> None:
    first, second = joined(tmp_path), joined(tmp_path)
    key, number = claimed(first)
    assert [claimed(second)[1] for _ in range(2)] == [1, 2]
    assert second.claim() is None  # the first is alive
    killed(first)
    again, taken = claimed(second)
    assert taken == number
    assert again != key
    first.beat(key, 1)
    first.report(key, 2)
    first.complete(key, replace(outcome(first, number), validation_accuracy=1.0))
    assert second.outcomes() == []
    second.complete(again, outcome(second, number))
    assert second.outcomes() == [outcome(second, number)]


def test_a_worker_elsewhere_is_given_up_after_long_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [0.0]
    monkeypatch.setattr(lives_module.time, "monotonic", lambda: ticks[0])
    (tmp_path / "elsewhere").mkdir()
    far, near = joined(tmp_path), joined(tmp_path)
    far.lives = Lives(tmp_path / "elsewhere")  # its lock is in another folder
    key, number = claimed(far)
    for _ in range(2):
        claimed(near)
    for count in range(4):
        far.beat(key, count)
        assert near.claim() is None
        ticks[0] += lives_module.SILENCE - 1
    assert near.claim() is None
    ticks[0] += 2
    assert claimed(near)[1] == number


def test_two_attempts_at_one_number_are_one(tmp_path: Path) -> None:
    study = joined(tmp_path)
    claimed(study)
    study.study.enqueue_trial(study.plan.drawn(0), user_attrs={"number": 0, "settings": study.agreed})
    assert [claimed(study)[1] for _ in range(2)] == [1, 2]
    assert study.claim() is None
    assert attempts(study)[3] == (0, "FAIL")


def test_an_unfinished_table_is_finished_by_the_next(tmp_path: Path) -> None:
    study = joined(tmp_path)
    study.study.enqueue_trial(study.plan.drawn(2), user_attrs={"number": 2, "settings": study.agreed})  # and then died
    assert sorted(claimed(study)[1] for _ in range(3)) == [0, 1, 2]


@pytest.mark.parametrize("what", ["seed", "epochs", "ranges", "images"])
def test_a_study_of_another_search_is_refused_by_what_differs(tmp_path: Path, what: str) -> None:
    joined(tmp_path)
    plan, data = small_plan(), DATA
    if what == "images":
        data = small_data(seed=1)
    else:
        plan = replace(plan, **{what: {"lr": plan.ranges["lr"]} if what == "ranges" else 9})
    expected = f"^study: got {what} .*, expected the value of the existing study 'search'"
    with pytest.raises(ArgumentError, match=expected):
        Study(open_storage(None, tmp_path), "search", plan, settings_of(plan, data), Lives(tmp_path))
    joined(tmp_path, small_plan(), "another")
    joined(tmp_path)


def test_two_first_workers_that_write_over_each_others_settings_find_out(tmp_path: Path) -> None:
    first = joined(tmp_path)
    claimed(first)
    other = replace(first.plan, seed=8)
    first.storage.set_study_user_attr(first.id, "settings", json.loads(json.dumps(settings_of(other, DATA))))
    with pytest.raises(ArgumentError, match="a trial in 'search' with other settings"):
        joined(tmp_path, other).claim()


def test_a_study_of_something_else_is_refused(tmp_path: Path) -> None:
    storage = open_storage(None, tmp_path)
    optuna.create_study(storage=storage, study_name="search").enqueue_trial({"x": 1.0})
    with pytest.raises(ArgumentError, match="the storage contains a different study"):
        joined(tmp_path)
    with pytest.raises(ArgumentError, match="another study's test split"):
        joined(tmp_path, name="mine (test split)")


def test_a_line_that_a_killed_worker_left_unfinished_costs_nothing(tmp_path: Path) -> None:
    study = joined(tmp_path)
    claimed(study)
    killed(study)
    with (tmp_path / JOURNAL).open("ab") as journal:
        journal.write(b'{"op_code": 6, "wor')
    other = joined(tmp_path)
    assert sorted(claimed(other)[1] for _ in range(3)) == [0, 1, 2]
    for attempt in other.storage.get_all_trials(other.id):
        if attempt.state.name == "RUNNING":
            other.complete(attempt._trial_id, outcome(other, attempt.user_attrs["number"]))
    assert len(joined(tmp_path).outcomes()) == 3


def test_a_rule_that_torch_does_not_have_is_searched_too(tmp_path: Path) -> None:
    place = Place(tmp_path, None, "search")
    plan = small_plan(trials=1, rule="lion", ranges={"lr": Range(1e-3, 1e-2)})
    place.take(settings_of(plan, small_data()))
    found = search(plan, small_data(), place, 1, lambda *_: None)
    assert (found.again.gradients, found.again.updates) == ("autograd", "manual")
    assert found.again.step_losses == found.trial.step_losses
