"""The error for a file in which nothing is recognised."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign import offered
from mlp_core.testing.foreign.listed import listed
from mlp_core.testing.foreign.other_libraries import written_for

NAMED = 4
"""the number of definitions that a short message names"""

REPAIR = "First correct the code that cannot be read."
"""is said instead of the lines to add if a part of the file is no Python"""

OTHERWISE = "Write the same function with arrays of numpy or torch to have it verified."

FORMS = "docs/gradients.md shows the forms that are recognised. "

COURSE = (
    "A backpropagation of a network needs these three parameters: def {}(model, y_true, y_pred). "
    "docs/course-contract.md says what they are."
)
SAMPLED = (
    "Contrastive divergence is an estimate from samples, and the gradient of no loss. Its parts can be verified: add "
    "the free energy and its gradient, def free_energy(W, b, c, v) and def free_energy_grad(W, b, c, v)."
)
SAMPLES = re.compile(r"(?<![a-z])(contrastive|gibbs|cd_?k?|pcd|rbm)(?![a-z])", re.IGNORECASE)
"""names of a method that learns from samples of its own model"""

NETWORKS = ("model", "net", "network", "nn", "mlp")
"""names of a parameter that is a network"""


def not_recognised(
    name: str, nodes: Sequence[ast.stmt], broken: Sequence[str], forms: str
) -> ArgumentError:  # fmt: skip
    """The error for definitions of no known form: what there is, and the lines that would have one verified. forms: the
    forms that are looked for.
    """
    if library := written_for(nodes):
        told = f"it is written for {library}, and only code for numpy, torch and jax can be verified"
        expected = f"the same in numpy, torch or jax: {told}; {listed(nodes, broken)}"
        brief = f"{name} is not recognised: {told}: {listed(nodes, broken, most=NAMED)}. {OTHERWISE}"
        return ArgumentError("subject", Described(name), expected, brief=brief)
    if near := _nearly_of_the_course(nodes):
        told = COURSE.format(near)
        brief = f"{name} is not recognised: {listed(nodes, broken, most=NAMED)}. {told}"
        return ArgumentError("subject", Described(name), f"{forms}; {listed(nodes, broken)}. {told}", brief=brief)
    if _samples(nodes) and not broken:
        brief = f"{name} is not recognised: {listed(nodes, broken, most=NAMED)}. {SAMPLED}"
        return ArgumentError("subject", Described(name), f"{forms}; {listed(nodes, broken)}. {SAMPLED}", brief=brief)
    paste = "" if broken else offered.lines(nodes)
    end = REPAIR if broken else offered.ADD if paste else ""
    brief = f"{name} is not recognised: {listed(nodes, broken, most=NAMED)}. {FORMS}{end}"
    expected = f"{forms}; {listed(nodes, broken)}{offered.MARK if paste else ''}"
    return ArgumentError("subject", Described(name), expected, brief=brief, paste=paste)


def _samples(nodes: Sequence[ast.stmt]) -> bool:
    """Whether a class or a function learns from samples of its own model, as a Boltzmann machine does."""
    parts = (part for node in nodes for part in ast.walk(node))
    return any(isinstance(part, ast.FunctionDef | ast.ClassDef) and SAMPLES.search(part.name) for part in parts)


def _nearly_of_the_course(nodes: Sequence[ast.stmt]) -> str:
    """The name of a function that is called like the course's and takes a network, with other parameters than it.

    >>> _nearly_of_the_course(ast.parse("def backpropagation(model, y_pred): pass").body)
    'backpropagation'
    """
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.args.args]
    near = (f.name for f in functions if "backprop" in f.name.lower() and f.args.args[0].arg.lower() in NETWORKS)
    return next(near, "")
