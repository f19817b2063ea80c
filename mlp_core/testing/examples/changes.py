"""Examples of the laws about hyperparameters: one is changed, or one is outside its domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlp_core.testing.examples.scenario import Scenario

REFUSED = """\
p = torch.zeros(SHAPE).requires_grad_()
try:
    mine(CALL)
except (ValueError, TypeError) as error:
    NAMED
else:
    raise AssertionError("FIELD was accepted")"""


@dataclass(frozen=True)
class Changes:
    """For every hyperparameter, a scenario, and the same scenario with that hyperparameter changed in every group."""

    pairs: tuple[tuple[str, Scenario, Scenario], ...]

    def besides(self, seen: set[str]) -> Changes:
        """The same without the hyperparameters in `seen`."""
        return Changes(tuple(pair for pair in self.pairs if pair[0] not in seen))

    def describe(self) -> str:
        return self.pairs[0][1].describe()

    def setup(self) -> list[str]:
        return self.pairs[0][1].setup()


class Outside:
    """Hyperparameters, one of which is outside its domain."""

    def __init__(self, good: dict[str, Any], field: str, value: Any) -> None:
        self.good, self.field, self.value, self.all = good, field, value, {**good, field: value}

    def describe(self) -> str:
        return f"{self.field}={self.value!r}"

    def setup(self) -> list[str]:
        # inf and nan, alone or in a tuple, are names in a snippet
        changed = f"wrong = {{**good, {self.field!r}: {self.value!r}}}"
        return ["from math import inf, nan", f"good = {self.good!r}", changed]

    def closing(self, how: str, shape: tuple[int, ...], named: bool) -> str:
        call = "[p], **wrong" if how == "passed to the constructor" else '[{"params": [p], **wrong}], **good'
        lines = REFUSED.replace("NAMED", 'assert "FIELD" in str(error), error' if named else "pass")
        return lines.replace("CALL", call).replace("FIELD", self.field).replace("SHAPE", repr(shape))


@dataclass(frozen=True)
class Wrongs:
    """For every hyperparameter, values of all of them in which that one is outside its domain."""

    each: tuple[Outside, ...]

    def describe(self) -> str:
        return ", ".join(wrong.describe() for wrong in self.each)

    def setup(self) -> list[str]:
        return self.each[0].setup()
