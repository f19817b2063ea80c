"""The message of a failing optimizer law: what a step does, and the two numbers that show it."""

from __future__ import annotations

import re
from functools import cache
from traceback import walk_tb

import torch

from mlp_core.testing.engine.evidence import Broken, Raised

WORDS = {
    "continued as a copy: ": "a deep copy does not continue as the original does",
    "after its copy was continued: ": "the steps of a deep copy change the original",
    "after state_dict(): ": "state_dict() changes what later steps do",
    "loaded into one with other hyperparameters: ": "a checkpoint does not restore all hyperparameters",
    "saved, loaded and continued: ": "a run that is saved and loaded does not continue as before",
    "rolled back and continued: ": "a checkpoint that is loaded into the same optimizer does not bring it back",
    "run in turn with another: ": "another optimizer, stepped in turn, changes what this one does",
    "run in turn with another, the second: ": "another optimizer, stepped in turn, changes what this one does",
    "run again: ": "the same run twice gives different numbers",
    "beside another group: ": "a second group does not move by its own hyperparameters",
    "beside empty groups: ": "an empty group changes how the other groups move",
    "the added group: ": "a group that is added after two steps does not move as in an optimizer of its own",
    "the groups before it: ": "a group that is added after two steps changes how the groups before it move",
    "frozen: ": "a step changes a frozen parameter",
    "beside frozen groups: ": "groups of frozen parameters change how the others move",
    "in two groups: ": "parameters move differently if their group is split in two",
    "beside other dtypes: ": "beside parameters of other dtypes, a parameter does not move as it does alone",
    "with a closure: ": "step(closure) does not move as step() does with the same gradients",
    "in new memory: ": "after p.data is given new memory, the run does not continue as before",
    "joined after ": "a parameter whose first gradient is late does not start as a fresh one",
    "another joined late: ": "the late first gradient of one parameter changes how the others move",
    "adjacent in one buffer: ": "parameters that are adjacent in memory do not move as separate ones do",
    "adjacent in one buffer, one without a gradient: ": "one without a gradient changes its neighbours",
    "strided: ": "a parameter that is a view with strides does not move as a contiguous one does",
    "gradients with other strides: ": "a gradient with other strides does not move as a contiguous one does",
    "with gradients overwritten after each step: ": "the optimizer keeps p.grad itself, not a copy of its numbers",
    "under default dtype float64: ": "the default dtype changes the dtype of its state",
    "at lr = 0: ": "a step moves a parameter although lr is 0",
    "after zero gradients: ": "gradients of zero move a parameter",
    "negated: ": "negated parameters and gradients do not give the negated result",
    "all coordinates in one parameter": "entries do not move in one long parameter as they do in several",
    "all parameters adjacent in one buffer": "parameters that are adjacent in memory do not move as separate ones do",
    "called ": "another name of the parameters changes how they move",
    "sparse: ": "a sparse gradient does not move a parameter as the same dense one does",
    "memory that does not belong to ": "a step writes into memory beside a parameter",
}
"""per beginning of `where`; the longest match counts"""

GRADIENT = re.compile(r"step \d+: gradient of ")
WITHOUT_GRADIENT = re.compile(r"step \d+, no gradient (?:yet|now): ")
COPIED = re.compile(r"(.*) of the copy$")
UNDER = re.compile(r"under (\w+): ")
STEP = re.compile(r"step (\d+): ")

THERE = {"there", "missing"}


@cache
def made_by_torch() -> frozenset[str]:
    """The attributes that the constructor of torch.optim.Optimizer creates."""
    return frozenset(vars(torch.optim.SGD([torch.zeros(1)])))


def measured(broken: Broken, doing: str) -> str:
    """A failure in words: what a step does, and what was measured; empty if no description fits."""
    if isinstance(broken, Raised):
        lost = getattr(broken.__cause__, "name", None)
        if isinstance(broken.__cause__, AttributeError) and lost in made_by_torch():
            return f"its constructor does not call torch.optim.Optimizer.__init__, which creates {lost}"
        if "NoneType" in broken.got and ".grad" in broken.note and _lacks_a_gradient(broken.__cause__):
            return f"a step does not skip a parameter whose grad is None: it raises {broken.got}"
        return f"{doing or 'in a step'}, it raises {broken.got}"
    where, got, expected = broken.where, *shortened(broken.got, broken.expected)
    if found := COPIED.match(where):
        return f"copy.deepcopy changes {found[1]}: {expected} became {got}"
    if found := GRADIENT.match(where):
        return f"a step changes the gradient: p.grad of {where[found.end() :]} was {expected}, and became {got}"
    if found := WITHOUT_GRADIENT.match(where):
        return f"a step moves a parameter that has no gradient: {where[found.end() :]} was {expected}, and became {got}"
    if found := UNDER.match(where):
        said, place = f"under {found[1]} its steps do not have the rates that the scheduler gives", where[found.end() :]
    else:
        start = max((key for key in WORDS if where.startswith(key)), key=len, default="")
        place = where.rpartition(": ")[2]
        said = WORDS[start] if start else doing
        if not start and (found := STEP.match(where)):
            return _in_step(int(found[1]), place, got, expected, doing)
    if not said:
        return ""
    if broken.got in THERE:
        return f"{said}: {place} {'is missing' if broken.got == 'missing' else 'exists, and should not'}"
    return f"{said}: {place} is {got}, not {expected}"


def _lacks_a_gradient(error: BaseException | None) -> bool:
    """Whether the code that raised an error worked on a parameter without a gradient."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)] if error is not None else []
    tensors = (v for frame in frames[-1:] for v in frame.f_locals.values() if isinstance(v, torch.Tensor))
    return any(v.is_leaf and v.requires_grad and v.grad is None for v in tensors)


def _in_step(step: int, place: str, got: str, expected: str, doing: str) -> str:
    """The first difference from a reference in words, for an unknown mistake."""
    if got.startswith("torch."):
        return f"{place} is {got}, not {expected} as its parameter"
    before = "its first step" if step == 1 else f"step {step} is its first that"
    begin = f"{doing}, " if doing else ""
    return f"{begin}{before} differs from the reference: {place} is {got}, not {expected}"


def shortened(got: str, expected: str) -> tuple[str, str]:
    """Two numbers with as many digits as distinguish them, without the tolerance behind the second."""
    bare = expected.partition(" (")[0] if expected.endswith(")") else expected
    try:
        a, b = float(got), float(bare)
    except ValueError:
        return got, bare
    for digits in range(4, 17):
        one, other = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if one != other:
            return one, other
    return got, bare
