"""A script that backpropagates by hand and calls loss.backward(), as a subject: the whole script runs, with several
seeds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.guards import default_dtype
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.subjects.doors.names import BESIDE, SCRIPT

SEEDS, SECONDS = 8, 8.0
"""the number of seeds with which a script runs, and the seconds that this may take; at least two seeds"""


@dataclass(frozen=True)
class Seed:
    """An example: the number by which every seed of the script is shifted."""

    shift: int

    def describe(self) -> str:
        return f"every seed {self.shift} larger than written" if self.shift else "the seeds as they are written"

    def setup(self) -> list[str]:
        return [f"shift = {self.shift}"]


@dataclass(frozen=True)
class Beside:
    """A hand-written gradient beside autograd's, at the end of the script."""

    name: str
    """the name whose gradient it is"""
    by_hand: str
    mine: Tensor
    theirs: Tensor


def _as_wide(mine: Tensor, theirs: Tensor) -> Tensor:
    """A gradient with the first axis of its tensor, of size 1, if it lacks only that: it holds the same numbers, and a
    step with it is the same.
    """
    return mine[None] if theirs.shape == (1, *mine.shape) else mine


@dataclass(frozen=True)
class ScriptSubject:
    """Statements that run one after the other, in a separate namespace, in float64."""

    name: str
    codes: Sequence[CodeType]
    path: Path
    skipped: frozenset[str] = frozenset()
    """names that are computed from a .grad, and so are not hand-written gradients"""
    waived: tuple[str, ...] = ()
    made: Callable[[], str] | None = None
    """returns the source, if it is not in a file"""
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)

    def run(self, shift: int) -> dict[str, Any]:
        """The final namespace. Raises what the script raises."""
        names: dict[str, Any] = {"__name__": "__main__", "__file__": str(self.path)}
        with _shifted(shift), default_dtype(torch.float64), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            for code in self.codes:
                exec(code, names)  # noqa: S102  (what a script is for; in a process of its own)
        return names

    def at(self, shift: int) -> dict[str, Any]:
        """The same, run once for each shift."""
        if shift not in self.kept:
            self.kept[shift] = self.run(shift)
        return self.kept[shift]

    @cached_property
    def seeds(self) -> st.SearchStrategy[Seed]:
        """As many seeds as there is time for."""
        begun = time.monotonic()
        try:
            self.at(0)
        except Exception:  # the law reports it
            return st.just(Seed(0))
        several = int(SECONDS / max(time.monotonic() - begun, 1e-3))
        return st.integers(0, max(2, min(SEEDS, several)) - 1).map(Seed)

    def beside(self, names: dict[str, Any]) -> list[Beside]:
        """Hand-written gradients beside autograd's."""
        found = []
        for name, value in names.items():
            if not isinstance(value, Tensor) or not (value.is_leaf or value.retains_grad) or value.grad is None:
                continue
            for form in BESIDE:
                by_hand = form.format(name)
                mine = names.get(by_hand)
                if isinstance(mine, Tensor) and by_hand not in self.skipped and mine is not value.grad:
                    found.append(Beside(name, by_hand, _as_wide(mine.detach(), value.grad), value.grad.detach()))
        return found

    def snippet(self, example: Seed, closing: str) -> str:
        """A snippet that runs the script and compares."""
        head = ["import numpy as np", "import torch", *self._source(), "names = {'__name__': '__main__'}"]
        lines = [
            "torch.set_default_dtype(torch.float64)", *example.setup(), SEEDED, "try:", "    exec(source, names)",
            "finally:", "    torch.set_default_dtype(torch.float32)",
            "    torch.Generator, torch.manual_seed, np.random.seed, np.random.default_rng = real",
        ]  # fmt: skip
        return "\n".join([*head, *lines, closing or "names"])

    def _source(self) -> list[str]:
        """Lines that read the script."""
        if self.made is not None:
            return [*import_of(self.made), f"source = {name_of(self.made)}()"]
        if self.path.suffix == ".py":
            return ["from pathlib import Path", f"source = Path({str(self.path)!r}).read_text()"]
        cells = f"cells = json.loads(Path({str(self.path)!r}).read_text())['cells']"
        joined = "source = '\\n'.join(''.join(c['source']) for c in cells if c['cell_type'] == 'code')"
        return ["import json", "from pathlib import Path", cells, joined]


SEEDED = """\
real = torch.Generator, torch.manual_seed, np.random.seed, np.random.default_rng
class Generator(torch.Generator):
    def manual_seed(self, seed): return super().manual_seed(seed + shift)
torch.Generator = Generator
torch.manual_seed = lambda seed: real[1](seed + shift)
np.random.seed = lambda seed=0: real[2](seed + shift)
np.random.default_rng = lambda seed=0: real[3](seed + shift)
torch.manual_seed(0), np.random.seed(0)"""
"""shifts every seed"""


@contextmanager
def _shifted(shift: int) -> Iterator[None]:
    """A context in which every seed is shifted; without a seed, the generators begin at `shift`."""
    real: dict[tuple[Any, str], Any] = {
        (module, name): getattr(module, name)
        for module, name in (
            (torch, "Generator"), (torch, "manual_seed"), (np.random, "seed"), (np.random, "default_rng"),
            (random, "seed"),
        )
    }  # fmt: skip

    class Generator(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + shift)

    def moved(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda seed=0, *a, **k: function(seed + shift if isinstance(seed, int) else seed, *a, **k)

    states = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002  (what a script may use)
    try:
        for (module, name), value in real.items():
            setattr(module, name, Generator if name == "Generator" else moved(value))
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        yield
    finally:
        for (module, name), value in real.items():
            setattr(module, name, value)
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        random.setstate(states[2])


def script(path: str | Path) -> str:
    """A script or notebook that backpropagates by hand and also calls loss.backward(). At its end every dNAME, d_NAME,
    NAME_grad or grad_NAME is compared with NAME.grad, in float64, under several seeds.

    The result is a name for `verify` and `mlp-core verify`, which run the whole script in a separate process with
    limits. Raises ArgumentError if the file does not exist.

    >>> script("missing.py")
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: path: got 'missing.py', expected a script (.py) or a notebook (.ipynb)
    """
    if Path(path).suffix not in (".py", ".ipynb") or not Path(path).is_file():
        raise ArgumentError("path", str(path), "a script (.py) or a notebook (.ipynb)")
    return f"{path}:{SCRIPT}"
