"""Shared by tests of studies: workers of one study, in this process, one of which may be killed."""

from __future__ import annotations

from pathlib import Path

from small_searches import small_data, small_plan

from mlp_core.experiment.lives import Lives
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.search import settings_of
from mlp_core.experiment.storages import open_storage
from mlp_core.experiment.study import Study
from mlp_core.experiment.trial import Outcome, Trial

DATA = small_data()


def joined(folder: Path, plan: Plan | None = None, name: str = "search") -> Study:
    """A worker of the journal in a folder."""
    plan = plan or small_plan()
    return Study(open_storage(None, folder), name, plan, settings_of(plan, DATA), Lives(folder))


def killed(study: Study) -> None:
    """The system frees the lock of a process that dies, and its file stays."""
    study.lives.lock.release()


def outcome(study: Study, number: int) -> Outcome:
    trial = Trial(study.plan, DATA.known(), number)
    trial.run()
    return trial.outcome()


def claimed(study: Study) -> tuple[int, int]:
    claim = study.claim()
    assert claim is not None
    return claim
