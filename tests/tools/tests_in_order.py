"""A plugin of pytest: the tests in a given order, the first that fails, and how long each took and what it ran."""

from __future__ import annotations

import cProfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest


class InOrder:
    """Runs the tests of `order` in that order, and after them the others, if `others`.

    With `recording` it records for each test the seconds of processor time that it took, and the functions of these
    files that it called, as mlp_core/model.py:MLP.trace.
    """

    def __init__(self, order: Sequence[str] = (), *, others: bool = True, recording: Sequence[Path] = ()) -> None:
        self.order = {test: rank for rank, test in enumerate(order)}
        self.others, self.recording = others, {str(path) for path in recording}
        self.failed = ""
        self.told: dict[str, list[object]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.order.get(item.nodeid, len(self.order)))
        if not self.others:
            items[:] = [item for item in items if item.nodeid in self.order]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        if not self.recording:
            return (yield)
        profile, folder = cProfile.Profile(builtins=False), str(item.config.rootpath) + "/"
        begin = time.process_time()
        profile.enable()
        try:
            return (yield)
        finally:
            profile.disable()
            spent = time.process_time() - begin
            codes = [entry.code for entry in profile.getstats() if not isinstance(entry.code, str)]
            called = {(code.co_filename.removeprefix(folder), code.co_qualname) for code in codes}
            names = sorted(f"{file}:{name}" for file, name in called if file in self.recording)
            self.told[item.nodeid] = [spent, names]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"import of {report.nodeid}"
