"""Laws checked in several processes at once, for the command line."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import torch

from mlp_core.testing.engine.database import in_folder
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import Result
from mlp_core.testing.verification.names import resolve
from mlp_core.testing.verification.verify import checked, run


def check(
    subjects: Sequence[str], *, examples: int | None, seed: int, jobs: int, database: Path | None = None
) -> Iterator[Result]:
    """The results of all laws of the named subjects, in order, checked by `jobs` processes.

    Call this before anything is computed: torch's threads do not survive the copying.
    """
    tasks = [(name, index, examples, seed, database) for name in subjects for index in range(len(laws_of(name)))]
    torch.optim.SGD([torch.zeros(1)])  # the first optimizer imports torch's compiler: once, not in every worker
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # so that garbage collection in a worker neither scans nor copies these objects
    try:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(jobs, mp_context=fork, initializer=_left_to_the_first) as pool:
            yield from pool.map(_check, tasks)
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)


@cache
def laws_of(name: str) -> list[Law]:
    """The laws of a subject, resolved once in the parent process, so that the workers have them too."""
    laws: list[Law] = checked(resolve(name))
    return laws


def _left_to_the_first() -> None:
    """Make the workers ignore Ctrl-C, which a terminal sends to all its processes: the parent, which has the results,
    handles it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check(task: tuple[str, int, int | None, int, Path | None]) -> Result:
    name, index, examples, seed, folder = task
    return run(laws_of(name)[index], examples=examples, seed=seed, database=in_folder(folder))
