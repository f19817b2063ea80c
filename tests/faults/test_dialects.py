"""A rule that another library has otherwise is named after it, and a right rule never is."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
import torch
from planted import UNSHRUNK

from mlp_core import rules
from mlp_core.rules import UpdateRule
from mlp_core.testing import subjects, verify
from mlp_core.testing.diagnosis.dialects import DIALECTS, Dialect, dialects_of
from mlp_core.testing.diagnosis.explain import explain
from mlp_core.testing.diagnosis.gradients import diagnose
from mlp_core.testing.diagnosis.optimizers import Bench, plain_dialects
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.result import Result
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.verification.names import resolve

CASES = Path(os.environ.get("MLP_CORE_CASES", "")) / "dialects"
EXAMPLES = 60


def judged(subject: Any, examples: int = EXAMPLES) -> Result:
    """The result of the law of equality, with a diagnosis; nothing is shrunk."""
    law = laws_of(subject)[0]
    with globals_kept(), patch.object(engine, "Phase", UNSHRUNK):
        return engine.run(law, examples=examples, explain=explain)


@pytest.mark.parametrize(
    "dialect",
    [pytest.param(d, marks=[pytest.mark.slow] * (k % 4 > 0), id=d.thing.__name__) for k, d in enumerate(DIALECTS)],
)
def test_a_dialect_is_named_when_it_is_planted(dialect: Dialect) -> None:
    result = judged(subjects.rule(dialect.thing))
    assert result.verdict == "FAIL"
    assert dialect.told() in (result.diagnosis or "")


def test_no_two_dialects_say_the_same() -> None:
    told = [dialect.told() for dialect in DIALECTS]
    assert len(set(told)) == len(told)
    assert {dialect.right for dialect in DIALECTS} >= {
        rules.get(n) for n in ("adam", "rmsprop", "sgd", "muon", "rprop")
    }


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n not in ("adam", "rprop"))) for n in rules.names()]
)
def test_a_right_rule_has_no_dialect(name: str) -> None:
    subject = subjects.rule(rules.get(name))
    if subject.reference is None or not list(dialects_of(rules.get(name))):
        pytest.skip("no dialect of it is known")
    bench = Bench(subject, torch.float64)
    assert not [s.words for s in bench.suspects(subject.make) if s.dialect and bench.shows(s)]
    assert plain_dialects(subject) == []


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CASES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORDS = {
    "adam_multiplied": "the bias correction multiplies instead of dividing", "adam_onnx_from_zero": "ONNX",
    "keras_nadam": "Keras", "mindspore_rmsprop": "MindSpore", "mlx_muon": "the decay is coupled",
    "optax_rprop": "every step comes one step late", "rmsprop_centered_minus_eps": "eps is subtracted under the root",
    "rprop_fann": "a zero slope moves the parameter up",
}  # fmt: skip

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="MLP_CORE_CASES names no folder with dialects")


@needs_cases
@pytest.mark.parametrize("name", WORDS)
def test_a_handed_port_is_wrong_and_named(name: str) -> None:
    module = loaded(name)
    own = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, UpdateRule)]
    result = judged(subjects.rule(next(cls for cls in own if cls.__module__ == name)))
    assert result.verdict == "FAIL"
    assert WORDS[name] in (result.diagnosis or "")


@needs_cases
def test_corrections_in_float32_are_told_once_they_show() -> None:
    module = loaded("float32_corrections")
    assert judged(module.subject(0.5, 0.99), 20).verdict == "PASS"
    result = judged(module.subject(0.999, 0.9999), 20)
    assert result.verdict == "FAIL"
    assert "bias corrections in the dtype of the parameters" in (result.diagnosis or "")


@needs_cases
def test_an_error_that_goes_back_through_the_new_weights_is_told_with_its_rate() -> None:
    report = verify(loaded("hand_in_new_weights").backpropagation, examples=6)
    said = {r.diagnosis for r in report.results if r.law.startswith("equals autograd")}
    told = "through weights that are already updated (by 0.01 times their gradient)"
    assert all(told in (words or "") for words in said)


@pytest.mark.parametrize("rate", [0.3, 0.002])
def test_the_rate_is_found_whatever_it_is(rate: float) -> None:
    def backpropagation(model: Any, y_true: torch.Tensor, y_pred: torch.Tensor) -> None:
        with torch.no_grad():
            delta = -2 * (y_true - y_pred)
            for layer in range(model.L, 0, -1):
                delta = delta * model.df[layer](model.z[layer])
                model.dL_dw[layer], model.dL_db[layer] = delta.T @ model.a[layer - 1], delta.sum(0)
                delta = delta @ (model.fc[str(layer)].weight - rate * model.dL_dw[layer])

    said = diagnose(resolve(backpropagation), [])
    assert said is not None
    assert f"(by {rate:g} times their gradient)" in said
