"""A gradient without its loss: the loss is searched among those whose gradients are often written by hand.

A function that backpropagates by hand contains its own forward up to the place where the target meets the prediction.
Its gradients are compared with difference quotients of a few losses of prediction and target. The loss that explains
the most gradients, to the last digits, is chosen. If no loss explains any, nothing is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.subjects.doors.alone_search import Tried, tried_with
from mlp_core.testing.subjects.doors.alone_shapes import OUTPUTS, Given, drawn_by, given_for
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import strategy_of
from mlp_core.testing.subjects.doors.one_row import ALONE, RAISES, is_table, several_rows, untested_words
from mlp_core.testing.subjects.doors.parts import Parts

ONE = "; with several outputs it is not the gradient of this cost"

COUNTED = "; the largest class is always among the labels, because the code counts classes by them"


NEGATIVE = """
along = gives
def gives(*args):
    return [-g for g in along(*args)]
"""
"""lines for the gradients of a step with the other sign"""


def of_parts(parts: Parts, things: Sequence[Any]) -> Form:
    """The form of a gradient, with the loss that was found. Raises ArgumentError if no loss explains it."""
    best = _best(parts, things)
    if best is None and parts.step:  # a step that goes uphill is the gradient of a loss with the other sign
        turned = _best(replace(parts, text=parts.text + NEGATIVE), things)
        if turned is not None and turned[0].agree == len(parts.wrt) + parts.own:
            best = turned[0]._replace(alone=replace(turned[0].alone, parts=parts)), turned[1]
    if best is not None:
        return _form(parts, things, *best)
    if parts.own and "def meets(" in parts.text:
        return of_parts(replace(parts, own=False), things)  # what is called a cost does not run
    call = ", ".join(parts.arguments)
    paste = (
        f"from mlp_core.testing import subjects\ndef loss({call}): return ...  # a number\n"
        f'subject = subjects.gradient(loss, {parts.name}, subjects.arrays("(n,d),..."))'
    )
    expected = "the loss that it is the gradient of, as in these three lines in the file"
    raise ArgumentError("loss", Described(f"none that {parts.name}({call}) is the gradient of"), expected, paste=paste)


def of_recorded(parts: Parts, recorded: Parts, things: Sequence[Any], name: str) -> Form:
    """The same for a loop that also computes a loss of this name, which `recorded` has as its own. It decides, unless
    it explains no gradient, or a usual loss explains all of them: then it only shows how the training goes, and the
    report says that its gradient is another one.
    """
    own = _best(recorded, things)
    if own is not None and own[0].agree == len(parts.wrt) + 1:
        return _form(recorded, things, *own)
    usual = _best(parts, things)
    if own is not None and own[0].agree > 1 and (usual is None or usual[0].agree < len(parts.wrt)):
        return _form(recorded, things, *own)
    form = of_parts(parts, things) if usual is None else _form(parts, things, *usual)
    return form if own is None else replace(form, found=f"{form.found}; {name} in the loop has another gradient")


def _best(parts: Parts, things: Sequence[Any]) -> tuple[Tried, Given] | None:
    """The loss that explains the most gradients, and the shapes; None if no loss explains enough."""
    best: tuple[Tried, Given] | None = None
    runs: Given | None = None  # with several rows: a single one would hide a missing mean
    several = given_for(
        parts.arguments, parts.wrt, parts.target, parts.biases, parts.rate, flat_target=parts.flat_target,
        numbers=parts.numbers, one=parts.one,
    )  # fmt: skip
    refuted = set[tuple[Any, ...]]()
    for given in (replace(one, counted=parts.counts) for one in several):
        if runs is not None and (given.lib != runs.lib or not given.several):
            continue
        if parts.own and given.outputs > 1 and given.layout() in refuted:
            continue  # 2 outputs hide that a factor of 2 is missing
        found = tried_with(parts, things, given)
        if found is not None and found.whole and found.agree <= len(parts.wrt) and given.outputs == OUTPUTS[0]:
            refuted.add(given.layout())
        runs = given if found is not None and found.whole and given.several else runs
        if found is not None and _better(found, best[0] if best is not None else None):
            less = ONE if parts.own and best is not None and best[0].whole and given.outputs == 1 else ""
            best = found._replace(words=found.words + less + _of_one_number(parts, given)), given
        if best is not None and best[0].agree == len(parts.wrt) + parts.own:
            break
    return best


def _form(parts: Parts, things: Sequence[Any], tried: Tried, given: Given) -> Form:
    words = tried.words
    if parts.own and tried.agree <= len(parts.wrt) and "def meets(" in parts.text:
        words += _other(parts, things, given)
    words += f"; {parts.note}" if parts.note else ""
    words += COUNTED if given.counted and given.kind == "classes" else ""
    untested = ""
    if not parts.one and (wider := several_rows(parts, things, given)) is not None:
        wide, what = wider
        if is_table(parts):
            given, words = wide, f"{words}; {what}"
        elif given.axis == 1:  # a sample as a column is what code for one sample takes
            words += ALONE.format(what)
        elif what == RAISES:
            untested = untested_words(what, given)
    asked = tuple(parts.arguments.index(n) for n in parts.wrt)
    scope = tried.alone.scope()
    return Form(
        parts.name, "loss with its gradient", strategy_of(drawn_by(given)), tried.alone.run_of(scope),
        tried.alone.source, names=parts.arguments, asked=asked, upstream=False, omitted=(untested, ""),
        again=tried.alone.again(scope, given.built(0)),
        found=f'shapes found by trying: "{given.signature()}"{words}',
    )  # fmt: skip


def _better(found: Tried, best: Tried | None) -> bool:
    """Whether a loss explains more gradients than the best one so far, or as many, all in the shape of their parameter.
    """
    if best is None:
        return found.agree > 0
    return found.agree > best.agree or (found.agree == best.agree and found.whole and not best.whole)


def _of_one_number(parts: Parts, given: Given) -> str:
    """Words for a bias that is a number beside a matrix: with several outputs it would be a vector."""
    shapes = dict(zip(parts.arguments, given.shapes, strict=True))
    numbers = [n for n in parts.arguments if n in parts.biases and shapes[n] == ()]
    wide = any(len(shapes[n]) > 1 for n in parts.wrt if n not in parts.biases)
    return f"; {', '.join(numbers)} is one number, as for one output" if numbers and wide else ""


def _other(parts: Parts, things: Sequence[Any], given: Given) -> str:
    """Which usual loss a gradient is of, if it is not that of the cost in its file, in words."""
    found = tried_with(replace(parts, own=False), things, given)
    full = found is not None and found.agree == len(parts.wrt)
    return f"; it is the gradient of {found.words.partition('compared with ')[2]}" if found is not None and full else ""
