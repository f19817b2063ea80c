"""A random search from images to the one evaluation: train all trials, select on validation, open the test split."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mlp_core.errors import ArgumentError, Described
from mlp_core.experiment.crew import SPLITS, Job, checkpoint, crew
from mlp_core.experiment.data import Data, Known
from mlp_core.experiment.files import write_all
from mlp_core.experiment.lives import Lives
from mlp_core.experiment.normalise import Normalisation
from mlp_core.experiment.opening import Opening, Seal
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.sealed import Split, check_alike
from mlp_core.experiment.select import select
from mlp_core.experiment.storages import open_storage, shown
from mlp_core.experiment.study import Study, exists
from mlp_core.experiment.train import digest, other_pair
from mlp_core.experiment.trial import Outcome, Trial

BELONGS, RESULT = "search.json", "result.json"
"""which study a folder is for; what it found"""


@dataclass(frozen=True, eq=False)
class Found:
    """All a search knows at its end. again: the selected trial by the other gradients and updates; unnormalised: the
    selected trial, had its training split been left as it was read, the validation split not; images: the test
    split."""

    plan: Plan
    outcomes: list[Outcome]
    selected: Outcome
    trial: Trial
    again: Trial
    unnormalised: Trial
    opening: Opening
    images: Split


@dataclass(frozen=True)
class Place:
    """Where a search is kept: its folder, the URL of its storage (None: a journal in the folder) and its name there."""

    folder: Path
    url: str | None
    name: str

    def check(self, resume: bool, taken: tuple[str, ...]) -> None:
        """Raises ArgumentError where the folder belongs to another study, holds files of these names that are none of
        a search, or a search is there already and `resume` does not say to go on."""
        file = self.folder / BELONGS
        if not file.exists():
            there = [name for name in taken if (self.folder / name).exists()]
            if there:
                value = Described(f"{self.folder}, which holds {there[0]} and is no search's")
                raise ArgumentError("out", value, "a folder of its own")
            if self.url is not None and not resume and exists(open_storage(self.url, self.folder), self.name):
                value = Described(f"the name of a study that {shown(self.url)} holds already, {self.name!r}")
                raise ArgumentError("study", value, "--resume to take part in it, or another name")
            return
        known = json.loads(file.read_text("utf-8"))
        if known != self._identity():
            value = Described(f"{self.folder}, which belongs to the study {known['study']!r} in {known['storage']}")
            raise ArgumentError("out", value, f"a folder for the study {self.name!r} in {shown(self.url)}")
        if not resume:
            raise ArgumentError("out", Described(f"{self.folder}, which holds a search"), "--resume to go on with it")

    def finished(self, plan: Plan, data: Data) -> dict[str, Any] | None:
        """The result of a search that is over; None where there is none yet. Raises ArgumentError where the folder's
        search is another."""
        if not (self.folder / RESULT).exists():
            return None
        lives = Lives(self.folder)
        try:
            Study(open_storage(self.url, self.folder), self.name, plan, settings_of(plan, data), lives)
        finally:
            lives.close()
        result: dict[str, Any] = json.loads((self.folder / RESULT).read_text("utf-8"))
        return result

    def take(self) -> None:
        """Write down that the folder is this study's."""
        text = json.dumps(self._identity(), indent=1) + "\n"
        (self.folder / "trials").mkdir(exist_ok=True)
        write_all(self.folder, {BELONGS: lambda path: path.write_text(text, encoding="utf-8")})

    def _identity(self) -> dict[str, str]:
        return {"study": self.name, "storage": shown(self.url)}


def settings_of(plan: Plan, data: Data) -> dict[str, Any]:
    """What all workers of a search must agree in; test images count too: their figure is the search's."""
    images = [*data.digests, data.test.digest()]
    return {**plan.to_dict(), "images": images, "torch": torch.__version__}


def search(
    plan: Plan, data: Data, place: Place, workers: int, on_progress: Callable[[list[Outcome], int], object]
) -> Found:
    """Run or go on with a search. on_progress(outcomes so far, epochs done of all trials) is called now and then."""
    check_alike(data.training.normalisation, data.validation.normalisation, "validation")
    job = Job(plan, place.folder, place.url, place.name, settings_of(plan, data))
    lives = Lives(place.folder)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the workers
    try:
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
    finally:
        torch.set_num_threads(threads)
        lives.close()
    return Found(plan, outcomes, selected, trial, again, unnormalised, opening, images)


def clear(folder: Path) -> None:
    """Remove what only a search under way needs."""
    shutil.rmtree(folder / "trials", ignore_errors=True)
    (folder / SPLITS).unlink(missing_ok=True)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _train_all(
    job: Job, study: Study, known: Known, workers: int, on_progress: Callable[[list[Outcome], int], object]
) -> None:
    with crew(job, known, workers) as at_work:
        while len(outcomes := study.outcomes()) < job.plan.trials:
            on_progress(outcomes, len(outcomes) * job.plan.epochs + sum(study.under_way().values()))
            if not any(process.is_alive() for process in at_work):
                codes = ", ".join(str(process.exitcode) for process in at_work)
                value = Described(f"processes that ended with {codes} before all trials were done")
                raise ArgumentError("workers", value, "one that goes on; --resume takes up what they began")
            time.sleep(0.3)
        on_progress(outcomes, job.plan.trials * job.plan.epochs)


def _selected_trials(plan: Plan, known: Known, selected: Outcome, folder: Path) -> tuple[Trial, Trial, Trial]:
    """The selected trial; by the other gradients and updates; and with the training split left unnormalised."""
    number, beside = selected.number, folder / "trials"
    gradients, updates = other_pair(plan.gradients, plan.updates)
    if plan.rule_at(selected.hyperparameters, 0).twin([torch.zeros(1)]) is None:
        updates = "manual"  # a rule that torch does not have
    trials = (
        Trial(plan, known, number, path=checkpoint(folder, number)),  # trained again where a worker elsewhere had it
        Trial(plan, known, number, path=beside / "again.part", gradients=gradients, updates=updates),
        Trial(plan, unnormalised(known), number, path=beside / "unnormalised.part", alike=False),
    )
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(Trial.run, trials))
    if digest(trials[0].kept) != selected.digest:
        value = Described(f"trial {number} with other weights than those that were selected")
        raise ArgumentError("storage", value, "a search of machines that compute alike; run the trials on one kind")
    return trials


def unnormalised(known: Known) -> Known:
    """The course report's mistake: a training split as it was read, pixels of 0..1, beside a normalised validation
    split."""
    x, normalisation = known.training.x, known.training.normalisation
    images = x.view(-1, *known.image_shape).double()
    pixels = (images * normalisation.std[:, None, None] + normalisation.mean[:, None, None]).to(x.dtype).view(x.shape)
    channels = len(normalisation.mean)
    nothing = Normalisation(torch.zeros(channels).double(), torch.ones(channels).double())
    return replace(known, training=Split(pixels, known.training.y, nothing))
