"""A random search from images to the single evaluation: train all trials, select by validation, open the test split."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.experiment.crew import TRIALS, Job, checkpoint, crew
from mlp_core.experiment.data import Data, Known
from mlp_core.experiment.lives import Lives
from mlp_core.experiment.opening import Opening, Seal
from mlp_core.experiment.place import Place
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.sealed import Split, check_alike
from mlp_core.experiment.storages import named_when_lost, open_storage
from mlp_core.experiment.study import Study
from mlp_core.experiment.train import digest, other_pair
from mlp_core.experiment.trial import Outcome, Trial
from mlp_core.normalise import Normalisation
from mlp_core.select import select

Progress = Callable[[list[Outcome], int], object]
"""called with the outcomes so far, and the number of finished epochs of all trials"""


@dataclass(frozen=True, eq=False)
class Found:
    """The results of a search. again: the selected trial with the other kinds of gradients and updates; unnormalised:
    the selected trial with a normalised validation split, but a training split that is not normalised; images: the test
    split.
    """

    plan: Plan
    outcomes: list[Outcome]
    selected: Outcome
    trial: Trial
    again: Trial
    unnormalised: Trial
    opening: Opening
    images: Split


def settings_of(plan: Plan, data: Data) -> dict[str, Any]:
    """The settings that all workers of a search must share. They include the test images, because the test figure
    belongs to the search.
    """
    images = [*data.digests, data.test.digest()]
    return {**plan.to_dict(), "images": images, "torch": torch.__version__}


def search(plan: Plan, data: Data, place: Place, workers: int, on_progress: Progress) -> Found:
    """Run or continue a search in a folder that is locked for it; on_progress is called from time to time."""
    check_alike(data.training.normalisation, data.validation.normalisation, "validation")
    job = Job(plan, place.folder, place.url, place.name, settings_of(plan, data))
    lives = Lives(place.folder)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the workers
    try:
        with named_when_lost(place.url):
            return _search(plan, data, place, job, lives, workers, on_progress)
    finally:
        torch.set_num_threads(threads)
        lives.close()


def _search(
    plan: Plan, data: Data, place: Place, job: Job, lives: Lives, workers: int, on_progress: Progress
) -> Found:  # fmt: skip
    study = Study(open_storage(place.url, place.folder), place.name, plan, job.settings, lives)
    seal = Seal(study)
    if len(study.outcomes()) < plan.trials:
        _train_all(job, study, data.known(), workers, on_progress)
    outcomes = study.outcomes()
    usable = [outcome for outcome in outcomes if outcome.usable]
    if not usable:
        raise ArgumentError("lr", Described(f"{len(outcomes)} trials that all diverged"), "smaller values")
    selected = select(usable)
    trial, again, unnormalised = _selected_trials(plan, data.known(), selected, place.folder)
    opening, images = seal.open(data, selected, trial.network())
    return Found(plan, outcomes, selected, trial, again, unnormalised, opening, images)


def _train_all(job: Job, study: Study, known: Known, workers: int, on_progress: Progress) -> None:
    with crew(job, known, workers) as at_work:
        while True:
            alive = any(process.is_alive() for process in at_work)  # checked first: the last one ends at the end
            outcomes = study.outcomes()
            if len(outcomes) >= job.plan.trials:
                break
            on_progress(outcomes, len(outcomes) * job.plan.epochs + sum(study.under_way().values()))
            if not alive:
                codes = ", ".join(str(process.exitcode) for process in at_work)
                value = Described(f"processes that ended with {codes} before all trials were done")
                raise ArgumentError("workers", value, "working processes; continue with --resume")
            time.sleep(0.3)
        on_progress(outcomes, job.plan.trials * job.plan.epochs)


def _selected_trials(plan: Plan, known: Known, selected: Outcome, folder: Path) -> tuple[Trial, Trial, Trial]:
    """The selected trial, the same with the other kinds of gradients and updates, and the same with an unnormalised
    training split.
    """
    number, beside = selected.number, folder / TRIALS
    gradients, updates = other_pair(plan.gradients, plan.updates)
    if not plan.has_twin:
        gradients, updates = "manual" if plan.gradients == "autograd" else "autograd", "manual"
    trials = (
        Trial(plan, known, number, path=checkpoint(folder, number)),  # trained again if a remote worker had it
        Trial(plan, known, number, path=beside / "again.part", gradients=gradients, updates=updates),
        Trial(plan, unnormalised(known), number, path=beside / "unnormalised.part", alike=False),
    )
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(Trial.run, trials))
    if digest(trials[0].kept) != selected.digest:
        value = Described(f"trial {number} with other weights than those that were selected")
        raise ArgumentError("storage", value, "machines that compute the same bits; use one kind of machine")
    return trials


def unnormalised(known: Known) -> Known:
    """The mistake of the course report: a training split with pixels of 0..1, beside a normalised validation split."""
    x, normalisation = known.training.x, known.training.normalisation
    pixels = normalisation.undo(x.view(-1, *known.image_shape)).view(x.shape)
    channels = len(normalisation.mean)
    nothing = Normalisation(torch.zeros(channels).double(), torch.ones(channels).double())
    return replace(known, training=Split(pixels, known.training.y, nothing))
