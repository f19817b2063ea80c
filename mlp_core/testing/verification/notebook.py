"""A bar below the cell of a notebook while laws are checked: drawn by rich, put in place by IPython."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mlp_core.base.extras import need
from mlp_core.testing.engine.result import Result

MOMENT = 0.15
"""seconds between two pictures"""

Watch = Callable[[Result], object]


def kernel() -> Any:
    """The shell of the notebook that this runs in; None anywhere else."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


@contextmanager
def bar(laws: int | None, watch: Watch | None) -> Iterator[Watch | None]:
    """What is to be called with each result so far: `watch` itself where somebody watches, or nobody could see a bar.

    laws: how many there are, None where that shows in time. The bar is gone at the end.
    """
    if watch is not None or kernel() is None:
        yield watch
        return
    shows = need("IPython.display", "notebooks")
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    progress, shown, done = Progress(*columns, auto_refresh=False), 0.0, list[Result]()
    task = progress.add_task("checking", total=laws)
    handle: Any = shows.display(progress, display_id=True)  # the laws' own imports take a moment

    def see(result: Result) -> None:
        nonlocal shown
        if not done or done[-1] is not result:
            done.append(result)
        if time.monotonic() - shown > MOMENT:
            words = f"{result.law} ({result.examples} examples)"
            progress.update(task, completed=len(done) - 1, description=f"{words:<60.60}")
            handle.update(progress)
            shown = time.monotonic()

    try:
        yield see
    finally:
        handle.update(shows.HTML(""))
