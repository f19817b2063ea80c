"""A law that could not be tested enough is called untested, with the line that would help: neither failed nor
passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.testing.engine.enough import ENOUGH, SOME
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import Law, LawBook
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run

MANY = st.integers(0, 10**9)


class Anything:
    """The subject of laws that look at nothing."""

    name = "anything"
    snippet = staticmethod(lambda example, closing: closing)


class Number(int):
    def describe(self) -> str:
        return str(int(self))

    def weight(self) -> int:
        return int(self)


def law(evidence: Callable[[int], Evidence], drawn: st.SearchStrategy[int] = MANY, **options: Any) -> Law:
    """A law about numbers that sees in each what `evidence` says."""
    made = Law("a law", "It holds.", lambda subject, n: evidence(n), lambda s: drawn.map(Number), **options)
    return made.bind(Anything(), run)


def became(evidence: Evidence, examples: int = 100, **options: Any) -> Result:
    """The result of a law whose every example gives this evidence."""
    return run(law(lambda n: evidence, **options), examples=examples)


@pytest.mark.parametrize(("evidence", "options", "said"), [
    (Evidence(counted=False), {}, "none of 100 examples counted; draw other examples: the law cannot check these"),
    (
        Evidence(entries=1, seen=frozenset({"day"})), {"cases": lambda subject: ("day", "night")},
        "none of 100 examples showed: night; run more: examples=400",
    ),
    (Evidence(entries=1), {"drawn": MANY.map(lambda n: 0)},
     "100 examples counted, but only 1 differ in their numbers; draw inputs that differ"),
    (Evidence(entries=8, skipped=1), {},
     "100 of 900 entries skipped, more than 10%; draw inputs farther from kinks, or scale them"),
    (Evidence(entries=9, tensors=5, by_bound=3), {},
     "300 of 500 tensors judged by the bound, more than 50%; scale the inputs"),
    (Evidence(entries=1), {"drawn": st.nothing()}, "no example could be generated: use a strategy that can draw some"),
])  # fmt: skip
def test_each_kind_of_too_little_is_untested(evidence: Evidence, options: dict[str, Any], said: str) -> None:
    result = became(evidence, **options)
    assert (result.verdict, result.reason) == ("UNTESTED", said)


def test_too_few_that_count_are_untested() -> None:
    result = run(law(lambda n: Evidence(entries=1, counted=n % 10 == 0)), examples=100)
    assert result.verdict == "UNTESTED"
    words = f"only {result.counted} of 100 examples counted, at least 30 are needed; draw other examples: "
    assert words in result.reason


@pytest.mark.parametrize("examples", [1, ENOUGH - 1])
def test_where_few_are_asked_for_one_that_counts_is_needed_and_one_entry_that_is_compared(examples: int) -> None:
    result = became(Evidence(counted=False), examples)
    assert (result.verdict, result.reason.endswith("; run more: examples=100")) == ("UNTESTED", True)
    assert became(Evidence(entries=1), examples).verdict == "PASS"
    assert became(Evidence(entries=1), examples, cases=lambda subject: ("night",)).verdict == "PASS"
    assert became(Evidence(skipped=3), examples).verdict == "UNTESTED"


@pytest.mark.parametrize(("skipped", "verdict"), [(1, "PASS"), (2, "UNTESTED")])
def test_of_few_examples_half_of_the_entries_must_be_compared(skipped: int, verdict: str) -> None:
    result = became(Evidence(entries=1, skipped=skipped), 6)
    assert (result.verdict, "more than 50%" in result.reason) == (verdict, verdict == "UNTESTED")


@pytest.mark.parametrize("shortage", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9")])
@pytest.mark.parametrize("within", [True, False])
def test_where_memory_runs_out_nothing_is_known(shortage: Exception, within: bool) -> None:
    def short(n: int) -> Evidence:
        if n > 1000 and within:
            with foreign():
                raise shortage
        if n > 1000:
            raise shortage
        return Evidence(entries=1)

    result = run(law(short))
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith("there was not enough memory (test_untested.py, line ")
    assert result.reason.endswith("; use less memory")


def test_memory_that_torch_has_not_got_is_a_shortage_too() -> None:
    assert run(law(lambda n: Evidence(entries=torch.ones(10**15).numel()))).verdict == "UNTESTED"


@pytest.mark.parametrize("said", [
    RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"),
    AssertionError("Torch not compiled with CUDA enabled"), RuntimeError("No CUDA GPUs are available"),
])  # fmt: skip
def test_code_that_needs_a_gpu_is_untested_without_one(said: Exception) -> None:
    def on_a_gpu(_: int) -> Evidence:
        with foreign():
            raise said

    result = run(law(on_a_gpu))
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith("it needs a GPU, which this machine does not have (test_untested.py, line ")
    assert result.reason.endswith("; use the device of the arguments, such as y.device")


@pytest.mark.skipif(torch.cuda.is_available(), reason="the machine has a GPU")
def test_cuda_without_a_gpu_is_recognised_by_what_torch_says() -> None:
    assert run(law(lambda n: Evidence(entries=torch.ones(1).cuda().numel()))).verdict == "UNTESTED"


def test_another_error_of_the_runtime_breaks_the_law() -> None:
    def wrong(_: int) -> Evidence:
        raise RuntimeError("mat1 and mat2 must have the same dtype")

    assert run(law(wrong)).verdict == "FAIL"


def test_a_case_that_the_subject_owes_breaks_the_law_if_no_example_shows_it() -> None:
    """A hyperparameter that moves nothing is ignored, and no input of another kind would show it."""
    options = {"cases": lambda subject: ("lr", "momentum"), "owed": "{} has no effect"}
    result = became(Evidence(entries=1, seen=frozenset({"lr"})), **options)
    assert (result.verdict, result.reason) == ("FAIL", "none of 100 examples showed: momentum")
    assert result.diagnosis == "momentum has no effect"
    assert became(Evidence(counted=False), **options).verdict == "FAIL"
    few = became(Evidence(entries=1), ENOUGH - 1, **options)
    assert few.verdict == "UNTESTED"
    assert few.reason == "none of 49 examples showed: lr, momentum; run more: examples=100"
    assert became(Evidence(entries=1), SOME - 1, **options).verdict == "PASS"
    assert became(Evidence(entries=1), drawn=MANY.map(lambda n: 0), **options).verdict == "UNTESTED"


def test_a_law_that_is_broken_is_broken_however_little_was_tried() -> None:
    def never(n: int) -> Evidence:
        raise Broken("here", n, "another")

    assert run(law(never, cases=lambda subject: ("night",))).verdict == "FAIL"


def test_untested_is_no_success_in_pytest_and_says_its_word_first() -> None:
    with pytest.raises(AssertionError, match=r"^UNTESTED: anything: a law\n(.|\n)*none of 20 examples counted; run"):
        law(lambda n: Evidence(counted=False)).check(examples=20)


def test_a_result_knows_whether_its_law_judges() -> None:
    book, judging = LawBook(), LawBook(judges=True)
    for one in (book, judging):
        one.law(lambda subject: MANY)(lambda subject, n: Evidence())
        one.law(lambda subject: MANY, judges=one is book)(lambda subject, n: Evidence())
    assert [one.judges for one in (*book.laws, *judging.laws)] == [False, True, True, False]
    assert [became(Evidence(entries=1), 5, judges=judges).judges for judges in (True, False)] == [True, False]
    assert became(Evidence(), judges=True, skip=lambda subject: "not claimed").judges
