"""Helpers for the lines made from a file's definitions: gradients in order, prediction and target of one shape."""

from __future__ import annotations

from typing import Any


def scope_of(name: str, thing: Any) -> str:
    """The names of the file that a function or a class of this name was defined in, in Python."""
    if isinstance(thing, type):
        return f"next(f for f in vars({name}).values() if hasattr(f, '__globals__')).__globals__"
    return f"getattr({name}, '__wrapped__', {name}).__globals__"


PRELUDE = """
STEPPED = []

def named(found, order, names):
    if not isinstance(found, dict):
        several = list(found) if isinstance(found, (tuple, list)) else [found]
        return [several[order.index(n)] for n in names] if len(several) == len(order) else several
    forms = ("d{}", "{}", "grad_{}", "{}_grad", "d_{}", "dL_d{}", "grad{}", "g{}", "dJ_d{}", "delta_{}")
    keys = {str(key).lower(): key for key in found}
    return [found[next(keys[k] for f in forms if (k := f.format(name).lower()) in keys)] for name in names]

def taken(net, found, names, before, after):
    shapes = [np.shape(b) for b in before]
    flat = found
    if isinstance(found, (tuple, list)) and all(isinstance(f, (tuple, list)) for f in found):
        flat = [f[k] for k in range(len(found[0])) for f in found]
    if isinstance(found, dict):
        return named(found, names, names)
    if isinstance(flat, (tuple, list)):
        for order in (flat, flat[::-1]):
            placed = placed_by(order, shapes)
            if placed is not None:
                return placed
        if len(flat) == len(names):
            return flat
    slopes = next((v for k, v in vars(net).items() if "grad" in k.lower() and isinstance(v, dict)), {})
    if set(names) <= set(slopes):
        return [slopes[n] for n in names]
    beside = [kept_as(n, {**slopes, **vars(net)}) for n in names]
    if all(b is not None for b in beside):
        return beside
    STEPPED.append(True)
    return [b - a for b, a in zip(before, after)]

def kept_as(name, kept):
    forms = ("d{}", "grad_{}", "{}_grad", "d_{}", "g{}", "dL_d{}", "{}_gradient", "grad{}", "delta_{}", "nabla_{}")
    whole, _, place = name.rpartition("_")
    for form in forms:
        if form.format(name) in kept:
            return kept[form.format(name)]
        several = kept.get(form.format(whole)) if place.isdigit() else None
        if isinstance(several, (list, tuple)) and len(several) > int(place):
            return several[int(place)]
    return None

def placed_by(found, shapes):
    left, placed = list(found), []
    for shape in shapes:
        k = next((k for k, one in enumerate(left) if np.shape(one) == shape), None)
        if k is None:
            return None
        placed.append(left.pop(k))
    return placed if not left else None

def met(axis, *args):
    import numpy as np
    p, t = (np.atleast_1d(v.detach().numpy() if hasattr(v, "detach") else v) for v in meets(*args))
    square = axis == 0 and p.ndim == 2 and p.shape[0] == p.shape[1] and "more" in globals()
    if p.shape != t.shape == p.T.shape or (square and len(more(*args)) == len(p)):
        p = p.T
    if t.shape == (1,) and p.ndim == 1 and len(p) > 1 and t.dtype.kind in "iu":
        t = np.eye(len(p))[t[0]]
    if t.shape != p.shape and t.dtype.kind in "iu":
        t = np.eye(p.shape[1 - axis])[t]
        t = t if axis == 0 else t.T
    return p, t
"""
"""the lines. `taken` notes in STEPPED that backward took a step. `met` gives prediction and target one shape: classes
become rows, or columns, of an identity matrix"""
