"""A progress bar below a notebook cell while laws are checked, drawn by rich and displayed by IPython."""

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
"""seconds between two updates of the bar"""

Watch = Callable[[Result], object]


def kernel() -> Any:
    """The shell of the notebook in which this runs; None outside of notebooks."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


@contextmanager
def bar(laws: int | None, watch: Watch | None) -> Iterator[Watch | None]:
    """A function to call with each result so far: `watch` itself if it is given, or if a bar could not be seen.

    laws: the number of laws, or None if it becomes known later. The bar is removed at the end.
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
