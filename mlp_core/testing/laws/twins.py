"""The laws of a twin: it gives the numbers of its reference, repeats itself, and leaves the arguments alone that the
reference leaves alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same, same_bits
from mlp_core.testing.bounds.envelopes import Envelope, explained
from mlp_core.testing.bounds.twins import result_envelopes
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.results import coarsest, numbers_of, parts_of

book = LawBook()

EQUAL = """\
def number(f):
    result, argument = run(f)
    return numbers(eval({name!r}))[{index}].item()
got, expected = number(mine), number(reference)
assert abs(got - expected) <= {bound}, (got, expected)"""

PARTS = """\
got, expected = run(mine)[0], run(reference)[0]
assert np.shape(got) == np.shape(expected) and (got is None) == (expected is None), (got, expected)"""

LEFT = """\
after, right = run(mine)[1], run(reference)[1]
assert all(torch.equal(numbers(a), numbers(b)) for a, b in zip(after, right)), after"""

AGAIN = """\
first, second = run(mine), run(mine)
assert repr(first) == repr(second), (first, second)"""


def outcome(found: tuple[Any, list[Any]], changed: list[str]) -> dict[str, Any]:
    """The results by their place: the returned values, and the arguments at the given places."""
    parts = dict(parts_of(found[0], "result"))
    after = dict(parts_of(found[1], "argument"))
    return {**parts, **{place: after[place] for place in changed if place in after}}


def changed_by(subject: Any, example: Arguments) -> list[str]:
    """The places of the arguments that the reference changes."""
    before = dict(numbers_of(example.fresh(), "argument"))
    after = dict(numbers_of(subject.right(example.fresh())[1], "argument"))
    return [place for place, value in after.items() if place in before and not same_bits(value, before[place])]


@book.law(lambda subject: subject.reaching(), judges=True)
def gives_the_numbers_of_its_reference(subject: Any, example: Arguments) -> Evidence:
    """Every number that is returned, or left in an argument that the reference changes, equals the reference's, within
    what rounding explains: how far the reference scatters when its operations and arguments err by one more unit in the
    last place.

    A faster or hand-written version must give the same numbers as the original.
    """
    changed = changed_by(subject, example)
    right, found = subject.right(example.fresh()), subject.run(example.fresh())
    expected, got = outcome(right, changed), outcome(found, changed)
    _alike(got, expected)
    places = [place for place, value in expected.items() if isinstance(value, Tensor)]
    theirs, mine = [expected[p] for p in places], [got[p] for p in places]
    u = max(coarsest(x) for x in (list(right), list(found)))

    def numbers(args: list[Any]) -> list[Tensor]:
        parts = outcome(subject.right(args), changed)
        return [value for value in parts.values() if isinstance(value, Tensor)]

    def compared(envelope: Envelope) -> Evidence:
        quiet = [s & ~same(g, e) for s, g, e in zip(envelope.silent, mine, theirs, strict=True)]
        spoken = [torch.where(q, e, g) for q, e, g in zip(quiet, theirs, mine, strict=True)]
        limits = [t.nan_to_num(posinf=0.0) for t in envelope.tolerance]
        evidence = compare(places, spoken, theirs, list(limits), closing=EQUAL)
        evidence.skipped = int(sum(q.sum() for q in quiet))
        evidence.entries -= evidence.skipped
        evidence.counted = evidence.entries > 0
        return evidence

    return explained(result_envelopes(numbers, example, theirs, u), compared)


def _alike(got: dict[str, Any], expected: dict[str, Any]) -> None:
    """Raise Broken if the returned value is of another kind."""
    if got.keys() != expected.keys():
        names = [", ".join(place or "nothing" for place in one) for one in (got, expected)]
        raise Broken("the returned value", names[0], names[1], closing=PARTS)
    for place, value in expected.items():
        mine, theirs = (
            f"numbers of shape {tuple(v.shape)}" if isinstance(v, Tensor) else repr(v) for v in (got[place], value)
        )
        plain = isinstance(value, (str, bytes, type(None)))
        if isinstance(value, Tensor) is not isinstance(got[place], Tensor) or (
            isinstance(value, Tensor) and value.shape != got[place].shape
        ):
            raise Broken(place, mine, theirs, closing=PARTS)
        if plain and value != got[place]:
            raise Broken(place, mine, theirs, closing=PARTS)


@book.law(lambda subject: subject.inputs)
def changes_only_what_its_reference_changes(subject: Any, example: Arguments) -> Evidence:
    """Arguments that the reference does not change are unchanged.

    Arguments belong to the caller. A function that changes them is correct once, and wrong for the next code that uses
    them.
    """
    before = dict(numbers_of(example.fresh(), "argument"))
    changed = changed_by(subject, example)
    after = dict(numbers_of(subject.run(example.fresh())[1], "argument"))
    for place, value in before.items():
        if place not in changed and (place not in after or not same_bits(after[place], value)):
            raise Broken(place, "changed by the call", "unchanged, as by the reference", closing=LEFT)
    return Evidence(entries=sum(v.numel() for v in before.values()))


@book.law(
    lambda subject: subject.inputs,
    beside="it says that something is kept between calls; the law of the numbers only says that one is wrong",
)
def gives_the_same_when_called_again(subject: Any, example: Arguments) -> Evidence:
    """A second call with the same arguments and the same generator state gives the same numbers.

    A value that is kept between calls is correct in the first call and wrong in all later ones.
    """
    first, second = (_everything(subject.run(example.fresh())) for _ in range(2))
    for place, value in first.items():
        if place not in second or not same_bits(value, second[place]):
            raise Broken(f"{place}, called again", "other numbers", "the same", closing=AGAIN)
    return Evidence(entries=sum(v.numel() for v in first.values()))


def _everything(found: tuple[Any, list[Any]]) -> dict[str, Tensor]:
    return {**dict(numbers_of(found[0], "result")), **dict(numbers_of(found[1], "argument"))}
