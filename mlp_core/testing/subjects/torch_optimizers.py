"""Any torch.optim.Optimizer as a subject, alone or compared with its reference."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Annotated, Any, get_origin

import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described, unknown
from mlp_core.rules._domains import Domain, domain_of
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.changes import Outside, Wrongs
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, grouped, needs_closure
from mlp_core.testing.examples.scenarios import DTYPES, EVERY_KIND, SHAPES
from mlp_core.testing.subjects import constructors, known_names
from mlp_core.testing.subjects.optimizers import CLAIMS, NOT_VARIED, SWITCHES, OptimizerSubject
from mlp_core.testing.subjects.snippets import REFERENCE_OF_GROUPS

LR = 0.01
"""the lr of an optimizer without a default for it"""

UNREFERENCED = "no reference; pass one: subjects.optimizer(make, reference=...)"

TRIED, VARIED = 8, 24
"""the number of choices of hyperparameters with which a constructor is tried, and the number among which a varying one
must show"""

Hyper = constructors.Hyper

UNMOVED = "not exercised: {}; subjects.optimizer(make, hyperparameters={{name: strategy}}) would"


def of_optimizer(
    make: Make, reference: Make | None, hyperparameters: Mapping[str, Any], claims: Sequence[str],
    shapes: Sequence[tuple[int, ...]] | None, dtypes: Sequence[torch.dtype] | None, groups: int, waives: Sequence[str],
) -> OptimizerSubject:  # fmt: skip
    """See mlp_core.testing.subjects.optimizer."""
    if not callable(make):
        name = type(make).__name__
        made = Described(f"an object of class {name}") if isinstance(make, torch.optim.Optimizer) else make
        which = f"the class {name}" if made is not make else "a class such as torch.optim.SGD"
        raise ArgumentError("make", made, f"{which}, or a function (params, **hyper) that returns an optimizer")
    if reference is not None and not callable(reference):
        raise ArgumentError("reference", reference, "an optimizer in the form of make, or None")
    for claim in claims:
        if claim not in CLAIMS:
            raise unknown("claim", claim, CLAIMS)
    parts = {name: domain_of(name, v) for name, v in hyperparameters.items() if get_origin(v) is Annotated}
    drawn = {name: _strategy(name, value) for name, value in hyperparameters.items()}
    _known(make, drawn)
    parameters, given, name = _parameters(make), make, name_of(make)
    by_name_alone = reference is None and not hyperparameters
    known = known_names.guessed(make, parameters, shapes)
    tried = known if by_name_alone else {}
    drawn |= {name: known_names.one_of(given) for name, given in tried.items()}
    hyper, form, example = _suited(make, drawn, shapes)
    make = constructors.handed(given, form)
    movable, constant = _moving(hyper, drawn)
    guessed, movable = (movable, ()) if by_name_alone else ((), movable)
    source = _lines("mine", given, form)
    if reference is not None:
        source += _reference_lines(reference)
        reference = reference if isinstance(reference, type) else grouped(reference)
    taken = tuple(shapes) if shapes else constructors.taken(make, example) or SHAPES
    kinds = tuple(dict.fromkeys(shapes)) if shapes else constructors.taken(make, example, EVERY_KIND)
    one = constructors.grouped([max(taken, key=prod)], {})
    told = None if reference is None else constructors.made(reference, one, example)
    return OptimizerSubject(
        name, make, reference, hyper, frozenset(claims), tuple(source), unreferenced=UNREFERENCED,
        equals=None if told is None else type(told),
        domains={name: (domain,) for name, domain in parts.items()}, movable=movable, guessed=guessed,
        besides=_besides(known, {} if by_name_alone else drawn), constant=constant,
        unmoved=_unmoved(parameters, drawn, constant, guessed),
        wrongs=_wrongs(hyper, hyperparameters, parts),
        dtypes=tuple(dtypes or DTYPES), no_others=bool(dtypes), waives_by="subjects.optimizer", has_lr="lr" in example,
        resting=_resting(make, parts, parameters, one, example),
        kinds=constructors.steady(make, example, kinds), shapes=taken,
        steady=constructors.steady(make, example, taken),
        max_groups=min(groups, 1 + constructors.takes_groups(make, example, taken)),
        waived=frozenset(waives),
        common=(*constructors.common(make, example, taken), *known_names.shared(make, tried, example, taken)),
        switches=tuple(name for name in SWITCHES if name in parameters and name not in drawn),
        closure=isinstance(given, type) and needs_closure(given),
    )  # fmt: skip


def _suited(
    make: Make, drawn: Mapping[str, st.SearchStrategy[Any]], shapes: constructors.Shapes | None
) -> tuple[st.SearchStrategy[Hyper], constructors.Form, Hyper]:  # fmt: skip
    """All hyperparameters that were passed, and lr, so that it can change between steps; the form in which the
    constructor accepts parameters; and hyperparameters that this needs. Raises ArgumentError if there are none.
    """
    error: ArgumentError | None = None
    for hyper in _with_lr(make, drawn):
        try:
            return hyper, *constructors.form_of(make, shapes, sample(hyper, TRIED))
        except ArgumentError as refused:
            error = error or refused
    assert error is not None
    raise error


def _besides(known: Mapping[str, Sequence[Any]], drawn: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The default and the last other value of each hyperparameter that is known by its name and was not passed. Not
    eps: with its usual values it changes no number visibly.
    """
    return {name: (two[0], two[-1]) for name, two in known.items() if name not in drawn and name != "eps"}


def _moving(hyper: st.SearchStrategy[Hyper], drawn: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The passed hyperparameters that vary, and those with a single value."""
    values = sample(hyper, VARIED)
    moving = tuple(name for name in drawn if len({repr(one[name]) for one in values}) > 1)
    return moving, tuple(name for name in drawn if name not in moving)


def _resting(
    make: Make, parts: Mapping[str, Domain], parameters: Mapping[str, inspect.Parameter], one: Sequence[Any],
    hyper: Hyper,
) -> Hyper | None:  # fmt: skip
    """An lr of 0, and no weight decay, because some papers do not multiply it by lr; None if 0 is refused, or declared
    invalid.
    """
    if "lr" in parts and not parts["lr"].holds(0.0):
        return None
    decay = hyper.get("weight_decay", getattr(parameters.get("weight_decay"), "default", None))
    known = isinstance(decay, (int, float)) and not isinstance(decay, bool)
    for resting in ({"lr": 0.0, "weight_decay": 0.0}, {"lr": 0.0}) if known else ({"lr": 0.0},):
        if constructors.made(make, one, {**hyper, **resting}) is not None:
            return resting
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


def _with_lr(make: Make, drawn: Mapping[str, st.SearchStrategy[Any]]) -> list[st.SearchStrategy[Hyper]]:
    """All passed hyperparameters, and lr. If the default of lr may mean "no lr", both versions: without it, and with
    it.
    """
    lr = _parameters(make).get("lr")
    if lr is None or "lr" in drawn:
        return [st.fixed_dictionaries(dict(drawn))]
    if isinstance(lr.default, (int, float)) and not isinstance(lr.default, bool):
        return [st.fixed_dictionaries({**drawn, "lr": st.just(float(lr.default))})]
    with_lr = st.fixed_dictionaries({**drawn, "lr": st.just(LR)})
    return [with_lr] if lr.default is lr.empty else [st.fixed_dictionaries(dict(drawn)), with_lr]


def _varies(value: Any) -> bool:
    return isinstance(value, st.SearchStrategy) or get_origin(value) is Annotated


def _strategy(name: str, value: Any) -> st.SearchStrategy[Any]:
    """A strategy as it is, an annotated domain as for the field of a rule, anything else as a constant."""
    if get_origin(value) is not Annotated:
        return value if isinstance(value, st.SearchStrategy) else st.just(value)
    domain = domain_of(name, value)
    low = Codes(b"\xff\x00").value(domain, None)  # without a default, the low end of the typical range is used
    return drawn_bytes.map(lambda data: Codes(data).value(domain, low))


def _wrongs(
    hyper: st.SearchStrategy[dict[str, Any]], given: Mapping[str, Any], parts: Mapping[str, Domain]
) -> st.SearchStrategy[Wrongs] | None:
    """For every number, a value outside its domain; NaN if the domain is not known."""
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


def _unmoved(
    parameters: Mapping[str, inspect.Parameter], drawn: Mapping[str, Any], constant: Sequence[str],
    guessed: Sequence[str],
) -> str:  # fmt: skip
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    rest = [name for name, p in parameters.items() if name not in drawn and p.kind in kinds]
    words = [f"varied by their names, each by a few values: {', '.join(guessed)}"] if guessed else []
    words += [f"{NOT_VARIED}{', '.join(constant)}"] if constant else []
    words += [UNMOVED.format(", ".join(rest))] if rest else []
    return "; ".join(words) or "no hyperparameters to be moved"


def _reference_lines(reference: Make) -> list[str]:
    """A class takes group dicts. A function may use other names for the hyperparameters, and receives them group by
    group.
    """
    if isinstance(reference, type):
        return _lines("reference", reference)
    own = f"{name_of(reference)}(params, **hyper)"
    return [*import_of(reference), REFERENCE_OF_GROUPS.replace("MADE", own)]


def _lines(name: str, make: Callable[..., Any], form: constructors.Form = ()) -> list[str]:
    own, changes = name_of(make), [change.__name__ for change in form]
    for change in reversed(changes):
        own = f"{change}({own})"
    imported = [f"from {constructors.__name__} import {', '.join(sorted(changes))}"] if changes else []
    return [*import_of(make), *imported, f"{name} = {own}"]
