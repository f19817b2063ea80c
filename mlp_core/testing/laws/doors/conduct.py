"""A hand-written backward changes none of its arguments, and a second call gives the same numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import in_words, modes_kept
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments, written
from mlp_core.testing.examples.foreign_arrays import copied, source_of, tensor_of
from mlp_core.testing.laws.doors.shared import changed as moved
from mlp_core.testing.laws.doors.shared import held, said
from mlp_core.testing.subjects.doors.form import Run
from mlp_core.testing.subjects.doors.pulled import pulled
from mlp_core.testing.subjects.doors.returned import UNIT, Gradient

book = LawBook()

KEPT = "backward changes a tensor that the forward saved"

ANOTHER = "a second call gives other numbers: it is random, or keeps something between calls"

SAME = """\
def same(a, b):
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=np.asarray(a).dtype.kind == "f")"""

ARGUMENT = f"""{SAME}
before = copy.deepcopy(args)
outs, pull = run(args)
ABOVE
pull(above)
assert same(argsPATH, beforePATH), "the call changes an argument\""""

FROM_ABOVE = f"""{SAME}
outs, pull = run(args)
ABOVE
before = copy.deepcopy(above)
pull(above)
assert same(above[INDEX], before[INDEX]), "the call changes the upstream gradient\""""

SECOND = f"""{SAME}
outs, pull = run(args)
ABOVE
first = copy.deepcopy(pull(copy.deepcopy(above)))PLACE
second = pull(copy.deepcopy(above))PLACE
assert same(first, second), (first, second)"""

ANEW = f"""{SAME}
ABOVE
first, second = (run(copy.deepcopy(args))[1](copy.deepcopy(above))PLACE for _ in range(2))
assert same(first, second), (first, second)"""


@book.law(lambda subject: subject.inputs)
def leaves_arguments_and_cache_alone(subject: Any, example: Arguments) -> Evidence:
    """Backward changes neither the arguments, nor the upstream gradients, nor what the forward saved, nor torch's
    global modes, such as the default dtype. A second backward gives the same numbers, and so does a second run of both.

    A change in place does no harm in this call. It harms the next code that uses the tensor: the other branch of a sum,
    the loss, or a second pass.
    """
    args, subject = example.fresh(), replace(subject, alike=False)  # which would put a changed default dtype back
    with modes_kept("outs, pull = run(args)") as changed:
        run = subject.call(args)
    above = subject.above(example, run.outs)
    handed = [copied(c) for c in above]
    with modes_kept(f"outs, pull = run(args)\n{said(above)}\npull(above)") as later:
        found = run.pull(handed)
    first = [(g, tensor_of(g.value)) for g in subject.gradients(example, found, above)]
    for path in moved(args, example):
        closing = ARGUMENT.replace("ABOVE", said(above)).replace("PATH", written(path, ""))
        raise Broken(f"argument {subject.words(path)}", "changed by the call", "untouched", closing=closing)
    for k, (now, before) in enumerate(zip(handed, above, strict=True)):
        if not same_bits(tensor_of(now), tensor_of(before)):
            closing = FROM_ABOVE.replace("ABOVE", said(above)).replace("INDEX", str(k))
            raise Broken(
                f"upstream gradient of output {k}", "changed by the call", "untouched", closing=closing,
                note="backward changes its upstream gradient in place; other code that uses it gets wrong numbers",
            )  # fmt: skip
    evidence = Evidence()
    if not subject.once:
        again = subject.gradients(example, run.pull([copied(c) for c in above]), above)
        evidence.join(_same(first, again, above, SECOND, "called a second time", KEPT))
    other = subject.call(example.fresh())
    anew = subject.gradients(example, other.pull([copied(c) for c in above]), above)
    evidence.join(_same(first, anew, above, ANEW, "run anew", ANOTHER))
    evidence.counted = evidence.entries > 0
    evidence.note = in_words(list(dict.fromkeys([*changed, *later])))
    return evidence


def _same(
    first: list[tuple[Gradient, Any]], second: list[Gradient], above: Any, closing: str, when: str, note: str
) -> Evidence:
    """Check that gradients equal the first ones, bit for bit."""
    closings = [
        closing.replace("ABOVE", said(above)).replace("PLACE", g.place).replace("{", "{{").replace("}", "}}")
        for g, _ in first
    ]
    names = [f"gradient of {g.name}, {when}" for g, _ in first]
    got, expected = [tensor_of(g.value) for g in second], [t for _, t in first]
    return held(names, got, expected, [0.0] * len(first), closings, note)


def _between(subject: Any, example: Arguments) -> tuple[Arguments, Run]:
    """A call with other numbers: if it can run on these, with the entries in another order and with other signs,
    because a mask or the place of a maximum may be what is overwritten.
    """
    turned, others = (replace(example, args=tuple(args)) for args in (example.turned(), example.others()))
    try:
        return turned, subject.call(turned.fresh())
    except Broken:  # numbers that it does not take
        return others, subject.call(others.fresh())


APART = f"""{SAME}
ABOVE
other = OTHER
alone = copy.deepcopy(run(copy.deepcopy(args))[1](copy.deepcopy(above))PLACE)
outs, pull = run(copy.deepcopy(args))
outs, later = run(other)
later(UNIT)
beside = pull(copy.deepcopy(above))PLACE
assert same(alone, beside), (alone, beside)"""

SHARED = "what the forward keeps for backward is overwritten by the next call: it is in one place for all of them"


def keeps_apart(subject: Any) -> str | None:
    return (
        "one object, or a variable outside of both functions, keeps values of the last call"
        if subject.shared
        else None
    )


@book.law(lambda subject: subject.inputs, skip=keeps_apart)
def keeps_two_calls_apart(subject: Any, example: Arguments) -> Evidence:
    """A second forward and backward with other numbers, between a forward and its backward, does not change the result
    of this backward.

    A network may use one layer twice, and two branches may share an activation. A value that is stored on the class, in
    a global or in a default argument then belongs to the wrong call.
    """
    alone = pulled(subject, example)
    run = subject.call(example.fresh())
    other, later = _between(subject, example)
    later.pull(subject.above(other, later.outs))
    beside = subject.gradients(example, run.pull([copied(c) for c in alone.above]), alone.above)
    first = [(g, tensor_of(g.value)) for g in alone.gradients]
    closing = APART.replace("OTHER", source_of(other.fresh())).replace("UNIT", UNIT)
    return _same(first, beside, alone.above, closing, "after a call between", SHARED)
