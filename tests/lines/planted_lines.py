"""Correct code in every form, and mistakes planted in it by replacing words of one line."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import backward_sources as backward
import gradient_sources as gradients
import torch
import update_sources as updates

from mlp_core.testing import subjects
from mlp_core.testing.subjects.doors.chains import of_chain
from mlp_core.testing.subjects.doors.methods import of_methods
from mlp_core.testing.subjects.doors.script import ScriptSubject
from mlp_core.testing.verification.names import resolve


def script_of(module: ModuleType) -> Any:
    """The text of a module as a script."""
    lines = linecache.cache[f"{module.__name__}.py"][2]
    nodes = ast.parse("".join(lines)).body
    codes = [compile(ast.Module([n], type_ignores=[]), f"{module.__name__}.py", "exec") for n in nodes]
    return ScriptSubject("script", codes, Path(f"{module.__name__}.py"))


@dataclass(frozen=True)
class Form:
    """A form: its right source, and the subject of a module that has it."""

    source: str
    subject: Callable[[Any], Any]


FORMS = {
    "course": Form(backward.COURSE, lambda m: resolve(m.backpropagation, (1, 8))),
    "helpers": Form(backward.HELPERS, lambda m: resolve(m.backpropagation, (1, 8))),
    "pair": Form(
        backward.NORM, lambda m: subjects.pair(m.norm_forward, m.norm_backward, subjects.arrays("(4,d),(d),(d)"))
    ),
    "function": Form(
        backward.SQUARE, lambda m: subjects.function(m.Square, subjects.arrays("(n,d),(d,h)", lib="torch"))
    ),
    "layer": Form(backward.DENSE, lambda m: subjects.layer(m.Dense, subjects.arrays("(n,3)"))),
    "value": Form(gradients.RIDGE, lambda m: subjects.value_and_gradient(m.ridge, subjects.arrays("(d),(n,d),(n)"))),
    "jacobian": Form(gradients.FIELD, lambda m: subjects.jacobian(m.field, m.field_jac, subjects.arrays("(n),(m,n)"))),
    "score": Form(gradients.SCORE, lambda m: of_methods(m.Normal, ["loglike", "score", "hessian"])),
    "chain": Form(gradients.CHAIN, lambda m: of_chain(m.cubes, m.cubes_grad, m.cubes_hess)),
    "elementwise": Form(gradients.SWISH, lambda m: subjects.derivative(m.swish, m.swish_prime)),
    "optimizer": Form(updates.ADAM, lambda m: subjects.optimizer(m.Adam, torch.optim.Adam)),
    "rule": Form(updates.RULE, lambda m: resolve(m.Momentum)),
    "training": Form(updates.TRAIN, lambda m: subjects.training(m.train)),
    "objective": Form(gradients.LOGISTIC, lambda m: subjects.objective(m.logistic, m.log_loss, labels="binary")),
    "derivatives": Form(gradients.DERIVATIVES, lambda m: subjects.objective(m.Logloss, m.log_loss, labels="binary")),
    "twin": Form(gradients.AVERAGE, lambda m: subjects.twin(m.mine, m.reference, subjects.arrays("(n),(n,d)"))),
    "script": Form(backward.SCRIPT, script_of),
    "update": Form(
        updates.UPDATE,
        lambda m: subjects.update(
            m.init, m.step, lambda params, lr, beta: torch.optim.SGD(params, lr, beta), {"lr": 0.3, "beta": 0.75}
        ),
    ),
}  # fmt: skip

numbers = count()


def planted(form: str, right: str = "", wrong: str = "") -> tuple[Any, int]:
    """The subject with `wrong` for `right`, and the line where that is."""
    source = FORMS[form].source
    assert source.count(right) == 1 or not right, right
    name = f"planted_in_{form}_{next(numbers)}"
    text = source.replace(right, wrong) if right else source
    linecache.cache[f"{name}.py"] = len(text), None, text.splitlines(keepends=True), f"{name}.py"
    module = ModuleType(name)
    sys.modules[name] = module
    with torch.random.fork_rng():  # a script draws
        exec(compile(text, f"{name}.py", "exec"), module.__dict__)  # noqa: S102  (ours, above)
    return FORMS[form].subject(module), source[: source.index(right)].count("\n") + 1
