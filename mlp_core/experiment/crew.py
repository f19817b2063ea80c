"""The workers on this machine: processes with one thread each, which train the trials that the study still needs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from mlp_core.experiment import checkpoints
from mlp_core.experiment.data import Known
from mlp_core.experiment.lives import Lives, heartbeat
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.sealed import Split
from mlp_core.experiment.storages import open_storage
from mlp_core.experiment.study import Study
from mlp_core.experiment.trial import Trial
from mlp_core.normalise import Normalisation

SPLITS, TRIALS = "splits.safetensors", "trials"
"""the training and validation images as every worker reads them; the folder of unfinished trials"""


@dataclass(frozen=True)
class Job:
    """The settings of a worker. url: of the storage; None for the journal in `folder`."""

    plan: Plan
    folder: Path
    url: str | None
    name: str
    settings: dict[str, Any]


@contextmanager
def crew(job: Job, known: Known, workers: int) -> Iterator[list[BaseProcess]]:
    """A context in which this many workers train. At the end they are stopped, and started trials are kept."""
    _hand_over(job.folder / SPLITS, known)
    context: Any = _context()
    at_work: list[BaseProcess] = [context.Process(target=work, args=(job,), daemon=True) for _ in range(workers)]
    try:
        for process in at_work:
            process.start()
        yield at_work
    finally:
        for process in at_work:
            process.terminate()
        for process in at_work:
            process.join()


def work(job: Job) -> None:
    """Train one trial after the other until all are complete, or the parent process has ended."""
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    torch.set_num_threads(1)  # the number of threads affects the last bits of a sum: one in every worker
    known = _handed_over(job.folder / SPLITS)
    lives = Lives(job.folder)
    study = Study(open_storage(job.url, job.folder), job.name, job.plan, job.settings, lives)
    try:
        while len(study.outcomes()) < job.plan.trials:
            claimed = study.claim()
            if claimed is None:
                _stop_without_parent()
                time.sleep(0.2)
                continue
            key, number = claimed
            with heartbeat(lambda count, key=key: study.beat(key, count)):  # type: ignore[misc]
                trial = Trial(job.plan, known, number, path=checkpoint(job.folder, number))

                def after(epochs: int, key: int = key) -> None:
                    study.report(key, epochs)
                    _stop_without_parent()

                trial.run(after)
            study.complete(key, trial.outcome())
    finally:
        lives.close()


def _context() -> Any:
    """Processes without this process's threads and connections; torch is imported once for all, if the system allows
    it.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "optuna", "safetensors.torch"])
    return context


def checkpoint(folder: Path, number: int) -> Path:
    """The checkpoint file of a trial."""
    return folder / TRIALS / f"{number:04}.safetensors"


def _stop_without_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)


def _hand_over(path: Path, known: Known) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for name, split in (("training", known.training), ("validation", known.validation)):
        parts = {"x": split.x, "y": split.y, "mean": split.normalisation.mean, "std": split.normalisation.std}
        tensors |= {f"{name}.{part}": tensor for part, tensor in parts.items()}
    checkpoints.write(path, tensors, {"classes": known.classes, "image_shape": known.image_shape})


def _handed_over(path: Path) -> Known:
    tensors, record = checkpoints.read(path)
    training, validation = (
        Split(
            tensors[f"{name}.x"], tensors[f"{name}.y"], Normalisation(tensors[f"{name}.mean"], tensors[f"{name}.std"])
        )
        for name in ("training", "validation")
    )
    return Known(training, validation, tuple(record["classes"]), tuple(record["image_shape"]))
