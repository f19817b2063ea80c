"""The lines at fault: those that write what is wrong are marked, and the planted mistake is among the marked."""

from __future__ import annotations

from typing import Any

import planted_lines as forms
import pytest

from mlp_core.testing import laws, subjects, verify
from mlp_core.testing.diagnosis.lines.at_fault import FOLLOWED
from mlp_core.testing.diagnosis.lines.fault import found
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.script import Seed
from mlp_core.testing.verification.verify import run

WRITES = [
    ("course", "delta.sum(0)", "delta[0]"),
    ("course", "delta.sum(0)", "delta.mean(0)"),
    ("course", "-2 * (y_true", "2 * (y_true"),
    ("course", " * model.df[model.L](model.z[model.L])", ""),
    ("course", "delta.T @ model.a[l - 1]", "delta.T @ model.a[l - 1] / len(delta)"),
    ("course", "model.df[l - 1](model.z[l - 1])", "model.df[l - 1](model.a[l - 1])"),
    ("helpers", "torch.outer(delta[s], a[s])", "torch.outer(delta[s], a[0])"),
    ("helpers", "return w, delta.sum(0)", "return w, delta.sum(0) * 2"),
    ("helpers", "back * slope", "back + slope"),
    ("pair", "dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)"),
    ("pair", "/ (n * std)", "/ std"),
    ("pair", "return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),
    ("function", "dw = x.T @ dz", "dw = x.T @ grad"),
    ("layer", "dz.sum(axis=0)", "dz.mean(axis=0)"),
    ("layer", "self.W @ dz[i]", "self.W @ dout[i]"),
    ("value", "0.2 * w", "0.1 * w"),
    ("jacobian", "slope[:, None] * A", "slope[:, None] * A + 1"),
    ("score", "2 * r ** 3", "-2 * r ** 3"),
    ("score", "-6 * r ** 2", "-3 * r ** 2"),
    ("chain", "3 * x ** 2", "2 * x ** 2"),
    ("chain", "6 * x", "3 * x"),
    ("elementwise", "a + s * (1 - a)", "a + s * (1 + a)"),
    ("optimizer", "v.mul_(beta2)", "v.mul_(beta1)"),
    ("optimizer", "alpha=1 - beta1", "alpha=1 - beta2"),
    ("optimizer", "(m / c1, denom", "(m, denom"),
    ("rule", ".add_(g)", ".add_(g, alpha=1 - self.beta)"),
    ("rule", "alpha=-self.lr", "alpha=self.lr"),
    ("training", "lr * velocity[p]", "lr * g"),
    ("objective", "slope = p * (1 - p)", "slope = p * (1 + p)"),
    ("objective", "return p - y_true, slope", "return y_true - p, slope"),
    ("twin", "parts.sum(0) / size.sum()", "parts.sum(0) / weights.sum()"),
    ("twin", "parts.sum(0) / size.sum()", "parts.mean(0) / size.sum()"),
    ("script", "db = dz.sum(0)", "db = dz.mean(0)"),
    ("script", "dW = x.T @ dz", "dW = x.T @ dy"),
    ("update", "new.append(p - move)", "new.append(p + move)"),
    ("update", "new.append(p - move)", "new.append(p - move / 2)"),
]
"""mistakes in the line that writes the wrong number itself"""

FEEDS = [
    ("course", "if l > 1:", "if l > 1 and l != 2:"),
    ("helpers", "e = y_pred - y_true", "e = y_true - y_pred"),
    ("helpers", "range(len(delta))", "range(len(delta) - 1)"),
    ("helpers", "model.df[l](model.z[l])", "model.df[l](model.a[l])"),
    ("pair", "dxhat = dout * gamma", "dxhat = dout"),
    ("pair", "second = dxhat.sum(axis=0)", "second = dout.sum(axis=0)"),
    ("pair", "n = len(dout)", "n = len(dout) + 1"),
    ("function", "dz = 2 * z * grad", "dz = z * grad"),
    ("layer", "(1 - self.h ** 2)", "(1 - self.h)"),
    ("layer", "range(len(dz))", "range(len(dz) - 1)"),
    ("layer", "self.x = x", 'self.x = getattr(self, "x", x)'),
    ("layer", "self.h = np.tanh(x @ self.W + self.b)", 'self.h = vars(self).setdefault("h", np.tanh(x @ self.W))'),
    ("jacobian", "slope = 1 - t ** 2", "slope = 1 - t"),
    ("elementwise", "s = sigmoid(z)", "s = sigmoid(2 * z)"),
    ("optimizer", "c1 = 1 - beta1", "c1 = 1 - beta2"),
    ("optimizer", 'state["step"] = 0', 'state["step"] = 1'),
    ("training", "p.grad + weight_decay * p", "p.grad - weight_decay * p"),
    ("training", "+ g", "+ (1 - momentum) * g"),
    ("training", "loss_fn(model(x), y)", "loss_fn(model(x), y) * 2"),
    ("training", "range(n_epochs)", "range(n_epochs - 1)"),
    ("training", "torch.zeros_like(p)", "torch.ones_like(p)"),
    ("objective", "1 / (1 + np.exp(-s))", "1 / (1 + np.exp(s))"),
    ("objective", "p = sigmoid(y_pred)", "p = sigmoid(2 * y_pred)"),
    ("derivatives", "found.append((y - p, -slope))", "found.append((p - y, -slope))"),
    ("derivatives", "slope = p * (1 - p)", "slope = p"),
    ("twin", "parts = weights[:, None] * x", "parts = x"),
    ("twin", "power = np.sum(x * x)", "power = np.sum(x)"),
    ("script", "dy = 2 * (y - t)", "dy = (y - t)"),
    ("script", "size = t.numel()", "size = len(t)"),
    ("update", "faded = beta * v", "faded = v"),
    ("update", "kept.append(faded + g)", "kept.append(faded + (1 - beta) * g)"),
]
"""mistakes in a line before"""



def followed(form: str, right: str, wrong: str) -> tuple[dict[str, Any] | None, int]:
    subject, line = forms.planted(form, right, wrong)
    with globals_kept():
        return _found(form, subject), line


def _found(form: str, subject: Any) -> dict[str, Any] | None:
    cases = next(cases for kind, cases in FOLLOWED.items() if isinstance(subject, kind))
    if form == "script":
        examples = [Seed(0)]
    elif form == "training":
        examples = sample(subject.runs(momentum=True, decay=True), 4)[1:]
    else:
        examples = sample(subject.inputs, 3)[1:] if hasattr(subject, "inputs") else []
    return found(cases(subject, examples), "")


def marks(lines: dict[str, Any] | None) -> dict[int, str]:
    assert lines is not None
    own = dict(lines["marks"])
    return {**{n: "feeds" for _, numbers in lines["elsewhere"] for n in numbers}, **own}


@pytest.mark.parametrize(("form", "right", "wrong"), WRITES)
def test_the_line_that_writes_what_is_wrong_is_marked(form: str, right: str, wrong: str) -> None:
    lines, line = followed(form, right, wrong)
    assert marks(lines)[line] == "writes"


@pytest.mark.parametrize(("form", "right", "wrong"), FEEDS)
def test_a_line_that_it_was_made_of_is_marked(form: str, right: str, wrong: str) -> None:
    lines, line = followed(form, right, wrong)
    assert line in marks(lines)


def test_of_a_script_the_lines_from_the_first_marked_to_the_last_are_shown() -> None:
    lines, line = followed("script", "size = t.numel()", "size = len(t)")
    assert lines is not None
    assert lines["elsewhere"] == []
    assert lines["source"][line - lines["first"]] == "size = len(t)"


@pytest.mark.parametrize("wrong", ["delta[0]", "delta.mean(0)"])
def test_what_is_shown_to_be_right_is_not_marked(wrong: str) -> None:
    """The deltas are autograd's: nothing before the bias gradient can be wrong."""
    lines, line = followed("course", "delta.sum(0)", wrong)
    assert marks(lines) == {line: "writes"}


@pytest.mark.parametrize("form", forms.FORMS)
def test_of_right_code_nothing_is_marked(form: str) -> None:
    assert followed(form, "", "")[0] is None


def test_got_and_expected_are_those_of_the_failure() -> None:
    subject, line = forms.planted("course", "delta.sum(0)", "delta[0]")
    law = next(law for law in laws(subject) if law.name == "equals autograd for a batch")
    result = run(law, examples=10)
    assert result.lines is not None
    assert (result.lines["got"], result.lines["expected"]) == (result.got, result.expected)
    assert result.lines["function"] == "backpropagation"
    assert result.lines["source"][line - result.lines["first"]].strip() == "model.dL_db[l] = delta[0]"


def test_the_line_that_raises_is_marked() -> None:
    subject, line = forms.planted("course", "delta.sum(0)", "delta.sum(7)")
    result = run(laws(subject)[0], examples=5)
    assert result.lines is not None
    assert result.lines["marks"] == [[line, "raises"]]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if l > 1:", "model.z[l].add_(1)\n            if l > 1:"),  # conduct: no number that is known
        ("model.dL_db[l] = delta.sum(0)", "pass"),  # nothing wrote it
    ],
)
def test_where_nothing_can_be_told_nothing_is_shown(right: str, wrong: str) -> None:
    subject, _ = forms.planted("course", right, wrong)
    laws_of = {law.name: law for law in laws(subject)}
    result = run(laws_of["leaves everything else alone" if "add_" in wrong else laws(subject)[0].name], examples=5)
    assert result.verdict == "FAIL"
    assert result.lines is None


def test_code_without_source_has_no_lines() -> None:
    space: dict[str, Any] = {}
    exec(forms.FORMS["course"].source.replace("delta.sum(0)", "delta[0]"), space)  # noqa: S102  (ours)
    report = verify(space["backpropagation"], examples=5)
    assert not report.ok
    assert all(r.lines is None for r in report.results)


def test_what_is_too_large_is_not_followed() -> None:
    def double(x: Any) -> Any:
        return 2 * x, x

    def backward(dout: Any, cache: Any) -> Any:
        return 3 * dout

    report = verify(subjects.pair(double, backward, subjects.arrays("(80,80)")), examples=2)
    assert not report.ok
    assert all(r.lines is None for r in report.results)
