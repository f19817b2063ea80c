"""A backpropagation in the course's form: how it is called, and what it fills."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core import losses
from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import default_dtype, foreign, globals_kept
from mlp_core.testing.examples.problem import Case
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.course_model import CourseModel, owner_of, stand_in
from mlp_core.testing.subjects.gradients import GradientSubject
from mlp_core.testing.subjects.heads import Head, Roles, arguments

TRIED = 8
"""the number of problems on which both orders of two parameters are tried if their names leave the order open"""


class Unfilled(Broken):
    """A gradient of the course's form that the function did not fill, and those that it did fill."""

    def __init__(self, model: CourseModel, missing: str) -> None:
        written = {"dL_dw": model.dL_dw, "dL_db": model.dL_db}
        filled = ", ".join(
            f"{name}[{key}]" for name, kept in written.items() if isinstance(kept, dict)
            for key, value in kept.items() if value is not None
        )  # fmt: skip
        super().__init__(
            f"model.{missing}", "never filled", f"a gradient there: the function filled {filled or 'nothing'}",
            closing="assert None not in gradient().values(), gradient()",
        )  # fmt: skip


class CourseSubject(GradientSubject):
    """A function of the course contract: f(model, y_true, y_pred), squared error summed, float64."""

    takes_upstream: ClassVar[bool] = False
    dtypes: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def restrictions(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"objectives": [losses.get("squared_error")], "dtypes": self.dtypes}

    def raw_gradient(self, case: Case, *, clear: bool = True) -> list[Tensor]:
        return self._called(case, self.roles)

    def _called(self, case: Case, roles: Roles) -> list[Tensor]:
        model = stand_in(case, self.owner)
        given, named = arguments(self.head, roles, model, case.y, case.trace.output)
        with foreign(), default_dtype(torch.float64):
            self.function(*given, **named)
        read = []
        for layer in range(1, model.L + 1):
            for name, written, like in (("dL_dw", model.dL_dw, "weight"), ("dL_db", model.dL_db, "bias")):
                if isinstance(written, dict) and written.get(layer) is None:
                    raise Unfilled(model, f"{name}[{layer}]")
                with foreign():
                    value = written[layer]
                    if not isinstance(value, Tensor):
                        expected = f"a tensor shaped like the {like} of layer {layer}"
                        raise ArgumentError(f"{name}[{layer}]", value, expected)
                read.append(value)
        return read

    @cached_property
    def head(self) -> Head | None:
        """Its name and parameters."""
        return Head.of(self.function)

    @cached_property
    def owner(self) -> type | None:
        """The class in which it is defined, if it is a method."""
        return owner_of(self.function)

    @cached_property
    def roles(self) -> Roles:
        """The roles of its parameters, by their names. If the names leave two of them open, the numbers of the function
        decide.
        """
        head = self.head
        found = None if head is None else head.roles()
        if found is None:  # passed as a function of the course, with any parameter names
            model, true, predicted = [*(head.positional if head else ()), "model", "y_true", "y_pred"][:3]
            found = Roles(model, true, predicted, open=True)
        return self._nearer(found) if found.open else found

    @property
    def output_first(self) -> bool:
        """Whether the prediction comes before the target in its parameters."""
        head = self.head
        names = [] if head is None else [*head.positional, *head.others]
        both = self.roles.true in names and self.roles.predicted in names
        return both and names.index(self.roles.predicted) < names.index(self.roles.true)

    @property
    def reading(self) -> str:
        """A note about the order of its parameters; empty if their names decide it."""
        if not self.roles.open:
            return ""
        true, predicted = self.roles.true, self.roles.predicted
        return f"its names do not show the order of its parameters; {true} is used as y_true, {predicted} as y_pred"

    def _nearer(self, roles: Roles) -> Roles:
        """The one of the two orders in which the gradients are closer to autograd's. The laws check that order; a
        function that is right in neither order fails in both.
        """
        swapped = roles._replace(true=roles.predicted, predicted=roles.true)
        off = {roles: 0.0, swapped: 0.0}
        for problem in sample(self.problems(one=True), TRIED):
            for order in off:
                off[order] += self._off(problem, order)
        return swapped if off[swapped] < off[roles] else roles

    def _off(self, problem: Any, roles: Roles) -> float:
        """The distance of the gradients from autograd's; inf if there are none."""
        case = problem.case()
        with torch.enable_grad():
            loss = ((case.model(case.trace.a[0].detach()) - case.y) ** 2).sum()
            expected = torch.autograd.grad(loss, list(case.model.parameters()))
        try:
            with globals_kept():
                got = [g.detach() for g in self._called(problem.case(), roles)]
            off = sum(float((g - e).norm()) for g, e in zip(got, expected, strict=True))
        except (Broken, RuntimeError, TypeError):
            return float("inf")
        return off if off < float("inf") else float("inf")

    def call(self) -> list[str]:
        given, named = arguments(self.head, self.roles, "course", "y", "trace.output")
        words = ", ".join([*given, *(f"{name}={value}" for name, value in named.items())])
        name = self.function.__name__
        owner = f", owner_of({name})" if self.owner else ""
        return [
            "from mlp_core.testing.engine.guards import default_dtype",
            f"from mlp_core.testing.subjects.course_model import {'owner_of, ' * bool(owner)}stand_in",
            "from mlp_core.testing.examples.problem import Case",
            "def gradient(clear=True):",
            f"    course = stand_in(Case(model, trace, dL_dy, y){owner})",
            "    with default_dtype(torch.float64):",
            f"        {name}({words})",
            '    kinds = (("W", course.dL_dw), ("b", course.dL_db))',
            '    return {f"{kind}{l}": g[l] for l in range(1, model.L + 1) for kind, g in kinds}',
        ]
