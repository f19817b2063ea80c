"""Laws of a hand-written backward for arguments with equal entries, as in a maximum with ties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_core.testing.bounds.forwards import unit_of
from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments, NamedInputs, written
from mlp_core.testing.examples.equal_entries import Tied, tied
from mlp_core.testing.examples.foreign_arrays import source_of
from mlp_core.testing.laws.doors.equality import afterwards
from mlp_core.testing.laws.doors.shared import EXTRAPOLATED, RANDOM, filled, repeats, said
from mlp_core.testing.laws.functions.quotients import held_to_quotients
from mlp_core.testing.oracles.doors import ForwardValues
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, finite, pulled, wide

book = LawBook(judges=True)

LINE = (
    """\
ABOVE
along = ALONG
found = run(copy.deepcopy(args))[1](copy.deepcopy(above))
got = SUM
def value(h):
    moved = copy.deepcopy(args)
MOVES
    return sum((c * o).sum().item() for c, o in zip(above, run(moved)[0]))
"""
    + EXTRAPOLATED
)

EACH = "each of several equal largest entries gets the whole gradient: give it to one of them, or share it"
NONE = "none of several equal largest entries gets a gradient: give it to one of them, or share it"

SEPARATIONS = 12
"""the number of ways in which equal entries are separated, to see what each gets if it is the largest"""

DIRECTIONS = 8
"""the number of different gradients of an entry, of all separations, that shows that its gradient depends on the
direction"""

SINGULAR = "NaN where some entries are equal and the function has no derivative, as at a vector of length 0"

LIFTED = 120
"""the largest number of entries of which each is also moved above and below all others"""

APART = 2.0**-20
"""how far equal entries are separated"""

JUMP = 2.0**-10
"""the smallest change of a gradient that is a choice between entries: a smooth function's changes little more than
APART"""


@dataclass(frozen=True)
class Along:
    """The weighted outputs along a line through the arguments."""

    subject: Form
    line: Tied
    above: list[Tensor]
    u: float
    """the unit roundoff of the outputs"""

    def value(self, params: list[Tensor]) -> Tensor:
        return torch.stack([t.sum() for t in self.terms(params)]).sum()

    def terms(self, params: list[Tensor], extended: bool = False) -> list[Tensor]:
        """Each output times its weight. extended: with more digits than float64 on the way, if the forward is numpy's;
        otherwise there are none.
        """
        there = self.line.at(params[0])
        args = there.extended() if extended else list(there.args)
        outs = [] if args is None else self.subject.values(args)
        return [c * o for c, o in zip(self.above, outs, strict=args is not None)]


@book.law(lambda subject: subject.inputs)
def is_right_where_entries_are_equal(subject: Form, example: Arguments) -> Evidence:
    """If entries of the arguments are equal, the gradient along a line that keeps them equal is the derivative of the
    outputs along this line.

    The backward of a maximum may choose one of several equal largest entries, or give each a part. `dout * (x == out)`
    gives each the whole gradient. Random numbers are hardly ever equal, but pixels and the zeros behind a ReLU are.
    """
    whole = wide(example)
    line = tied(whole, subject.paths(whole))
    try:
        got = pulled(subject, line.example)
        paths = [g.path for g in got.gradients]
        if not finite(got.outs) or set(paths) != set(line.paths):
            line = tied(whole, paths)
            got = pulled(subject, line.example)
    except Raised:  # for an argument that is never drawn
        return Evidence(entries=1)
    if not finite(got.outs):
        return Evidence(entries=1)
    evidence = Evidence()
    try:
        _held(subject, line, got, evidence)
    except Raised:  # as above, beside the example: a matrix with equal columns has no inverse
        return Evidence(entries=1)
    except Broken as broken:
        if not repeats(subject, line.example, got):
            return Evidence(counted=False, note=RANDOM)
        if _right_afterwards(subject, line, got):
            return Evidence(entries=1)
        if _singular(subject, line, got):
            return Evidence(entries=1, note=SINGULAR)
        broken.example, broken.measured = line.example, next(_told(subject, line, got), "")
        raise
    evidence.entries, evidence.skipped = 1, 0  # if rounding hides the slope, this example is not informative
    return evidence


def _held(subject: Form, line: Tied, got: Pulled, evidence: Evidence) -> None:
    """Compare the gradient along the line with quotients."""
    zero = torch.zeros((), dtype=torch.float64)
    along = Along(subject, line, got.cut(), unit_of(got.outs))
    values = ForwardValues(along, NamedInputs((zero,), (), ("the arguments along a line",)))
    found = torch.stack([(g * d).sum() for g, d in zip(got.tensors(), line.along, strict=True)]).sum()
    held_to_quotients(values, 0, found, evidence, _closing(got, line))


def _right_afterwards(subject: Form, line: Tied, got: Pulled) -> bool:
    """Whether the gradient is that of the forward as it is from the second run on, with the same outputs."""
    used = afterwards(subject, line.example, got)
    try:
        if used is not None:
            _held(used, line, got, Evidence())
    except Broken:
        return False
    return used is not None


def _closing(got: Pulled, line: Tied) -> str:
    each = [f"float((along[{k}] * found{g.place}).sum())" for k, g in enumerate(got.gradients)]
    moves = [f"    moved{written(p, '')} = moved{written(p, '')} + h * along[{k}]" for k, p in enumerate(line.paths)]
    both = zip(line.paths, line.along, strict=True)
    along = [d if torch.is_tensor(line.example.at(p)) else d.numpy() for p, d in both]
    return filled(
        LINE, ABOVE=said(got.above), ALONG=source_of(along), SUM=" + ".join(each), MOVES="\n".join(moves)
    )  # fmt: skip


def _separated(subject: Form, line: Tied, got: Pulled) -> list[Tensor]:
    """The gradients of each array if its equal entries are slightly separated, in several ways."""
    apart = [_apart(line, seed) for seed in range(SEPARATIONS)]
    return [torch.stack(one) for one in zip(*(pulled(subject, e, got.cut()).tensors() for e in apart), strict=True)]


def _singular(subject: Form, line: Tied, got: Pulled) -> bool:
    """Whether a gradient is NaN only at entries for which no number is right: as in the length of a vector of zeros,
    the gradient beside it is different in every direction. A maximum has few different ones.
    """
    lost = [t.isnan() for t in got.tensors()]
    if not any(bool(n.any()) for n in lost):
        return False
    for several, nan in zip(_separated(subject, line, got), lost, strict=True):
        values = several[:, nan].sort(dim=0).values
        steps = values.diff(dim=0).abs() > JUMP * (1 + values.abs().amax(0))
        if not bool(several.isfinite().all()) or bool((steps.sum(0) + 1 < DIRECTIONS).any()):
            return False
    return True


def _told(subject: Form, line: Tied, got: Pulled) -> Iterator[str]:
    """The way in which a backward treats equal entries, if it explains the gradients."""
    alone = _separated(subject, line, got)
    varies = [(a - a[0]).abs().amax(0) > JUMP * (1 + a.abs().amax(0)) for a in alone]
    if not any(bool(v.any()) for v in varies):
        return  # smooth: the mistake has nothing to do with equal entries
    beside = Tied(_apart(line, 0), line.paths, line.along)
    try:
        _held(subject, beside, pulled(subject, beside.example, got.cut()), Evidence())
    except Broken:
        return  # the gradient is wrong without equal entries too
    most = _most(subject, line, got, alone)
    for words, gradients in ((EACH, most), (NONE, [torch.zeros_like(m) for m in most])):
        three = zip(got.tensors(), gradients, varies, strict=True)
        if all(bool(((g - e).abs() <= 64 * APART * (1 + e.abs()))[v].all()) for g, e, v in three):
            yield words


def _most(subject: Form, line: Tied, got: Pulled, alone: list[Tensor]) -> list[Tensor]:
    """The largest gradient of each entry if the entries are slightly separated.

    An entry in several windows is hardly ever the largest of each by chance. For a small example it is made the largest
    of all, and then the smallest.
    """
    entries = [(k, i) for k, d in enumerate(line.along) for i in range(d.numel())]
    whole = [list(a) for a in alone]
    for seed, (k, i) in enumerate(entries if len(entries) <= LIFTED else ()):
        for lift in (1.0, -1.0):
            moved = pulled(subject, _apart(line, seed, (k, i, lift)), got.cut()).tensors()
            for several, one in zip(whole, moved, strict=True):
                several.append(one)
    stacked = [torch.stack(several) for several in whole]
    return [a.gather(0, a.abs().argmax(0, keepdim=True))[0] for a in stacked]


def _apart(line: Tied, seed: int, lifted: tuple[int, int, float] | None = None) -> Arguments:
    """The example with its equal entries slightly separated. lifted: the array and the entry that is moved most, and
    its direction.
    """
    numbers = torch.Generator().manual_seed(seed)
    noise = tuple(torch.rand(d.shape, generator=numbers, dtype=torch.float64) for d in line.along)
    if lifted is not None:
        array, entry, direction = lifted
        noise[array].view(-1)[entry] = 2 * direction
    return Tied(line.example, line.paths, noise).at(APART)
