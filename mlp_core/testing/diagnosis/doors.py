"""Which mistake a gradient of a door shows: a wrong backward of the catalogue, or a relation to the right gradient.

The right gradient is that of the difference quotients. A relation is told only if it holds for every array whose
gradient is wrong, and a known backward only if its forward and all its gradients are those that were seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments, Path
from mlp_core.testing.examples.foreign_arrays import is_real, like, tensor_of
from mlp_core.testing.faults.doors import families
from mlp_core.testing.oracles.functions import steps_of
from mlp_core.testing.subjects.doors.complexes import ByParts
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, pulled, wide

NEAR = 2.0**-20
"""how near a gradient must be to what a relation says of it, in parts of its largest entry: quotients have as many
digits on all but steep functions"""

MOST = 200
"""entries of the arrays of an example, beyond which no relation is looked for"""

WITNESSES = 3
"""examples on each of which a mistake must give what was seen"""


@dataclass(frozen=True)
class Seen:
    """What a door gave on an example, and the derivatives of its own forward."""

    subject: Form
    example: Arguments
    got: Pulled
    jacobian: list[Tensor]
    """by the entries of each array that gets a gradient (entries, all outputs in a row)"""

    @classmethod
    def on(cls, subject: Form, example: Arguments, got: Pulled) -> Seen:
        return cls(subject, example, got, [_by_entries(subject, example, g.path) for g in got.gradients])

    def right(self, above: Sequence[Tensor]) -> list[Tensor]:
        """The gradients for any numbers from above."""
        flat = torch.cat([c.flatten() for c in above])
        shapes = [t.shape for t in self.got.tensors()]
        return [(J @ flat).view(shape) for J, shape in zip(self.jacobian, shapes, strict=True)]

    def wrong(self) -> list[int]:
        """The arrays whose gradient is not right."""
        both = zip(self.got.tensors(), self.right(self.got.cut()), strict=True)
        return [k for k, (g, e) in enumerate(both) if not near(g, e)]


def _by_entries(subject: Form, example: Arguments, path: Path) -> Tensor:
    """Plain central differences of all outputs by the entries of one array."""
    whole, rows = tensor_of(example.at(path)), []
    steps = steps_of(whole).flatten()
    for k in range(whole.numel()):
        sides = []
        for sign in (1, -1):
            moved = whole.clone()
            moved.view(-1)[k] += sign * steps[k]
            outs = subject.values(example.moved({path: like(moved, example.at(path))}))
            sides.append(torch.cat([o.flatten() for o in outs]))
        rows.append((sides[0] - sides[1]) / (2 * steps[k]))
    return torch.stack(rows) if rows else torch.zeros(0, 0, dtype=torch.float64)


def diagnose(subject: Form, examples: Sequence[Arguments]) -> str | None:
    """The mistake in words: one that gives what was seen on each of the examples on which the gradient is wrong; None
    where none of those that are known does."""
    if _cuts_all(subject, examples):
        return CUT
    others = [generic(example, seed) for example in examples[-1:] for seed in range(WITNESSES)]
    seen = _witnesses(subject, others) or _witnesses(subject, examples)
    if not seen:
        return None
    known = [replayed(one) for one in seen]
    if known[0] is not None and len(set(known)) == 1:
        return known[0]
    told = [list(_told(one)) for one in seen]
    words = next((w for w in told[0] if all(w in others for others in told)), None)
    if words is None:
        return None
    return words.format(", ".join(dict.fromkeys(one.got.gradients[k].name for one in seen for k in one.wrong())))


def _cuts_all(subject: Form, examples: Sequence[Arguments]) -> bool:
    """Whether a gradient has no entries where an argument is the constant 0."""
    for example in examples:
        try:
            pulled(subject, wide(example))
        except Broken as other:
            if "shape" in other.got and ", 0" in other.got and any(type(a) is int and a == 0 for a in example.args):
                return True
    return False


def _witnesses(subject: Form, examples: Sequence[Arguments]) -> list[Seen]:
    """What is seen where the gradient is wrong, on examples that are not too large."""
    seen = list[Seen]()
    for example in examples:
        if len(seen) == WITNESSES:
            break
        at = wide(example)
        try:
            got = pulled(subject, at)
        except Broken:
            continue
        if sum(t.numel() for t in got.tensors()) <= MOST:
            one = Seen.on(subject, at, got)
            seen += [one] if one.wrong() else []
    return seen


def generic(example: Arguments, seed: int) -> Arguments:
    """The same shapes and constants with other numbers: what was made as small as possible holds many relations by
    chance. Positive numbers stay positive."""
    at, numbers = wide(example), torch.Generator().manual_seed(seed)
    others = {}
    for path in at.paths():
        old = tensor_of(at.at(path))
        new = torch.randn(old.shape, generator=numbers, dtype=torch.float64)
        others[path] = like(new.abs() + 0.1 if bool((old > 0).all()) else new, at.at(path))
    blob = bytes(torch.randint(1, 255, (61,), generator=numbers).tolist())
    return Arguments(tuple(at.moved(others)), blob, seed + 1)


def _told(seen: Seen) -> Iterator[str]:
    """The relations that hold on an example, for all that is wrong there."""
    got, wrong = seen.got.tensors(), seen.wrong()
    for words, gradients in relations(seen, seen.right(seen.got.cut())):
        if all(near(got[k], gradients[k]) for k in wrong):
            yield words


CUT = "a negative index of -0 cuts everything off: x[pad:-pad] is empty for a pad of 0"


def near(got: Tensor, expected: Tensor) -> bool:
    if got.shape != expected.shape:
        return False
    size = max(float(expected.abs().max()) if expected.numel() else 0.0, float(got.abs().max()) if got.numel() else 0.0)
    return bool(((got - expected).abs() <= NEAR * size).all())


def replayed(seen: Seen) -> str | None:
    """A wrong backward of the catalogue whose layer this is, and that gives these gradients."""
    args = [tensor_of(a).numpy() if is_real(a) else a for a in seen.example.args]
    above = [c.numpy() for c in seen.got.cut()]
    for fault, family in families.KNOWN:
        try:
            with np.errstate(all="ignore"):
                *outs, cache = family.forward(*(np.array(a) if isinstance(a, np.ndarray) else a for a in args))
                if len(outs) != len(above) or not all(
                    near(tensor_of(o), tensor_of(s)) for o, s in zip(outs, seen.got.outs, strict=True)
                ):
                    continue
                found = fault(*(c.copy() for c in above), cache)
        except Exception:  # noqa: S112  (arguments of another layer)
            continue
        several = list(found) if isinstance(found, tuple) else [found]
        gradients = [tensor_of(g) for g in several if g is not None]
        if len(gradients) == len(seen.got.gradients) and all(map(near, seen.got.tensors(), gradients)):
            return " ".join((fault.__doc__ or "").split()).rstrip(".")
    return None


def relations(seen: Seen, expected: list[Tensor]) -> Iterator[tuple[str, list[Tensor]]]:
    """What is told of the gradients of {}, and what they are then."""
    got, above = seen.got.tensors(), seen.got.cut()
    yield "the sign is turned: it is minus the gradient of {}", [-e for e in expected]
    yield "no gradient comes to {}: it is all zero", [0 * e for e in expected]
    if seen.subject.upstream:
        yield from _from_above(seen, above)
    yield from _conjugated(seen, expected, above)
    sizes = {n for t in (*expected, *above) for n in t.shape if n > 1}
    for words, c in (("2 times too large", 2.0), ("half of what it is", 0.5)):
        yield f"the gradient of {{}} is {words}", [c * e for e in expected]
    for n in sorted(sizes):
        yield "the gradient of {} is a mean in place of a sum", [e / n for e in expected]
        yield "the gradient of {} is a sum in place of a mean", [e * n for e in expected]
    if seen.got.gradients:
        yield from _of_arguments(seen, expected, got)
    yield "the gradient of {} is transposed", [e.T if e.ndim == 2 and len(set(e.shape)) == 1 else e for e in expected]
    yield "the gradient of {} is summed over all its entries", [torch.full_like(e, float(e.sum())) for e in expected]
    for k, e in enumerate(expected):
        name = seen.got.gradients[k].name
        yield f"the gradient of {{}} is that of {name}: the order", [e if e.shape == x.shape else x for x in expected]
    yield from _overwritten(seen, got, above)


def _from_above(seen: Seen, above: list[Tensor]) -> Iterator[tuple[str, list[Tensor]]]:
    """Where what comes from above is used otherwise."""
    for k in range(len(above)) if len(above) > 1 else ():
        others = [0 * c if j == k else c for j, c in enumerate(above)]
        yield f"what comes from above for output {k} is left out of the gradient of {{}}", seen.right(others)
    yield "what comes from above is taken for ones", seen.right([torch.ones_like(c) for c in above])
    if any(c.numel() > 1 for c in above):
        first = [torch.full_like(c, float(c.flatten()[0])) for c in above]
        yield "of what comes from above only the first number is used, for all", seen.right(first)
    yield "what comes from above is clipped to [-1, 1]", seen.right([c.clamp(-1, 1) for c in above])


def _conjugated(seen: Seen, expected: list[Tensor], above: list[Tensor]) -> Iterator[tuple[str, list[Tensor]]]:
    """Where a function of complex numbers, taken by their parts along a last axis, misses a conjugate."""
    whole = getattr(seen.subject, "apply", None)
    if not isinstance(whole, ByParts):
        return
    turned = torch.tensor([1.0, -1.0], dtype=torch.float64)

    def conjugate(gradients: list[Tensor]) -> list[Tensor]:
        both = zip(gradients, seen.got.gradients, strict=True)
        return [g * turned if one.path[0] in whole.places else g for g, one in both]

    others = seen.right([c * turned if c.ndim and c.shape[-1] == 2 else c for c in above])
    yield "a conjugate is missing, or too much, in the gradient of {}", conjugate(others)
    yield "the gradient of {} is conjugated: its imaginary part has the other sign", conjugate(expected)


def _of_arguments(seen: Seen, expected: list[Tensor], got: list[Tensor]) -> Iterator[tuple[str, list[Tensor]]]:
    """Where what is missing is a multiple of the argument itself, as the derivative of a penalty is."""
    multiples = []
    for g, e, one in zip(got, expected, seen.got.gradients, strict=True):
        value = tensor_of(seen.example.at(one.path))
        size = float((value * value).sum())
        c = float(((e - g) * value).sum()) / size if size else 0.0
        multiples.append(e - c * value if value.numel() > 1 and c else torch.full_like(e, torch.nan))
    yield "in the gradient of {} a multiple of itself is missing or too much: the derivative of its penalty", multiples


def _overwritten(seen: Seen, got: list[Tensor], above: list[Tensor]) -> Iterator[tuple[str, list[Tensor]]]:
    """Where an entry that is reached several times keeps one of these contributions, in place of their sum."""
    flat = torch.cat([c.flatten() for c in above])
    kept = []
    for k, g in enumerate(got):
        each = seen.jacobian[k] * flat  # (entries, outputs)
        if not each.numel():
            kept.append(g)
            continue
        reached = seen.jacobian[k].abs() > NEAR * seen.jacobian[k].abs().amax()
        off = torch.where(reached, (each - g.flatten()[:, None]).abs(), torch.inf)
        one = each.gather(1, off.argmin(dim=1)[:, None]).view(-1)
        one = torch.where(reached.any(dim=1), one, 0.0)
        several = bool((reached.sum(dim=1) > 1).any())
        kept.append(one.view(g.shape) if several else torch.full_like(g, torch.nan))
    yield "an entry of the gradient of {} that is reached several times keeps one share: = where += belongs", kept
