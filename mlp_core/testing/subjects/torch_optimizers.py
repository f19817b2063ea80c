"""Anybody's torch.optim.Optimizer as a subject: alone, or held to the one it claims to equal."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Annotated, Any, get_origin

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError, unknown
from mlp_core.rules._domains import Domain, domain_of
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.changes import Outside, Wrongs
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.hyperparameters import example_of
from mlp_core.testing.examples.scenario import Make, Scenario, grouped, needs_closure
from mlp_core.testing.examples.scenarios import DTYPES, EVERY_KIND, SHAPES
from mlp_core.testing.subjects.optimizers import CLAIMS, OptimizerSubject
from mlp_core.testing.subjects.snippets import REFERENCE_OF_GROUPS

LR = 0.01
"""for an optimizer whose lr has no default"""

UNREFERENCED = "nothing to be equal to: subjects.optimizer(make, reference=...)"

UNMOVED = "not exercised: {}; subjects.optimizer(make, hyperparameters={{name: strategy}}) would"


def of_optimizer(
    make: Make, reference: Make | None, hyperparameters: Mapping[str, Any], claims: Sequence[str],
    shapes: Sequence[tuple[int, ...]] | None, dtypes: Sequence[torch.dtype] | None, groups: int, waives: Sequence[str],
) -> OptimizerSubject:  # fmt: skip
    """See mlp_core.testing.subjects.optimizer."""
    if not callable(make):
        raise ArgumentError("make", make, "a torch.optim.Optimizer, or a function (params, **hyper) that returns one")
    if reference is not None and not callable(reference):
        raise ArgumentError("reference", reference, "an optimizer as make is, or None")
    for claim in claims:
        if claim not in CLAIMS:
            raise unknown("claim", claim, CLAIMS)
    parts = {name: domain_of(name, v) for name, v in hyperparameters.items() if get_origin(v) is Annotated}
    drawn = {name: _strategy(name, value) for name, value in hyperparameters.items()}
    _known(make, drawn)
    hyper, movable = _with_lr(make, drawn), tuple(n for n, v in hyperparameters.items() if _varies(v))
    example = example_of(hyper)
    source = _lines("mine", make)
    if reference is not None:
        source += _reference_lines(reference)
        reference = reference if isinstance(reference, type) else grouped(reference)
    taken = tuple(shapes) if shapes else accepted(make, example)
    kinds = tuple(dict.fromkeys(shapes)) if shapes else _taken(make, example, EVERY_KIND)
    one = [{"params": [torch.zeros(max(taken, key=prod)).requires_grad_()]}]
    told = None if reference is None else _made(reference, one, example)
    return OptimizerSubject(
        name_of(make), make, reference, hyper, frozenset(claims), tuple(source), unreferenced=UNREFERENCED,
        equals=None if told is None else type(told),
        domains={name: (domain,) for name, domain in parts.items()}, movable=movable, unmoved=_unmoved(make, drawn),
        wrongs=_wrongs(hyper, hyperparameters, parts), dtypes=tuple(dtypes or DTYPES), has_lr="lr" in example,
        resting=_resting(make, parts, one, example), kinds=_steady(make, example, kinds),
        shapes=taken, steady=_steady(make, example, taken),
        max_groups=min(groups, 1 + _takes_groups(make, example, taken)),
        waived=frozenset(waives), common=_common(make, example, taken),
        closure=isinstance(make, type) and needs_closure(make),
    )  # fmt: skip


def accepted(make: Make, hyper: dict[str, Any]) -> tuple[tuple[int, ...], ...]:
    """The shapes that the constructor does not refuse; all, where it refuses every one: then the laws say why."""
    return _taken(make, hyper) or SHAPES


def _taken(
    make: Make, hyper: dict[str, Any], shapes: Sequence[tuple[int, ...]] = SHAPES
) -> tuple[tuple[int, ...], ...]:  # fmt: skip
    return tuple(shape for shape in shapes if _made(make, [torch.zeros(shape)], hyper) is not None)


def _resting(
    make: Make, parts: Mapping[str, Domain], one: Sequence[Any], hyper: dict[str, Any]
) -> dict[str, Any] | None:
    """An lr of 0, and no weight decay, which some papers do not multiply by lr; None if 0 is refused, or said to be
    outside."""
    if "lr" in parts and not parts["lr"].holds(0.0):
        return None
    decay = hyper.get("weight_decay", getattr(_parameters(make).get("weight_decay"), "default", None))
    known = isinstance(decay, (int, float)) and not isinstance(decay, bool)
    for resting in ({"lr": 0.0, "weight_decay": 0.0}, {"lr": 0.0}) if known else ({"lr": 0.0},):
        if _made(make, one, {**hyper, **resting}) is not None:
            return resting
    return None


def _steady(make: Make, hyper: dict[str, Any], shapes: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """The shapes on which two steps do not raise."""
    return tuple(shape for shape in shapes if _steps(make, hyper, shape))


def _steps(make: Make, hyper: dict[str, Any], shape: tuple[int, ...]) -> bool:
    """Whether two steps on a parameter of this shape do not raise."""
    p = torch.zeros(shape).requires_grad_()

    def stepped(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        optimizer = make(params, **hyper)
        for _ in range(2):
            p.grad = torch.ones_like(p)
            Scenario.step(optimizer, [p])
        return optimizer

    return _made(stepped, [p], hyper) is not None


def _common(make: Make, hyper: dict[str, Any], shapes: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """The hyperparameters that are not among the optimizer's defaults, and so in no group of its own."""
    made = _made(make, [torch.zeros(max(shapes, key=prod))], hyper)
    return tuple(name for name in hyper if made is not None and name not in made.defaults)


def _takes_groups(make: Make, hyper: dict[str, Any], shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether it takes a second group, or takes nothing at all."""
    shape = max(shapes, key=prod)
    groups = [{"params": [torch.zeros(shape).requires_grad_()]} for _ in range(2)]
    return _made(make, groups, hyper) is not None or _made(make, groups[:1], hyper) is None


def _made(make: Make, params: Sequence[Any], hyper: dict[str, Any]) -> torch.optim.Optimizer | None:
    """What `make` makes, or None where it raises: here it is only asked what it takes; the laws will say why."""
    own = [p.requires_grad_() if isinstance(p, Tensor) else dict(p) for p in params]
    try:
        with guards.globals_kept():
            return make(own, **hyper)
    except Exception:
        return None


def _parameters(make: Make) -> dict[str, inspect.Parameter]:
    """Its parameters by name, without the first, which takes the parameters to be trained."""
    try:
        return dict(list(inspect.signature(make).parameters.items())[1:])
    except (ValueError, TypeError):
        return {}


def _known(make: Make, drawn: Mapping[str, Any]) -> None:
    parameters = _parameters(make)
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in drawn:
        if parameters and not open_ended and name not in parameters:
            raise unknown(f"hyperparameter of {name_of(make)}", name, parameters)
    for name, p in parameters.items():
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and name not in (*drawn, "lr"):
            expected = (
                f"a value or strategy for {name}, which has no default: subjects.optimizer(make, hyperparameters=...)"
            )
            raise ArgumentError("hyperparameters", dict(drawn), expected)


def _with_lr(make: Make, drawn: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """All hyperparameters given, and lr, so that it can change between steps."""
    lr = _parameters(make).get("lr")
    if lr is None or "lr" in drawn:
        return st.fixed_dictionaries(dict(drawn))
    if isinstance(lr.default, (int, float)) and not isinstance(lr.default, bool):
        return st.fixed_dictionaries({**drawn, "lr": st.just(float(lr.default))})
    without, with_lr = st.fixed_dictionaries(dict(drawn)), st.fixed_dictionaries({**drawn, "lr": st.just(LR)})
    if lr.default is lr.empty or (not _taken(make, example_of(without)) and _taken(make, example_of(with_lr))):
        return with_lr  # no default, or one that stands for none
    return without


def _varies(value: Any) -> bool:
    return isinstance(value, st.SearchStrategy) or get_origin(value) is Annotated


def _strategy(name: str, value: Any) -> st.SearchStrategy[Any]:
    """A strategy as it is, an annotated domain as for the field of a rule, anything else as a constant."""
    if get_origin(value) is not Annotated:
        return value if isinstance(value, st.SearchStrategy) else st.just(value)
    domain = domain_of(name, value)
    low = Codes(b"\xff\x00").value(domain, None)  # for want of a default the low end of the typical range stands for it
    return drawn_bytes.map(lambda data: Codes(data).value(domain, low))


def _wrongs(
    hyper: st.SearchStrategy[dict[str, Any]], given: Mapping[str, Any], parts: Mapping[str, Domain]
) -> st.SearchStrategy[Wrongs] | None:
    """For every number a value outside its domain; of a domain that is not known, NaN is outside."""
    names = [name for name, value in given.items() if _varies(value)]
    if not names:
        return None

    def read(good: dict[str, Any], data: bytes) -> Wrongs:
        codes, each = Codes(data), []
        for name in names:
            value = codes.outside(parts[name], strict=False) if name in parts else float("nan")
            if name in parts or isinstance(good[name], float):
                each.append(Outside(good, name, value))
        return Wrongs(tuple(each))

    return st.builds(read, hyper, drawn_bytes)


def _unmoved(make: Make, drawn: Mapping[str, Any]) -> str:
    rest = [
        n
        for n, p in _parameters(make).items()
        if n not in drawn and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    return UNMOVED.format(", ".join(rest)) if rest else "no hyperparameters to be moved"


def _reference_lines(reference: Make) -> list[str]:
    """A class takes group dicts; a function may have words of its own for the hyperparameters, and gets them group by
    group."""
    if isinstance(reference, type):
        return _lines("reference", reference)
    own = f"{name_of(reference)}(params, **hyper)"
    return [*import_of(reference), REFERENCE_OF_GROUPS.replace("MADE", own)]


def _lines(name: str, make: Callable[..., Any]) -> list[str]:
    return [*import_of(make), f"{name} = {name_of(make)}"]
