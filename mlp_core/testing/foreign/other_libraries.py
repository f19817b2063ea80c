"""Libraries whose arrays no subject takes: a file that is written for one of them is refused by its name."""

from __future__ import annotations

import ast
from collections.abc import Sequence

OTHERS = {
    "tensorflow": "TensorFlow", "keras": "Keras", "paddle": "Paddle", "mindspore": "MindSpore", "mxnet": "MXNet",
    "theano": "Theano", "tinygrad": "tinygrad", "cupy": "CuPy",
}  # fmt: skip


DATA = ("dataset", "util", "preprocess", "callback")
"""parts of the names of their modules that a file for numpy may use too"""


def written_for(nodes: Sequence[ast.stmt]) -> str:
    """The library that the functions and classes of a file use; empty if it is none of these.

    >>> written_for(ast.parse("import tensorflow as tf\\ndef f(x): return tf.exp(x)").body)
    'TensorFlow'
    """
    names = dict[str, str]()
    for node in nodes:
        match node:
            case ast.Import(names=aliases):
                names |= {a.asname or a.name.partition(".")[0]: a.name.partition(".")[0] for a in aliases}
            case ast.ImportFrom(module=str(module), names=aliases) if not any(one in module for one in DATA):
                names |= {a.asname or a.name: module.partition(".")[0] for a in aliases}
    definitions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    used = {part.id for node in definitions for part in ast.walk(node) if isinstance(part, ast.Name)}
    return next((OTHERS[names[n]] for n in sorted(used & set(names)) if names[n] in OTHERS), "")
