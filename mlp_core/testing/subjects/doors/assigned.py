"""Arguments from shapes and constants: one assignment for the parameters of a function, which is drawn and shown as a
signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from mlp_core.testing.examples.shapes import Drawn
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.names import CONSTANTS, COUNTS, EITHER
from mlp_core.testing.subjects.roles import role

GROUPS = re.compile(r"n_?groups|num_groups|G|groups?")
"""parameters that divide a size: with 1 they hide how"""

DIVIDED = 4, (2, 1, 4)
"""a size, and numbers of groups into which it is divided"""


IN_IMAGES = (1, 3)
"""the sizes of letters for images and sequences: loops over four axes of size 5 take a hundred times as long"""

NUMBERS = re.compile(EITHER.pattern + r"|gamma|T|t|tau|temp\w*|lam\w*|n|p|factor|weight\w*")
"""parameters that may be arrays, and are numbers if their gradient is None"""

CLASSES = re.compile(
    r"(y|t|target|label|idx|index|indice|classes|class|token|id|word|action|tag|user|item|seq|winner|loser|home|away)s?(_?(true|idx|id)s?)?"
    r"|labels?_\w+|\w+_(indices|indexes|idxs|ids)|(event|death|censor)(s|ed|ing)?(_?(observed|indicators?))?|status"
)
"""names of a parameter with integers: the classes of a batch of 4, or whether an event was observed"""

MASKS = re.compile(r"masks?|\w+_mask|mask_\w+|observed(_\w+)?|is_(observed|rated|known)|indicators?", re.IGNORECASE)
"""names of a parameter with zeros and ones of any shape"""

SEQUENCES = (4, 2)
"""the shape of a batch of sequences of classes"""

ONE_CLASS = re.compile(r"\w+(_idx|_index|Idx|Index)")
"""names of a parameter that is likely to be a single integer"""


SINGLE = re.compile(r"action|label|index|idx|token|word|user|item|tag|class", re.IGNORECASE)
"""names of a parameter that may be a single integer, because they are no plural"""


STATES = frozenset({"s", "state", "states", "obs", "observation"})
"""names of a state, beside which `a` is an action"""

BIAS = re.compile(r"b\d?|bias(es)?\d?", re.IGNORECASE)
"""names of a parameter with one number per channel"""


MATRIX = re.compile(r"[WU][a-z]{0,2}\d?")
"""names of a matrix of weights: Wx, Uz, W1"""


VECTORS = re.compile(
    r"(d_?)?(real|fake)(_\w+)?|\w+_(real|fake)|margins?|rewards?|returns|advantages?|q|quantiles?|endog|log_?probs?"
)
"""names of a parameter with one number per sample: a function of such a parameter is tried with vectors first"""


UNROLLED = re.compile(r"(nn_|initial_)?(params?|parameters|theta|thetas|weights|w|x0?)(_?vec(tor)?|_unrolled|_flat)?")
"""names of a vector that holds all parameters"""

LONGEST = 40
"""above the length of such a vector"""


@dataclass(frozen=True)
class Classes:
    """Integers below 2, with a shape."""

    shape: tuple[int, ...] = (4,)


@dataclass(frozen=True)
class Found:
    """One assignment with which a function runs: a shape, Classes, or a constant for each parameter."""

    options: tuple[Any, ...]
    constants: tuple[tuple[Any, ...], ...] = ()
    """the combinations of constants with which the function runs too"""
    free: dict[int, str] = field(default_factory=dict)
    """sizes that may vary, with their letters"""
    lib: str = "numpy"
    given: str = ""
    """the shapes in the words of the user"""

    def signature(self) -> str:
        """The shapes in the words of `arrays`."""
        return self.given or ",".join(_written(one, self.free) for one in self.options if is_shape(one))

    def strategy(self) -> st.SearchStrategy[tuple[Any, ...]]:
        whole = [k for k, one in enumerate(self.options) if is_shape(one)]
        fixed = [k for k in range(len(self.options)) if k not in whole]

        def placed(drawn: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
            by = {**dict(zip(whole, drawn, strict=True)), **dict(zip(fixed, values, strict=True))}
            return Drawn(by[k] for k in range(len(self.options)))

        deep = any(len(sizes_of(one)) > 2 for one in self.options if is_shape(one))
        sizes = dict.fromkeys(self.free.values(), IN_IMAGES) if deep else {}
        drawn_arrays = arrays(self.signature(), lib=self.lib, sizes=sizes)
        return st.builds(placed, drawn_arrays, st.sampled_from(self.constants or ((),)))

    def words(self, names: Sequence[str]) -> str:
        """A description of the assignment, and how it was found."""
        fixed = [n for n, one in zip(names, self.options, strict=False) if not is_shape(one)]
        told = [f"{n} {' or '.join(dict.fromkeys(map(_said, v)))}"
                for n, v in zip(fixed, zip(*self.constants, strict=True), strict=False)]  # fmt: skip
        how = "shapes as given" if self.given else "shapes found by trying"
        return f"{how}: " + ", ".join([f'"{self.signature()}"', *told])


def _said(value: Any) -> str:
    return getattr(value, "words", "") or repr(value)


def is_shape(option: Any) -> bool:
    return isinstance(option, Classes) or (isinstance(option, tuple) and all(isinstance(n, int) for n in option))


def _written(one: Any, free: dict[int, str]) -> str:
    shape, suffix = (one.shape, "<2") if isinstance(one, Classes) else (one, "")
    return f"({','.join(free.get(n, str(n)) for n in shape)}){suffix}"


def built(options: Sequence[Any], lib: str = "numpy", seed: int = 0) -> list[Any]:
    """The arguments of an assignment."""
    numbers = np.random.default_rng(seed)
    args: list[Any] = []
    for one in options:
        if isinstance(one, Classes):
            value: Any = numbers.integers(0, 2, one.shape)
            value.flat[-1:] = 1  # the highest class is there, whatever the sizes
        elif is_shape(one):
            value = numbers.standard_normal(one)
        else:
            args.append(dict(one) if isinstance(one, dict) else one)
            continue
        args.append(torch.from_numpy(value) if lib == "torch" else value)
    return args


def options_of(names: Sequence[str], shapes: Sequence[Any]) -> list[Sequence[Any]]:
    """The values with which each parameter is tried, by its name."""
    found: list[Sequence[Any]] = []
    if any(map(VECTORS.fullmatch, names)):
        shapes = sorted(shapes, key=lambda one: len(sizes_of(one)) != 1)
    counted = any(map(COUNTS.fullmatch, names))
    for k, name in enumerate(names):
        constants = next((values for words, values in CONSTANTS if re.fullmatch(words, name)), None)
        if COUNTS.fullmatch(name):
            found.append([2 + sum(map(bool, map(COUNTS.fullmatch, names[:k]))) % 3])  # each another
        elif counted and name[0].isupper():
            wide = [one for one in shapes if len(sizes_of(one)) > 1] or shapes
            found.append([Classes(one) for one in wide] if name == "R" else wide)  # R(i, j): whether there is a rating
        elif counted and k == 0 and UNROLLED.fullmatch(name):
            found.append([(n,) for n in range(6, LONGEST)])
        elif len(name) == 1 and (k == 0 or (k == 1 and role(names[0]) == "true")):  # p is a probability, s a score
            found.append(shapes)
        elif constants is not None:
            found.append(constants)
        elif MASKS.fullmatch(name):
            wide = sorted((one for one in shapes if len(sizes_of(one)) > 0), key=lambda one: len(sizes_of(one)) == 1)
            found.append([*map(Classes, wide), *shapes])
        elif CLASSES.fullmatch(name):
            found.append([Classes(), *shapes, Classes(SEQUENCES), *[Classes(())] * bool(SINGLE.fullmatch(name))])
        elif ONE_CLASS.fullmatch(name) or (name == "a" and STATES & set(names)):
            found.append([Classes(()), Classes(), *shapes])
        elif EITHER.fullmatch(name):
            found.append([*shapes, 0.5])
        elif BIAS.fullmatch(name):
            found.append(_of_bias(shapes))
        elif MATRIX.fullmatch(name):
            found.append(sorted(shapes, key=lambda one: len(sizes_of(one)) == 1))
        else:
            found.append(shapes)
    return found


def _of_bias(shapes: Sequence[Any]) -> list[Any]:
    """The shapes in the order in which a bias may have them: one number per channel first, in an array of any number of
    axes. Code such as `float(b[0, 0, 0])` also runs with an array of images, and uses few of its numbers.
    """
    wide = [one for one in shapes if len([n for n in sizes_of(one) if n > 1]) > 1 and len(sizes_of(one)) > 2]
    images = [(1, 1, 1, 2), (1, 2, 1, 1)] if wide else []
    return [*(one for one in shapes if one not in wide), *images, *wide]


def sizes_of(one: Any) -> tuple[int, ...]:
    """The sizes of a shape or of Classes."""
    return one.shape if isinstance(one, Classes) else one
