"""A class of losses: a method for the value, and a method for the gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import is_array, like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.again import Again, anew
from mlp_core.testing.subjects.doors.beside import Beside, formed, predicted, refused
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.fused import Sigmoid, Softmax, joined, one_hot
from mlp_core.testing.subjects.doors.given import in_words, required
from mlp_core.testing.subjects.doors.held import held
from mlp_core.testing.subjects.doors.telling import telling_defaults

STEP = 2.0**-17
"""the step of a quotient that only chooses between the two"""


NEAR, FAR = 1e-6, 1e-3
"""how far the slopes of gradients and values are apart, if they belong together and if not"""

BY_INPUT = (
    "its gradient is not by {p} but by the input of a {before} that returns {p}. This is right only if the backward of "
    "that {before} returns its upstream gradient as it is: put both into one file, or verify them as one loss"
)


def of_loss(cls: type, value: str, gradient: str) -> Form:
    """The form of a class of losses. If its gradient is the one by the input of a softmax or sigmoid before it, such as
    p - y, it is untested: only both together can be judged.
    """
    form = _of_loss(cls, value, gradient)
    if _off(form, sample(form.inputs, 3)[-1]) < FAR:
        return form
    names = required(getattr(cls(), value))
    for before in (Softmax, Sigmoid):
        try:
            both = of_fused(before, cls, ("forward", "backward"), value, gradient)
        except ArgumentError:
            continue
        if _off(both, sample(both.inputs, 3)[-1]) < NEAR:
            words = BY_INPUT.format(p=names[predicted(names)], before=before.__name__.lower())
            return replace(both, name=form.name, omitted=(words, ""))
    return form


def of_fused(
    before: type, loss: type, methods: tuple[str, str], value: str, gradient: str, z: str = "z"
) -> Form:  # fmt: skip
    """A loss together with the activation before it, as for `joined`."""
    at = predicted(required(getattr(loss(), value)))
    form = _of_loss(joined(before, methods, loss, value, gradient, at, z), "forward", "backward")
    return one_hot(form, at, lambda z: getattr(before(), methods[0])(z))


def _of_loss(cls: type, value: str, gradient: str) -> Form:
    """A class of losses: a method for the value, and one for its gradients, which takes the same arguments or none. If
    the value is an array, the gradient is that of its sum or of its mean, whichever is nearer.
    """
    def by(word: str, given: str) -> Form:
        lines = (
            *anew(f"{owner}({given})", "both"), f"    value = made.{value}(*args)",
            f"    value = value.{word}() if np.ndim(value) else value", f"    return value, made.{gradient}({again})",
        )  # fmt: skip
        beside = Beside(lines, (cls,))
        form = formed(f"{owner}.{gradient}", required(getattr(cls(), value)), beside)
        if form is None and given:
            return by(word, "")
        if form is None or held(cls()):
            expected = "a loss without arrays of its own, with a gradient for its first arguments"
            call = f'value_and_gradient(f, subjects.arrays("(n,d),(n,d)"))  # f calls {owner}'
            raise refused(f"{owner}.{value} runs", expected, call)
        form = replace(form, again=Again(beside.defined("new")))
        return replace(form, found=f"{form.found}; {in_words(telling)}") if given else form

    telling = telling_defaults(cls)
    given = ", ".join(f"{n}={v!r}" for n, v in telling.items())
    owner, again = cls.__name__, "*args" if required(getattr(cls(), gradient)) else ""
    first = by("mean", given)
    example = sample(first.inputs, 3)[-1]
    with np.errstate(all="ignore"):
        if np.ndim(getattr(cls(), value)(*example.fresh())) == 0:
            return first
        forms = {"mean": first, "sum": by("sum", given)}
        word = min(forms, key=lambda one: _off(forms[one], example))
    return replace(forms[word], found=f"{forms[word].found}; the gradient is that of the {word} of its values")


def _off(form: Form, example: Arguments) -> float:
    """How far a gradient is from a quotient of its value, along one line."""
    run = form.run(example.fresh())
    found = run.pull([1.0])
    several = [found] if is_array(found) else list(found)
    places = form.asked or range(len(several))
    lines = {k: np.cos(np.arange(np.size(example.args[k])) + 1).reshape(np.shape(example.args[k])) for k in places}

    def at(step: float) -> float:
        moved = [a + step * like(torch.from_numpy(lines[k]), a) if k in lines else a
                 for k, a in enumerate(example.fresh())]  # fmt: skip
        return float(form.run(moved).outs[0])

    slope = (at(STEP) - at(-STEP)) / (2 * STEP)
    own = sum(float((tensor_of(g).numpy() * lines[k]).sum()) for k, g in zip(places, several, strict=True))
    return abs(own - slope) / (abs(own) + abs(slope) + 1e-300)
