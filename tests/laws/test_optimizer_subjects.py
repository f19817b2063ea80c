"""Any optimizer and any gradient: correct code passes, however it is written; bad input is refused."""

from __future__ import annotations

from typing import Any
from unittest import SkipTest

import pytest
import torch
from hypothesis import strategies as st

from mlp_core import ArgumentError, rules
from mlp_core.testing import laws, subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.faults import functions
from mlp_core.testing.faults.optimizers import manners as optimizers
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.right import suspicious
from mlp_core.testing.verification.names import resolve


def failures(subject: Any, examples: int = 20) -> list[str]:
    return [r.text() for r in verify(subject, examples=examples).results if r.verdict == "FAIL"]


def one(subject: Any, name: str, examples: int) -> engine.Result:
    """The result of one law."""
    (law,) = (law for law in laws(subject) if law.name == name)
    return engine.run(law, examples=examples)


def test_torch_s_foreach_implementation_is_lawful() -> None:
    hyper = {"lr": st.floats(1e-3, 1), "weight_decay": st.floats(0, 0.1), "eps": st.floats(1e-8, 0.1), "foreach": True}
    assert not failures(subjects.optimizer(torch.optim.Adam, torch.optim.Adam, hyper, ["coordinatewise", "odd"]))


def test_a_right_optimizer_with_a_reference_and_claims_is_lawful() -> None:
    assert not failures(optimizers.adam(optimizers.Adam))


def test_a_bare_class_runs_the_universal_laws_and_says_what_nobody_exercised() -> None:
    report = verify(torch.optim.Adam, examples=10)
    assert report.ok
    ran = {r.law for r in report.results if r.verdict == "PASS"}
    assert {
        "leaves the gradient alone", "goes on after save and load", "keeps two runs apart",
        "lets a parameter join late", "keeps dtype and device", "takes every shape and stride",
        "takes a gradient of any strides", "repeats and touches nothing else",
        "moves nothing at an lr of 0", "applies its lr to every shape", "takes an empty group",
        "calls its hooks", "steps the same with foreach or fused", "forgets a step that it skips",
        "gives every group its own hyperparameters", "goes on as a deep copy", "ignores the names of parameters",
        "leaves a checkpoint alone", "leaves the values of its groups alone", "moves 16 bit parameters as 32 bit ones",
        "obeys schedulers", "obeys what is written into its groups", "restores its hyperparameters from a checkpoint",
        "leaves a parameter with zero gradients at zero", "keeps descending in a long run",
        "steps several dtypes together", "steps with a closure as without", "takes a group added later",
        "takes a group of frozen parameters", "takes complex numbers as pairs",
        "steps the same if a group is split in two",
        "follows its parameters into new memory", "uses the gradient of the same step", "keeps no graph",
        "moves large parameters as small ones", "moves float32 as float64", "moves parameters that are zero",
        "uses every hyperparameter",
    } == ran  # fmt: skip
    reasons = {r.law: r.reason for r in report.results}
    shown = reasons["uses every hyperparameter"]
    assert "varied by their names, each by a few values: lr, betas, weight_decay, eps; not exercised: amsgrad" in shown
    assert "subjects.optimizer(make, reference=...)" in reasons["equals its reference"]
    assert "add 'odd' to the claims if" in reasons["gives the negated result for negated arguments"]


def test_an_optimizer_is_found_by_its_name_and_its_laws_are_ready_for_pytest() -> None:
    subject = resolve("mlp_core.testing.faults.optimizers.manners:Adam")
    assert subject.name == "Adam"
    names = [str(law) for law in laws(optimizers.Adam)]
    assert "lets-a-parameter-join-late" in names
    assert len(names) == len(set(names))


def test_what_the_constructor_refuses_is_not_asked_of_it() -> None:
    subject = subjects.optimizer(suspicious.OneGroup)
    assert subject.max_groups == 1
    assert subject.shapes
    assert all(len(shape) == 1 and shape[0] for shape in subject.shapes)
    assert {len(shape) for shape in subjects.rule(rules.get("muon")).shapes} == {2}


def refused(*args: Any, **options: Any) -> str:
    with pytest.raises(ArgumentError) as caught:
        subjects.optimizer(*args, **options)
    return str(caught.value)


def test_bad_input_is_refused_by_name() -> None:
    adam = torch.optim.Adam
    assert "did you mean 'betas'?" in refused(adam, hyperparameters={"beta": 0.5})
    assert "did you mean 'coordinatewise'?" in refused(adam, claims=["coordinate wise"])
    assert refused(5).startswith("make: got 5, expected a class such as torch.optim.SGD, or a function")
    assert refused(adam, reference=5).startswith("reference: got 5")

    class Needs(torch.optim.SGD):
        def __init__(self, params: Any, lr: float, radius: float) -> None:
            super().__init__(params, lr * radius)

    assert "a value or strategy for radius, which has no default" in refused(Needs)
    assert verify(subjects.optimizer(Needs, hyperparameters={"radius": 2.0}), examples=2).ok  # lr: its own choice


def test_the_right_gradient_of_a_function_is_lawful() -> None:
    assert not failures(functions.function(functions.right), examples=50)


def test_a_gradient_that_takes_another_side_at_a_kink_is_not_accused() -> None:
    inputs = st.lists(st.integers(-2, 2), min_size=1, max_size=4).map(lambda k: ([torch.tensor(k).double()],))
    for convention in (lambda p: [torch.sign(p[0])], lambda p: [torch.where(p[0] >= 0, 1.0, -1.0).double()]):
        subject = subjects.gradient(lambda p: p[0].abs().sum(), convention, inputs)
        assert not failures(subject, examples=50)


def test_bad_input_for_a_gradient_is_refused_by_name() -> None:
    with pytest.raises(ArgumentError, match="loss: got 5, expected a function"):
        subjects.gradient(5, functions.right, functions.INPUTS)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="inputs: got 5, expected a Hypothesis strategy"):
        subjects.gradient(functions.loss, functions.right, 5)  # type: ignore[arg-type]
    single = st.just(torch.ones(3))
    with pytest.raises(ArgumentError, match="params a list of float64 tensors"):
        laws_of(subjects.gradient(functions.loss, functions.right, single))[0].check(examples=1)


def test_hyperparameters_that_the_constructor_refuses_together_are_no_example() -> None:
    hyper = {"lr": st.floats(0.01, 1), "momentum": st.sampled_from([0.0, 0.5]), "nesterov": st.booleans()}
    result = one(subjects.optimizer(torch.optim.SGD, torch.optim.SGD, hyper), "equals its reference", 60)
    assert result.verdict == "PASS"
    assert 18 < result.counted < result.examples


def test_a_law_that_does_not_hold_by_design_is_waived_and_the_report_says_so() -> None:
    law = "takes every shape and stride"
    wrong = optimizers.MovesACopyOfWhatIsStrided
    result = one(subjects.optimizer(wrong, waives=[law]), law, 10)
    assert (result.verdict, result.reason) == ("SKIP", "waived")
    with pytest.raises(ArgumentError, match="did you mean 'takes every shape and stride'"):
        laws(subjects.optimizer(wrong, waives=["takes every shape or stride"]))


def test_what_a_reference_raises_is_not_laid_to_the_subject() -> None:
    class Refuses(optimizers.Adam):
        def begin(self, group: dict[str, Any]) -> None:
            raise RuntimeError("not today")

    broken = one(subjects.optimizer(torch.optim.Adam, Refuses), "equals its reference", 5)
    assert (broken.verdict, broken.where) == ("FAIL", "the reference, not the subject")
    assert broken.got == "RuntimeError: not today"
    assert "not today" in broken.reason


def test_a_crash_on_one_shape_breaks_one_law() -> None:
    class NoEmptyOnes(optimizers.Adam):
        def apply(self, p: torch.Tensor, h: dict[str, Any], update: torch.Tensor) -> None:
            super().apply(p, h, update / (p.numel() / p.numel()))

    subject = subjects.optimizer(NoEmptyOnes)
    assert {shape for shape in subject.shapes if shape not in subject.steady} == {(0,), (0, 3)}
    assert one(subject, "takes every shape and stride", 30).verdict == "FAIL"
    assert one(subject, "repeats and touches nothing else", 30).verdict == "PASS"


def test_in_16_bits_no_reference_is_asked_for_and_everything_else_is() -> None:
    subject = subjects.optimizer(torch.optim.Adam, torch.optim.Adam, dtypes=[torch.bfloat16])
    assert "16 bits have too few digits" in one(subject, "equals its reference", 10).reason
    assert one(subject, "takes every shape and stride", 50).verdict == "PASS"


def test_an_lr_whose_default_stands_for_none_is_given() -> None:
    class Wants(torch.optim.SGD):
        def __init__(self, params: Any, lr: Any = None) -> None:
            super().__init__(params, 1.0 * lr)

    assert not failures(Wants, examples=5)


def test_an_exception_without_words_is_placed() -> None:
    class Silent(optimizers.Adam):
        def begin(self, group: dict[str, Any]) -> None:
            raise AssertionError

    text = failures(Silent, examples=2)[0]
    assert "test_optimizer_subjects.py, line " in text
    assert "raise AssertionError" in text


def test_a_reference_with_other_names_is_asked_group_by_group() -> None:
    class HeavyBall(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 0.1, beta: float = 0.5) -> None:
            super().__init__(params, {"lr": lr, "beta": beta})

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in (p for p in group["params"] if p.grad is not None):
                    self.state[p]["v"] = v = group["beta"] * self.state[p].get("v", 0 * p) + p.grad
                    p.sub_(group["lr"] * v)

    def reference(params: Any, lr: float, beta: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr=lr, momentum=beta)

    hyper = {"lr": st.floats(0.01, 1), "beta": st.floats(0.1, 0.9)}
    assert one(subjects.optimizer(HeavyBall, reference, hyper), "equals its reference", 60).verdict == "PASS"


def test_a_law_that_does_not_apply_is_skipped_by_pytest_too() -> None:
    (law,) = (law for law in laws(torch.optim.Adam) if law.name == "equals its reference")
    with pytest.raises(SkipTest, match="no reference; pass one"):
        law.check(examples=1)
