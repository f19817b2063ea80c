"""The dtypes that subjects.optimizer is given are those asked for, no other; and an empty group is the business of a
law of its own, not of one that says something else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from judging import broken, said
from optimizing import Momentum, as_sgd

from mlp_core.testing import Report, laws, subjects, verify

HYPER = {"lr": st.floats(1e-3, 0.1)}
SINGLE, DOUBLE, BRAIN, HALF = torch.float32, torch.float64, torch.bfloat16, torch.float16


def noting() -> tuple[type[Momentum], set[torch.dtype]]:
    """Momentum, and the dtypes that it was stepped on."""
    seen = set[torch.dtype]()

    class Notes(Momentum):
        def begin(self) -> None:
            seen.update(p.dtype for group in self.param_groups for p in group["params"] if p.grad is not None)

    return Notes, seen


@pytest.mark.parametrize("dtypes", [[DOUBLE], [SINGLE], [SINGLE, DOUBLE], [BRAIN], [SINGLE, BRAIN]], ids=str)
@pytest.mark.parametrize("reference", [None, as_sgd])
def test_no_law_asks_for_a_dtype_that_was_not_given(dtypes: list[torch.dtype], reference: Any) -> None:
    make, seen = noting()
    verify(subjects.optimizer(make, reference, HYPER, dtypes=dtypes), examples=20)
    # before any law it may be asked, in the default dtype, what it takes
    assert seen - {torch.get_default_dtype()} <= set(dtypes), seen


def only(*dtypes: torch.dtype) -> type[Momentum]:
    """Momentum that refuses to step on other dtypes."""

    class Only(Momentum):
        def begin(self) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    if p.dtype not in dtypes:
                        raise TypeError(f"not in {p.dtype}")

    return Only


@pytest.mark.parametrize("dtypes", [(DOUBLE,), (SINGLE,), (SINGLE, DOUBLE)], ids=str)
@pytest.mark.parametrize("reference", [None, as_sgd])
def test_an_optimizer_of_some_dtypes_is_lawful_on_those(dtypes: tuple[torch.dtype, ...], reference: Any) -> None:
    report = verify(subjects.optimizer(only(*dtypes), reference, HYPER, dtypes=dtypes), examples=20)
    assert report.ok, said(report)


@pytest.mark.parametrize("dtypes", [(DOUBLE,), (SINGLE,)], ids=str)
def test_one_that_breaks_in_a_dtype_that_was_given_is_broken(dtypes: tuple[torch.dtype, ...]) -> None:
    report = verify(subjects.optimizer(only(HALF), None, HYPER, dtypes=dtypes), examples=20)
    assert broken(report), said(report)


class First(Momentum):
    """Looks at the first parameter of every group."""

    def begin(self) -> None:
        for group in self.param_groups:
            group["params"][0].numel()


class Largest(Momentum):
    def begin(self) -> None:
        for group in self.param_groups:
            max(p.numel() for p in group["params"])


class Averages(Momentum):
    def begin(self) -> None:
        for group in self.param_groups:
            sum(p.numel() for p in group["params"]) / len(group["params"])


class Stacks(Momentum):
    def begin(self) -> None:
        for group in self.param_groups:
            torch.cat([p.detach().flatten() for p in group["params"]])


EMPTY = [First, Largest, Averages, Stacks]


def about_empty_groups(report: Report) -> list[str]:
    return [r.law for r in report.results if "empty" in r.law and "group" in r.law]


@pytest.mark.parametrize("make", EMPTY)
def test_an_empty_group_breaks_a_law_of_its_own_and_no_other(make: type[Momentum]) -> None:
    report = verify(subjects.optimizer(make, None, HYPER), examples=20)
    assert broken(report) == about_empty_groups(report), said(report)
    assert len(broken(report)) == 1


@pytest.mark.parametrize("make", EMPTY)
def test_the_law_of_empty_groups_can_be_waived(make: type[Momentum]) -> None:
    names = [law.name for law in laws(make) if "empty" in law.name and "group" in law.name]
    assert len(names) == 1
    report = verify(subjects.optimizer(make, None, HYPER, waives=names), examples=20)
    assert report.ok, said(report)


@pytest.mark.parametrize("make", [Momentum, torch.optim.SGD, torch.optim.Adam])
def test_an_optimizer_that_does_not_mind_keeps_it(make: Any) -> None:
    report = verify(subjects.optimizer(make, None, HYPER), examples=20)
    assert not broken(report), said(report)
    assert len(about_empty_groups(report)) == 1
