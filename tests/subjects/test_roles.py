"""Which parameter of a function of the course is which: by its name, and where names leave it open by the numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from mlp_core.testing import laws, subjects, verify
from mlp_core.testing.subjects.course import CourseSubject
from mlp_core.testing.subjects.recognise import resolve
from mlp_core.testing.subjects.roles import order
from mlp_core.testing.verification.verify import run

TRUE_FIRST = [
    "target output", "y y_hat", "labels prediction", "y_true y_pred", "y t", "t o", "expected actual", "gt guess",
    "actual predicted", "desired_output actual_output", "actual_output predicted_output", "yTrue yPred", "Y AL",
    "true_labels predicted_labels", "y_batch out", "y foo", "target_output net_output", "fasit gjett", "y ŷ",
]  # fmt: skip
SWAPPED = {"y t": "t y"}
OPEN = ["a b", "y y_", "first second", "pred out", "labels target", "y1 y2", "one other"]


@pytest.mark.parametrize("names", TRUE_FIRST)
def test_names_decide_where_they_can(names: str) -> None:
    one, other = SWAPPED.get(names, names).split()
    assert (order(one, other), order(other, one)) == ("first", "second")


@pytest.mark.parametrize("names", OPEN)
def test_names_that_leave_it_open(names: str) -> None:
    one, other = names.split()
    assert order(one, other) is order(other, one) is None


BODY = """
    with torch.no_grad():
        delta = SIGN * (TRUE - PRED) * MODEL.df[MODEL.L](MODEL.z[MODEL.L])
        for l in range(MODEL.L, 0, -1):
            MODEL.dL_dw[l], MODEL.dL_db[l] = delta.T @ MODEL.a[l - 1], delta.sum(0)
            if l > 1:
                delta = (delta @ MODEL.fc[str(l)].weight) * MODEL.df[l - 1](MODEL.z[l - 1])
"""


def written(head: str, model: str, true: str, predicted: str, sign: int = -2) -> Any:
    """A function with this head that is right, or has the wrong sign."""
    words = {"MODEL": model, "TRUE": true, "PRED": predicted, "SIGN": str(sign)}
    source = f"def {head}:" + re.sub("|".join(words), lambda found: words[found[0]], BODY)
    found: dict[str, Any] = {"torch": torch}
    exec(source, found)  # noqa: S102  (ours)
    return found[head.split("(")[0]]


HEADS = [
    ("backpropagation(net, target, output)", "net", "target", "output"),
    ("backprop(model, y, y_hat)", "model", "y", "y_hat"), ("backprop(model, y_hat, y)", "model", "y", "y_hat"),
    ("backprop(model, labels, prediction)", "model", "labels", "prediction"),
    ("backprop(network, outputs, targets)", "network", "targets", "outputs"),
    ("backpropagation(*, model, y_true, y_pred)", "model", "y_true", "y_pred"),
    ("backpropagation(model, *, y_pred, y_true)", "model", "y_true", "y_pred"),
    ("backpropagation(model, y_true, y_pred, verbose=False, lr=0.1)", "model", "y_true", "y_pred"),
    ("backpropagation(model, verbose=False, y_true=None, y_pred=None)", "model", "y_true", "y_pred"),
    ("backprop(y_true, y_pred, model)", "model", "y_true", "y_pred"),
    ("compute_gradients(model, target, pred)", "model", "target", "pred"),
    ("backprop(nn, t, y)", "nn", "t", "y"),
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS, ids=lambda head: str(head[0]))
def test_a_right_one_is_right_and_one_with_the_wrong_sign_is_told_so(head: tuple[str, str, str, str]) -> None:
    next(one for one in laws_of(written(*head)) if one.judges).check(examples=5)
    wrong = run(next(one for one in laws_of(written(*head, sign=2)) if one.judges), examples=5)
    assert "sign" in str(wrong.diagnosis)


def laws_of(function: Any) -> list[Any]:
    assert isinstance(resolve(function), CourseSubject)
    return laws(function, batch_sizes=(1, 1))


@pytest.mark.parametrize(("true", "predicted"), [("one", "other"), ("other", "one")])
def test_where_names_leave_it_open_both_orders_are_tried(true: str, predicted: str) -> None:
    """A function that is wrong in both orders is wrong, and no mistake is named for either."""
    subject = resolve(written("backprop(model, one, other)", "model", true, predicted))
    order = "its names do not show the order of its parameters"
    assert subject.reading == f"{order}; {true} is used as y_true, {predicted} as y_pred"
    report = verify(subject, examples=2)
    assert "FAIL" not in {r.verdict for r in report.results}
    assert subject.reading in report.verdict("backprop")
    wrong = resolve(written("backprop(model, one, other)", "model", true, predicted, sign=-4))
    failed = run(laws_of(wrong)[0], examples=5)
    assert (failed.verdict, failed.diagnosis) == ("FAIL", None)


def test_one_that_is_handed_over_as_one_of_the_course_may_call_its_parameters_anything() -> None:
    subject = subjects.course(written("f(alpha, beta, gamma)", "alpha", "gamma", "beta"))
    assert subject.reading.endswith("gamma is used as y_true, beta as y_pred")
    exec("def g(*args): f(*args)", found := {"f": subject.function})  # noqa: S102  (ours)
    assert verify(subjects.course(found["g"]), examples=2).results[0].verdict == "FAIL"  # in the contract's order


class Net(torch.nn.Module):
    """A network with its own backpropagation, as hand-ins have it."""

    rate = 2

    def scaled(self, difference: Any) -> Any:
        return self.rate * difference

    def backprop(self: Any, y: Any, y_hat: Any) -> None:
        with torch.no_grad():
            delta = self.scaled(y_hat - y) * self.df[self.L](self.z[self.L])
            for l in range(self.L, 0, -1):  # noqa: E741  (a layer)
                self.dL_dw[l], self.dL_db[l] = delta.T @ self.a[l - 1], delta.sum(0)
                if l > 1:
                    delta = (delta @ self.fc[str(l)].weight) * self.df[l - 1](self.z[l - 1])

    def update(self, y_true: Any, y_pred: Any) -> Any:
        return (y_true - y_pred).abs().mean()


@pytest.mark.parametrize("method", [Net.backprop, Net().backprop], ids=["function", "bound"])
def test_a_method_is_given_a_network_that_has_what_its_class_defines(method: Any) -> None:
    assert verify(method, examples=5).ok


@pytest.mark.parametrize("method", [Net.update, Net().update], ids=["function", "bound"])
def test_a_method_that_only_looks_alike_is_not_judged(method: Any) -> None:
    with pytest.raises(ValueError, match="subject: got "):
        resolve(method)
