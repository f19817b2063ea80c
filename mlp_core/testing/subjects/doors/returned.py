"""Which of the values that a backward returned is the gradient of which argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mlp_core.testing.engine.evidence import Broken, Rejected
from mlp_core.testing.examples.arguments import Arguments, Path, found_at, written
from mlp_core.testing.examples.foreign_arrays import is_array, source_of
from mlp_core.testing.subjects.doors.names import key_of


class Gradient(NamedTuple):
    """A gradient, its argument, and its place in the returned value, as Python source after the name of that value."""

    name: str
    path: Path
    place: str
    value: Any


class Returned(NamedTuple):
    """names: of the arguments. counted: whether the returned gradients belong to the first arguments, as many as there
    are.
    """

    names: tuple[str, ...] = ()
    counted: bool = False

    def words(self, path: Path) -> str:
        """The name of an array in messages: x, or params['W1']."""
        first = self.names[path[0]] if path[0] < len(self.names) else f"argument {path[0]}"
        return first + "".join(f"[{key!r}]" for key in path[1:])

    def gradients(
        self, example: Arguments, asked: list[Path], found: Any, above: Sequence[Any]
    ) -> list[Gradient]:  # fmt: skip
        """The gradients among returned values, one for each array that must get one. Raises Broken if one is missing
        or has another shape, and Rejected if no array must get one.
        """
        if not asked:
            raise Rejected(note=NO_FLOATS)
        paths = self._asked_of(example, asked, found)
        placed = self._placed(example, found, list(dict.fromkeys(path[0] for path in paths)))
        result = []
        for path in paths:
            place, g = placed.get(path[0], ("", None))
            try:
                g = found_at(g, path[1:])
            except (KeyError, IndexError, TypeError):
                g = None
            shape, place = tuple(np.shape(example.at(path))), place + written(path[1:], "")
            numeric = g is not None and (is_array(g) or isinstance(g, (int, float, np.number)))
            if not numeric or tuple(np.shape(g)) != shape:
                got = f"shape {tuple(np.shape(g))}" if numeric else "none" if g is None else type(g).__name__
                closing = SHAPE.format(above=source_of(list(above)), place=place if numeric else "", shape=shape)
                keys = ", ".join(map(repr, found)) if g is None and isinstance(found, dict) else ""
                note = f"the dict of gradients has the keys {keys}" if keys else ""
                raise Broken(f"gradient of {self.words(path)}", got, f"shape {shape}", closing=closing, note=note)
            result.append(Gradient(self.words(path), path, place, g))
        return result

    def _asked_of(self, example: Arguments, paths: list[Path], found: Any) -> list[Path]:
        """The arrays that must get a gradient, given the returned value."""
        if not self.counted:
            return paths
        if isinstance(example.args[0], (list, tuple, dict)):
            return [p for p in paths if p[0] == 0]
        if isinstance(found, dict):
            return [p for p in paths if self._key(found, p[0]) is not None]
        return paths[: len(found) if isinstance(found, (list, tuple)) else 1]

    def _placed(self, example: Arguments, found: Any, asked: list[int]) -> dict[int, tuple[str, Any]]:
        """Per argument index: the place of its gradient in the returned value, and the gradient."""
        if asked == [0] and isinstance(example.args[0], (list, tuple, dict)) and self._nested(example.args[0], found):
            return {0: ("", found)}
        if isinstance(found, dict):
            keys = {k: self._key(found, k) for k in asked}
            return {k: (f"[{key!r}]", found[key]) for k, key in keys.items() if key is not None}
        if not isinstance(found, (tuple, list)):
            single = dict.fromkeys(asked, ("", found))
            alone = "not isinstance(found, (tuple, list))"
            return single if len(asked) == 1 else self._miscounted(found is not None, asked, alone)
        if len(found) == len(example.args):
            return {k: (f"[{k}]", found[k]) for k in asked}
        if len(found) != len(asked):
            return self._miscounted(len(found), asked, f"len(found) == {len(found)}")
        return {k: (f"[{i}]", g) for i, (k, g) in enumerate(zip(asked, found, strict=True))}

    def _nested(self, params: Any, found: Any) -> bool:
        """Whether gradients have the structure of the parameters, of which there are several in one argument."""
        if isinstance(params, dict):
            return isinstance(found, dict) and bool(set(params) & set(found))
        return isinstance(found, (list, tuple)) and len(found) == len(params)

    def _miscounted(self, count: int, asked: list[int], when: str) -> Any:
        names = ", ".join(self.words((k,)) for k in asked)
        got = f"{int(count)} gradient{'s' * (count > 1)}" if count else "None"
        raise Broken(
            "what backward returns", got, f"{len(asked)}: of {names}",
            closing=f"outs, pull = run(args)\nfound = pull({UNIT})\nassert not ({when}), found",
            note="if some arguments have no gradient by design, pass the names of the others as wrt=[...]",
        )  # fmt: skip

    def _key(self, found: dict[Any, Any], k: int) -> Any:
        """The key under which a dict of gradients contains that of an argument."""
        return key_of(found, self.names[k] if k < len(self.names) else "", k)


NO_FLOATS = "no argument is an array of floats; draw floats, because integers have no derivative"

UNIT = "[torch.ones_like(o) if torch.is_tensor(o) else np.ones(np.shape(o)) for o in outs]"
"""upstream gradients whose values do not matter"""

SHAPE = """\
outs, pull = run(args)
got = pull({above}){place}
assert np.shape(got) == {shape}, got"""
