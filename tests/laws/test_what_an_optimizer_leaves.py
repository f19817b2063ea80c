"""Flushed denormals are reported by name and switched back; dtypes that were not requested are not tried; an empty
group concerns one law; and a failure says how its law is waived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from mlp_core.rules import get
from mlp_core.testing import Report, laws, subjects, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import flushes_denormals, foreign, globals_kept, modes_kept
from mlp_core.testing.faults.optimizers.adam import Adam
from mlp_core.testing.laws.optimizers.book import REPEATS

EMPTY = "takes an empty group"
FLOATS = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 0)  # how small a counterexample gets is not looked at here


def beginning(begin: Callable[[Any], object], base: type[Adam] = Adam) -> type[Adam]:
    """Adam that does something before the step of each group."""
    return type("Begins", (base,), {"begin": lambda self, group: (begin(group), None)[1]})


def broken(report: Report) -> list[str]:
    return [r.law for r in report.results if r.verdict == "FAIL"]


FLUSHING: dict[str, Callable[[Any], object]] = {
    "on": lambda group: torch.set_flush_denormal(True),
    "twice": lambda group: [torch.set_flush_denormal(True) for _ in range(2)],
    "off and on": lambda group: [torch.set_flush_denormal(mode) for mode in (False, True)],
    "for matrices": lambda group: torch.set_flush_denormal(any(p.ndim == 2 for p in group["params"])),
    "at times": lambda group: torch.set_flush_denormal(len(group["params"]) > 1),
}


@pytest.mark.parametrize("begin", FLUSHING.values(), ids=FLUSHING)
def test_flushed_denormals_are_told_once_by_name_and_switched_back(begin: Any) -> None:
    report = verify(beginning(begin), examples=10)
    assert not flushes_denormals()
    (told,) = (r for r in report.results if r.verdict == "FAIL")
    assert (told.law, told.where, told.got) == (REPEATS, "flush-denormal mode", "switched on by the call")
    lines = "\n".join(line for line in told.snippet.splitlines() if not line.endswith("import Begins"))
    with globals_kept(), pytest.raises(AssertionError, match="denormal numbers are flushed"):
        exec(lines, {"Begins": beginning(begin)})  # noqa: S102  (what a user would paste)


KEEPING: dict[str, Callable[[Any], object]] = {
    "nothing": lambda group: None, "off": lambda group: torch.set_flush_denormal(False),
    "on and off": lambda group: [torch.set_flush_denormal(mode) for mode in (True, False)],
    "small numbers": lambda group: torch.tensor(2.0**-1070) / 2, "asked": lambda group: flushes_denormals(),
}  # fmt: skip


@pytest.mark.parametrize("begin", KEEPING.values(), ids=KEEPING)
def test_what_is_as_it_was_is_no_fault(begin: Any) -> None:
    assert not broken(verify(beginning(begin), examples=5))


def test_the_guards_put_back_what_was_there_and_one_tells() -> None:
    for guard in (foreign, globals_kept):
        with guard():
            torch.set_flush_denormal(True)
        assert not flushes_denormals()
    told = pytest.raises(Broken, match="flush-denormal mode: got switched on by the call")
    with told, modes_kept("run()"), foreign():
        torch.set_flush_denormal(True)
    with globals_kept():
        torch.set_flush_denormal(True)
        with pytest.raises(Broken, match="switched off by the call"), modes_kept("run()"):
            torch.set_flush_denormal(False)
        assert flushes_denormals()


def noting(seen: set[torch.dtype]) -> type[Adam]:
    return beginning(lambda group: seen.update(p.dtype for p in group["params"]))


CLAIMS = ("coordinatewise", "odd", "fixed_point", "descends")
ASKED = [(dtype,) for dtype in FLOATS] + [(a, b) for k, a in enumerate(FLOATS) for b in FLOATS[:k]]


@pytest.mark.parametrize("dtypes", ASKED, ids=str)
def test_no_law_tries_a_dtype_that_was_not_asked_for(dtypes: tuple[torch.dtype, ...]) -> None:
    seen = set[torch.dtype]()
    make = noting(seen)
    subject = subjects.optimizer(make, Adam, {"lr": 0.01}, CLAIMS, dtypes=dtypes)
    seen.clear()  # of what the constructor was asked
    for law in laws(subject):
        runner.run(law, examples=10)
    assert seen == set(dtypes)


def test_without_dtypes_a_law_about_dtypes_tries_16_bits_too() -> None:
    seen = set[torch.dtype]()
    verify(subjects.optimizer(noting(seen)), examples=20)
    assert seen == {torch.float64, torch.float32, torch.bfloat16}


MINDING: dict[str, Callable[[Any], object]] = {
    "the first": lambda group: group["params"][0].numel(), "the last": lambda group: group["params"][-1].numel(),
    "the largest": lambda group: max(p.numel() for p in group["params"]),
    "next": lambda group: next(iter(group["params"])),
    "the mean": lambda group: sum(p.numel() for p in group["params"]) / len(group["params"]),
    "a stack": lambda group: torch.cat([p.detach().flatten() for p in group["params"]]),
    "an assertion": lambda group: [][bool(group["params"]) - 1 :] if group["params"] else 1 / 0,
    "unpacking": lambda group: (lambda first, *rest: first)(*group["params"]),
    "a random choice": lambda group: group["params"][torch.zeros((), dtype=torch.int64)],
    "a reduction": lambda group: torch.tensor([p.numel() for p in group["params"]]).max(),
}  # fmt: skip


@pytest.mark.parametrize("begin", MINDING.values(), ids=MINDING)
def test_an_empty_group_breaks_one_law_which_can_be_waived(begin: Any) -> None:
    report = verify(beginning(begin), examples=10)
    assert broken(report) == [EMPTY]
    (told,) = (r for r in report.results if r.verdict == "FAIL")
    assert told.reason.endswith(f'if it is so by design: subjects.optimizer(..., waives=["{EMPTY}"])')
    assert told.reason in told.text()
    assert not broken(verify(subjects.optimizer(beginning(begin), waives=[EMPTY]), examples=10))


def skipped(make: Any) -> str:
    (law,) = (law for law in laws(make) if law.name == EMPTY)
    result = runner.run(law, examples=10)
    return result.reason if result.verdict == "SKIP" else result.verdict


def test_a_constructor_that_refuses_an_empty_group_is_not_asked() -> None:
    class Refuses(torch.optim.SGD):
        def add_param_group(self, param_group: dict[str, Any]) -> None:
            super().add_param_group(param_group)
            if not self.param_groups[-1]["params"]:
                raise ValueError("a group without parameters")

    class Crashes(Refuses):
        def add_param_group(self, param_group: dict[str, Any]) -> None:
            super(Refuses, self).add_param_group(param_group)
            assert self.param_groups[-1]["params"]

    assert skipped(Refuses) == "it refuses an empty group"
    assert skipped(Crashes) == "FAIL"
    assert skipped(torch.optim.LBFGS) == "it accepts only one parameter group"
    assert skipped(torch.optim.SGD) == skipped(get("adam")) == "PASS"


WAIVABLE = [law.name for law in laws(Adam) if law.name not in ("equals its reference",) and "exact" not in law.name]


@pytest.mark.parametrize("name", WAIVABLE)
def test_every_law_can_be_waived(name: str) -> None:
    (law,) = (law for law in laws(subjects.optimizer(Adam, waives=[name])) if law.name == name)
    assert runner.run(law, examples=5).reason == "waived"


def test_a_rule_s_failure_speaks_of_no_waiver_for_there_is_none() -> None:
    from mlp_core.testing.faults.rules.conduct import GoesRowByRow

    told = [r.text() for r in verify(GoesRowByRow, examples=10).results if r.verdict == "FAIL"]
    assert told
    assert not any("waives" in text for text in told)
