"""A law is not kept by doing nothing: too little tested, silenced, blinded or interrupted, the battery says so."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import strategies as st
from planted import UNSHRUNK

from mlp_core import ArgumentError
from mlp_core.testing import Report, assert_lawful, laws, verify
from mlp_core.testing.engine import enough
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.groups import BATCH
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run
from mlp_core.testing.exact import networks as affordable
from mlp_core.testing.examples import images as normalisation_laws
from mlp_core.testing.examples import networks as strategies
from mlp_core.testing.examples import points as record_subjects
from mlp_core.testing.examples import scenarios
from mlp_core.testing.examples.problem import Case
from mlp_core.testing.faults.gradients.conduct import is_random, raises
from mlp_core.testing.faults.gradients.products import bias_gradient_of_the_first_sample
from mlp_core.testing.oracles import gradients as oracles


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Phase", UNSHRUNK)  # shrinking takes most of the time


OF_BATCHES = [law for law in laws(bias_gradient_of_the_first_sample) if law.group == BATCH]
"""that break if a batch is treated as its first sample"""


class Anything:
    """The subject of laws that look at nothing."""

    name = "anything"


class Example:
    def describe(self) -> str:
        return "an example"


def law(evidence: Evidence, **options: Any) -> Result:
    """The result of a law whose every example gives this evidence."""
    made = Law("a law", "It holds.", lambda subject, example: evidence, lambda s: st.builds(Example), **options)
    drawn = replace(made, given=lambda s: st.tuples(st.integers()).map(lambda _: Example()))
    return run(drawn.bind(Anything()), examples=100)


def test_a_law_whose_examples_count_is_kept() -> None:
    assert law(Evidence(entries=1)).verdict == "PASS"


def test_a_law_whose_examples_do_not_count_is_untested() -> None:
    result = law(Evidence(entries=1, counted=False))
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith("none of 100 examples counted")


def test_a_law_that_skips_too_many_entries_is_untested() -> None:
    assert law(Evidence(entries=9, skipped=1)).verdict == "PASS"
    result = law(Evidence(entries=8, skipped=1))
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith("100 of 900 entries skipped, more than 10%")


def test_a_case_never_seen_leaves_a_law_untested() -> None:
    result = law(Evidence(entries=1, seen=frozenset({"day"})), cases=lambda subject: ("day", "night"))
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith("none of 100 examples showed: night")


def test_a_law_without_examples_is_untested() -> None:
    nothing = Law("a law", "It holds.", lambda subject, example: Evidence(), lambda s: st.nothing())
    assert run(nothing.bind(Anything()), examples=10).verdict == "UNTESTED"


def test_a_report_that_ran_no_law_is_not_ok() -> None:
    assert not Report().ok
    skipped = Result("a law", "It holds.", "anything", verdict="SKIP")
    assert not Report([skipped]).ok
    assert Report([skipped, Result("another", "It holds.", "anything")]).ok


class Zeros(strategies.Numbers):
    def take(self, shape: Any, scale: float = 1.0) -> torch.Tensor:
        return super().take(shape, scale) * 0

    def on_grid(self, shape: Any, fraction: int) -> torch.Tensor:
        return super().on_grid(shape, fraction) * 0


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("backprop", "agrees with central differences for a batch"),
        ("sgd", "uses every hyperparameter"),
        ("fit", "repeats under a seed"),
        ("backprop", "equals exact rational arithmetic"),
        ("sgd", "steps as exact rational arithmetic does"),
        ("fit", "trains as exact rational arithmetic does"),
        ("relu", "has only the kinks that it names"),
        ("normalise", "normalises every split by the training split"),
        ("cross_entropy", "has the gradient of autograd"),
    ],
)
def test_fed_zeros_alone_a_right_subject_does_not_pass(subject: str, name: str) -> None:
    (one,) = (law for law in laws(subject) if law.name == name)
    with contextlib.ExitStack() as patches:
        for module in (strategies, affordable, scenarios, normalisation_laws, record_subjects):
            patches.enter_context(patch.object(module, "Numbers", Zeros))
        assert run(one, examples=enough.ENOUGH).verdict == "UNTESTED"


def test_fed_zeros_the_laws_miss_a_mistake_that_they_catch_with_their_own_numbers() -> None:
    def caught() -> set[str]:
        return {r.law for r in verify(bias_gradient_of_the_first_sample, examples=8).results if r.verdict == "FAIL"}

    seeing = caught()
    with patch.object(strategies, "Numbers", Zeros):
        assert caught() < seeing


def test_an_oracle_that_asks_the_subject_itself_sees_nothing_and_the_other_laws_still_do() -> None:
    def asked(case: Case) -> list[torch.Tensor]:
        case.model.flat_grad.fill_(0)  # allocates, as the subject's own call does
        bias_gradient_of_the_first_sample(case.model, case.trace, case.dL_dy)
        return [p.grad.clone() for p in case.model.parameters() if p.grad is not None]

    with patch.object(oracles, "autograd", asked):
        verdicts = {law.name: run(law, examples=20).verdict for law in OF_BATCHES}
    assert verdicts == {
        "equals autograd for a batch": "PASS", "agrees with central differences for a batch": "FAIL",
        "adds up over the batch": "FAIL", "ignores the order of the batch": "FAIL",
    }  # fmt: skip


def test_a_subject_that_raises_is_broken_and_its_exception_is_shown() -> None:
    results = verify(raises, examples=5).results
    assert {r.verdict for r in results} == {"FAIL", "SKIP"}
    assert all("IndexError: index 2 is out of range" in r.text() for r in results if r.verdict == "FAIL")


def test_a_subject_that_is_random_is_broken() -> None:
    names = "repeats itself to the bit", "equals autograd for a batch"
    with globals_kept():
        assert {run(law, examples=20).verdict for law in laws(is_random) if law.name in names} == {"FAIL"}


def test_verify_writes_nothing_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verify(bias_gradient_of_the_first_sample, examples=2)
    assert not list(tmp_path.iterdir())


def test_the_same_seed_gives_the_same_counterexamples_and_another_seed_others() -> None:
    def shown(seed: int) -> list[str]:
        return [run(law, examples=10, seed=seed).text() for law in OF_BATCHES]

    assert shown(0) == shown(0)
    assert shown(0) != shown(1)


@pytest.mark.parametrize("subject", ["backprop", "sgd", "fit"])
def test_the_default_dtype_outside_does_not_disturb(subject: str) -> None:
    with globals_kept():
        torch.set_default_dtype(torch.float64)
        report = verify(subject, examples=5)
        assert report.ok, [r.text() for r in report.results if r.verdict == "FAIL"]
        assert torch.get_default_dtype() == torch.float64


def test_assert_lawful_lists_every_broken_law() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_lawful(bias_gradient_of_the_first_sample, examples=4)
    broken = [r for r in verify(bias_gradient_of_the_first_sample, examples=4).results if r.verdict == "FAIL"]
    assert len(broken) > 3
    assert all(r.text() in str(caught.value) for r in broken)


@pytest.mark.parametrize("one", laws("backprop")[:3], ids=str)
def test_laws_go_into_parametrize(one: Law, request: pytest.FixtureRequest) -> None:
    assert request.node.name.endswith(f"[{one.name.replace(' ', '-')}]")
    one.check(examples=5)


def takes_something_else(weights: Any, images: Any) -> None: ...


@pytest.mark.parametrize(
    ("subject", "options", "said"),
    [
        ("backprop", {"examples": 0}, "examples: got 0"),
        ("backprop", {"examples": True}, "examples: got True"),
        ("backprop", {"examples": 1.5}, "examples: got 1.5"),
        ("backprop", {"seed": "x"}, "seed: got 'x'"),
        ("backprop", {"seed": 1.0}, "seed: got 1.0"),
        ("backprop", {"batch_sizes": (0, 1)}, "batch_sizes: got (0, 1)"),
        ("backprop", {"batch_sizes": (3, 2)}, "batch_sizes: got (3, 2)"),
        ("bakcprop", {}, "did you mean 'backprop'?"),
        ("no_such_module:f", {}, "a module that can be imported"),
        ("math:no_such_name", {}, "a name that module math defines"),
        (takes_something_else, {}, "f(model, trace, dL_dy)"),
        (3, {}, "subject: got 3"),
    ],
)  # fmt: skip
def test_verify_refuses_what_it_cannot_do_and_says_what_it_could(
    subject: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        verify(subject, **options)
    assert said in str(caught.value)
