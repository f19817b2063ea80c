"""Typical mistakes of a newcomer in Python: each message names the argument, the value and the expectation, and says
what to do next."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify
from mlp_core.testing.subjects import arrays
from mlp_core.testing.subjects.doors.given import WAIVERS
from mlp_core.testing.verification.names import resolve


def forward(x: Any, w: Any) -> Any:
    return x @ w, (x, w)


def backward(dout: Any, cache: Any) -> Any:
    x, w = cache
    return dout @ w.T, x.T @ dout


class Layer:
    def __init__(self, n: int) -> None:
        self.W = np.ones((n, 2))

    def forward(self, x: Any) -> Any:
        return x @ self.W

    def backward(self, dout: Any) -> Any:
        return dout @ self.W.T


class Stepless(torch.optim.Optimizer):
    def __init__(self, params: Any) -> None:
        super().__init__(params, {})


TENSOR = torch.zeros(1, requires_grad=True)


@pytest.mark.parametrize(
    ("thing", "got", "instead"),
    [
        (forward, "got the function forward (its parameters are x, w)", "pair(forward, backward, inputs)"),
        (lambda x: x, "got a lambda (its parameters are x)", "verify the result of a call such as"),
        (partial(forward, w=1), "got a partial of forward (its parameters are x, *, w)", "for other code"),
        (Layer, "got the class Layer (its parameters are n)", "subjects.layer(lambda: Layer(...), inputs)"),
        (Layer(3), "got an object of class Layer", "subjects.layer(lambda: Layer(...), inputs)"),
        (torch.optim.SGD([TENSOR]), "got an object of class SGD", "pass the class SGD itself, not an object of it"),
        (Stepless, "got Stepless, which has no method step", "an optimizer with step(self, closure=None)"),
        (torch.nn.Linear(2, 3), "got an object of class Linear", "pass the functions or the class with gradients"),
        ([forward, backward], "subject: got a list of 2", "call verify once for each of several subjects"),
        (torch.relu, "got the function relu", "subjects.derivative(f, df)"),
        (None, "got None", "for other code"),
        (math.sin, "got the function sin (its parameters are x)", "see docs/gradients.md"),
    ],
)
def test_an_object_that_is_not_recognised(thing: Any, got: str, instead: str) -> None:
    with pytest.raises(ArgumentError) as error:
        resolve(thing)
    assert got in str(error.value)
    assert instead in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400  # four lines of a terminal


def made(**options: Any) -> Any:
    return subjects.pair(**{"forward": forward, "backward": backward, "inputs": arrays("(n,d),(d,k)"), **options})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: subjects.layer(Layer, arrays("(n,3)")), ("make: got Layer, which needs n, expected a function without "
         "arguments that makes a new layer, such as lambda: Layer(n=...)")),
        (lambda: subjects.layer(Layer(3), arrays("(n,3)")), "make: got an object of class Layer, expected a function "),  # type: ignore[arg-type]
        (lambda: made(backward=lambda *a: a), ("backward: got yours(*args), expected backward(dout, ..., cache) with "
         "named parameters, the upstream gradients first")),
        (lambda: made(waives=["straight-throu"]), ("waives: got 'straight-throu', expected one of the names of laws, "
         f"{', '.join(WAIVERS)}; did you mean 'straight-through'?")),
        (lambda: verify(made(waives=["keeps two cals apart"])), "did you mean 'keeps two calls apart'?"),
        (lambda: verify(subjects.optimizer(torch.optim.SGD, waives=["takes an empty grup"])), ("did you mean 'takes an "
         "empty group'?")),
        (lambda: verify(made(backward=lambda dout, c, v, b: c), examples=3), ("forward: got one that returns 2 values, "
         "expected its output, and then c, v, b, because backward(dout, c, v, b) takes them")),
        (lambda: subjects.optimizer(torch.optim.SGD([TENSOR])), ("make: got an object of class SGD, expected the class "
         "SGD, or a function (params, **hyper) that returns an optimizer")),
        (lambda: subjects.optimizer("SGD"), "make: got 'SGD', expected a class such as torch.optim.SGD, or a function"),
    ],
)  # fmt: skip
def test_an_argument_of_a_subject(make: Any, said: str) -> None:
    with pytest.raises(ArgumentError) as error:
        make()
    assert said in str(error.value)


def first(**options: Any) -> Any:
    """The first failure."""
    return next(r for r in verify(made(**options), examples=5).results if r.verdict == "FAIL")


@pytest.mark.parametrize(
    ("options", "got", "expected", "note"),
    [
        ({"backward": lambda dout, c: None}, "None", "2: of x, w", "pass the names of the others as wrt=[...]"),
        ({"backward": lambda dout, c: backward(dout, c)[0]}, "1 gradient", "2: of x, w", "wrt=[...]"),
        ({"backward": lambda dout, c: dict(zip(("dx", "dv"), backward(dout, c), strict=True))}, "none", "shape (1, 1)",
         "the dict of gradients has the keys 'dx', 'dv'"),
        ({"backward": lambda dout, c: [g.astype("f4") for g in backward(dout, c)]}, "", "",
         "the gradient of x is float32, and x is float64"),
        ({"inputs": arrays("(n,d)")}, "TypeError: forward() missing 1 required positional", "no exception", ""),
        ({"inputs": arrays("(n,3),(2,k)")}, "ValueError: matmul", "no exception", "return x @ w"),
    ],
)  # fmt: skip
def test_a_return_value_of_the_wrong_kind(options: dict[str, Any], got: str, expected: str, note: str) -> None:
    failure = first(**options)
    assert failure.got.startswith(got)
    assert failure.expected.startswith(expected)
    assert note in failure.text()


def test_a_loss_that_returns_none_is_untested_and_the_reason_says_so() -> None:
    subject = subjects.gradient(lambda p, x: None, lambda p, x: [x], arrays("(n),(n)").map(lambda a: ([a[0]], a[1])))
    (untested,) = (r for r in verify(subject, examples=5).results if r.verdict == "UNTESTED")
    assert "the forward returns no real number and no array of them; check its return statement" in untested.reason


class Unskipped(torch.optim.Optimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.data -= group["lr"] * p.grad


class Lost(Unskipped):
    def step(self, closure: Any = None) -> None:
        for p in self.param_groups[0]["params"]:
            if p.grad is not None:
                p.data -= self.state[p].get("v") * p.grad


def test_a_parameter_without_a_gradient_is_named_as_the_reason() -> None:
    said = [verify(subjects.optimizer(make), examples=5).to_json() for make in (Unskipped, Lost)]
    named = "a step does not skip a parameter whose grad is None: it raises TypeError"
    assert [named in one for one in said] == [True, False]
