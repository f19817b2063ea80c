"""The roles of a training function's parameters, by their names, and of the global variables that replace them."""

from __future__ import annotations

import builtins
import dis
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

ROLES = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "validation": r"(val|valid|validation|test|dev|eval)_?(data)?_?(loader|dl|iter|set|batches)|loader_(val|test)",
        "loader": r"((tr|train|training)_?)?(data_?)?(loader|iter|batches)|(train|training)_?(dl|data|set|generator)|"
        r"loader_(tr|train|training)|dl|data|dataset|(trenings|tren)_?(data|laster|sett)",
        "loaders": r"(data_?)?loaders|dls",
        "sizes": r"data_?(set)?_?sizes",
        "model": r"(\w+_)?(model|net|network|mlp|nn|module|ann)\d?|m|modell|nettverk",
        "loss": r"(loss|criterion|crit|cost|objective|tap)(_?(f|fn|func|function|module|criterion|funksjon))?",
        "epoch": r"(current_|this_|i_?)?(epoch|ep|epoke)(_?(idx|index|nr|no|number|i))?",
        "epochs": r"(n|num|nb|nr|no|max|number_of|total|antall)?_?(epochs?|epoker)(_?(n|num|count))?|"
        r"(n|num|max)_?(iters?|iterations?|steps)|iterations",
        "batch_size": r"(mini_?)?batch_?size|bs",
        "accumulation": r"(grad(ient)?_?)?accum\w*(_steps)?|accumulate\w*",
        "clip": r"(grad(ient)?_?)?clip(ping)?(_?(norm|value|grad))?|max_?(grad_?)?norm",
        "lr": r"lr|learn(ing)?_?rate|l_?rate|eta|step_?size|alpha|(læ|lae|la)rings?_?rate",
        "ema": r"ema(_?(decay|alpha|beta|rate|momentum|coeff?|factor|weight))?|(alpha|beta|decay)_?ema|"
        r"(polyak|average|averaging|avg)_?(decay|alpha|beta|coeff?)",
        "momentum": r"momentum(_?(coeff?|coefficient|factor|term|rate|beta|value|constant|param))?|"
        r"beta|mu|mom|moment|rho",
        "decay": r"(weight_?)?decay(_?(coeff?|coefficient|factor|rate|value))?|wd|"
        r"(lambda|lam|lmbda|lmd)_?\w*|l2(_?(reg|lambda|penalty|coeff?|coefficient|strength|weight))?|"
        r"reg(ularization|ularisation|ularizer)?(_?\w+)?|vekt_?(reduksjon|tap)",
        "scheduler": r"(lr_?)?sched(uler)?",
        "seed": r"(random_?|manual_?|rng_?|torch_?)?seed|random_?state",
        "outputs": r"(n|num|nb|number_of)_?(class|classes|labels|outputs?)",
        "optimizer": r"optim(izer|iser)?|opt",
        "device": r"device|dev",
        "verbose": r"verbos\w*|print\w*|log\w*|silent|quiet|show\w*|plot\w*|debug|progress",
        "x": r"x(_?(tr|train|training))?|(train_?)?(inputs?|images?|imgs|features)",
        "y": r"y(_?(tr|train|training|true))?|(train_?)?(targets?|labels?)",
    }.items()
}
"""names of parameters by role; the first match decides"""


def role_of(name: str) -> str | None:
    """The role of a parameter or a global variable, by its name; None if it has none.

    >>> [role_of(name) for name in ("n_epochs", "momentum_coeff", "val_loader", "criterion", "colour")]
    ['epochs', 'momentum', 'validation', 'loss', None]
    """
    return next((role for role, pattern in ROLES.items() if pattern.fullmatch(name)), None)


def told(names: Sequence[str]) -> dict[str, str]:
    """The parameters by role, each role once: the first parameter with such a name."""
    found: dict[str, str] = {}
    for name in names:
        role = role_of(name)
        if role is not None:
            found.setdefault(role, name)
    return found


def trains(roles: Mapping[str, str]) -> bool:
    """Whether these are the roles of a function that trains a module: it takes the module and at least two of the
    number of epochs, the data, and a learning rate or an optimizer.
    """
    data = bool(roles.keys() & {"loader", "loaders"}) or {"x", "y"} <= roles.keys()
    moves = "lr" in roles or "optimizer" in roles
    return "model" in roles and (data + moves + bool(roles.keys() & {"epoch", "epochs"}) >= 2)


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters that can be passed by name."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p for p in inspect.signature(function).parameters.values() if p.kind not in several]


def stands_in(name: str, taken: Mapping[str, str]) -> bool:
    """Whether a global variable of this name replaces a parameter that a training function lacks."""
    role = role_of(name)
    one_of = ({"loader", "loaders", "x", "y"}, {"epoch", "epochs"}, {"optimizer", "lr"})
    given = set().union(*(roles for roles in one_of if taken.keys() & roles))
    return role not in (None, "verbose", "batch_size", "seed", "epoch") and role not in taken.keys() | given


def globals_of(function: Callable[..., Any], taken: Mapping[str, str]) -> dict[str, str]:
    """Roles by the name of global variables that replace parameters which a training function lacks: its loader, its
    loss, its device. `taken`: the parameters by role. Functions, classes and modules do not count.
    """
    found: dict[str, str] = {}
    for name, value in _used(inspect.unwrap(function), set()):
        plain = not isinstance(value, (FunctionType, ModuleType, type)) and not hasattr(builtins, name)
        role = role_of(name)
        if role is not None and plain and stands_in(name, taken):
            found[name] = role
    return found


SPARES = re.compile(
    r"(no|without)_?(weight_?|bias_?)*decay|(skip|exclude|spare|decay)_?bias\w*|bias_?(no_?decay|excluded|spared)|"
    r"\b(no|not|without|except|exclud\w+|spar\w+|skip\w*)\b[^.]{0,40}\bbias(es)?\b|"
    r"\bbias(es)?\b[^.]{0,40}\b(spared|excluded|skipped|exempt\w*|not decayed|(no|without) (weight )?decay)\b|"
    r"\bdecay\w*\b[^.]{0,60}\bbias(es)? (do|does|are|is|have|has)(n't| not| none| no)\b",
    re.IGNORECASE,
)
"""how people write that weight decay excludes the biases"""


def says_that_it_spares(function: Callable[..., Any]) -> bool:
    """Whether a function says, by its names or its docstring, that weight decay excludes biases.

    >>> def train(model, weight_decay): "Biases are not decayed."
    >>> says_that_it_spares(train)
    True
    """
    own = inspect.unwrap(function)
    code: Any = getattr(own, "__code__", None)
    names = (*code.co_varnames, *code.co_names) if code is not None else ()
    return any(SPARES.search(text) for text in (getattr(own, "__name__", ""), inspect.getdoc(own) or "", *names))


STOPS = re.compile(r"patience|early_?stop\w*|no_?improve\w*|bad_?epochs|stop_?early|^wait(ed|ing)?$", re.IGNORECASE)
"""names for what ends a training before its last epoch"""


def chooses(function: Callable[..., Any]) -> tuple[bool, bool]:
    """Whether the names in a function show that it loads weights it kept, and that it may stop early.

    >>> def train(model, patience): model.load_state_dict({})
    >>> chooses(train)
    (True, True)
    """
    code: Any = getattr(inspect.unwrap(function), "__code__", None)
    names = (*code.co_varnames, *code.co_names) if code is not None else ()
    copied = any(name.startswith("best") for name in names) and ("copy_" in names or "data" in names)
    return "load_state_dict" in names or copied, any(map(STOPS.search, names))


def _used(function: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """The global names that a function, and the functions of its file that it calls, look up, with their values; None
    for a missing one.
    """
    if not isinstance(function, FunctionType) or id(function) in seen:
        return
    seen.add(id(function))
    for name in _looked_up(function.__code__):
        value = function.__globals__.get(name)
        yield name, value
        if getattr(value, "__module__", None) == function.__module__:
            yield from _used(value, seen)


def _looked_up(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _looked_up(constant)
