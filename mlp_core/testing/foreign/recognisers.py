"""The kinds of definitions in a file that can be verified, recognised by their heads alone.

RECOGNISERS is a list, and its order decides: a definition taken by one recogniser is not offered to the later ones. A
new kind adds a function, which yields what it finds in a `File`, and an entry in the list;
`mlp_core/testing/subjects/recognise.py` has the same list for Python objects.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign import (
    activations,
    alone,
    beside,
    class_doors,
    costs,
    deltas,
    descents,
    doors,
    engines,
    fused,
    held,
    kept,
    kept_layers,
    libraries,
    loop_subjects,
    made_objectives,
    made_rules,
    model_steps,
    models,
    net_batches,
    nets,
    objectives,
    own_arrays,
    partials,
    passes,
    scripts,
    static,
    steps,
    training,
    updates,
    walkers,
)
from mlp_core.testing.foreign.listed import head_of
from mlp_core.testing.foreign.rule_code import literals
from mlp_core.testing.foreign.top_level import File, Found, as_object
from mlp_core.testing.subjects.doors.names import SCRIPT


@dataclass(frozen=True)
class Recogniser:
    """A kind of subject in files."""

    looks: str
    """its form, in the words of an error; empty if it need not be mentioned"""
    found: Callable[[File], Iterator[Found]]


def _subjects(file: File) -> Iterator[Found]:
    """subject = subjects.gradient(...)."""
    for node in file.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func)):
                called = file.origins.dotted(func)
                if called.startswith("mlp_core.testing.subjects.") and not called.endswith(".arrays"):  # of a subject
                    yield Found(name, (name,))


def _ours(file: File) -> Iterator[Found]:
    yield from (Found(n.name, (n.name,)) for n, head in file.functions() if head.form(chosen=False) == "backprop")


def _course(file: File) -> Iterator[Found]:
    """Functions of the course. If some of several fill gradients, only these: the others are metrics."""
    found = [
        (n.name, head.fills) for n, head in file.functions()
        if head.form(chosen=file.wants(n.name)) == "course"
    ]  # fmt: skip
    fills = any(one for _, one in found)
    yield from (Found(name, (name,)) for name, one in found if one or not fills or file.wants(name))


def _methods(file: File) -> Iterator[Found]:
    """Methods of the course's form in the class of a network."""
    for node in file.classes():
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and head_of(method, method=True).roles(chosen=False):
                yield Found(f"{node.name}.{method.name}", (node.name,), _method(method.name))


def _method(name: str) -> Callable[..., Any]:
    return lambda owner, sizes: as_object(getattr(owner, name), sizes)


def _objectives(file: File) -> Iterator[Found]:
    """Objectives of gradient boosting, each with its loss; and those whose loss is not in the file."""
    yield from (Found(f, (f, loss), objectives.subject) for f, loss in objectives.pairs(file.nodes))
    yield from (Found(f, (f,), objectives.without_loss) for f in objectives.alone(file.nodes))


def _script(file: File) -> Iterator[Found]:
    """The whole file, if it contains hand-written backpropagation beside loss.backward()."""
    yield from (Found(SCRIPT, (), make) for make in scripts.makers(file.statements))


def _trainers(file: File) -> Iterator[Found]:
    """Functions that train a torch module."""
    heads = [(n.name, head) for n, head in file.functions()]
    for name, given in training.trainers(heads, file.statements, file.wants):
        yield Found(name, (name,), training.subject, given, apart=True)


def _forms(file: File) -> Iterator[Found]:
    """Training loops and the like, only if the user names one."""
    yield from (
        Found(n.name, (n.name,)) for n, head in file.functions() if file.wants(n.name) and head.form() is not None
    )


def _derived(file: File) -> Iterator[Found]:
    """Update rules and optimizers, by their base class."""
    for node in file.classes():
        kind = file.origins.kind(node)
        if isinstance(kind, type):
            yield Found(node.name, (node.name,), _optimizer(literals(node)))
        elif kind is not None:
            yield Found(node.name, (node.name,))


def _optimizer(numbers: Sequence[float]) -> Callable[..., Any]:
    return lambda thing, sizes: later("mlp_core.testing.foreign.named_optimizers", "subject")(thing, sizes, numbers)


def _door(found: Callable[[Any], Iterator[tuple[Any, ...]]]) -> Any:
    """Gradients in other forms: the name, the definitions, a function that makes the subject, and the variables that it
    provides, if there are any.
    """
    return lambda file: (Found(*one) for one in found(file))


def _functions(file: File) -> Iterator[Found]:
    """autograd.Functions; one that derives from another is verified beside it."""
    for name, needs, make in doors.autograd_functions(file):
        yield Found(name, needs, make, apart=doors.is_derived(file, name))


def _layers(file: File) -> Iterator[Found]:
    """Layers; one that derives from another is verified beside it."""
    for name, needs, make in class_doors.layers(file):
        yield Found(name, needs, make, apart=doors.is_derived(file, name))


def _held(file: File) -> Iterator[Found]:
    """Losses with gradients by variables of the file; several may share the variables."""
    yield from (Found(name, needs, make, about=needs[:1]) for name, needs, make in held.losses(file))


def _networks(file: File) -> Iterator[Found]:
    """Whole networks; several backwards may share a forward and a cost."""
    yield from (Found(name, needs, make, about=needs[:1]) for name, needs, make in passes.networks(file))


def _networks_with_cost(file: File) -> Iterator[Found]:
    """Whole networks whose file has their cost: it decides, and no usual loss that their gradient may fit."""
    yield from (one for one in _networks(file) if any(map(passes.LOSS.fullmatch, one.needs[2:])))


def _shown_when_run(file: File) -> Iterator[Found]:
    """Definitions that the user names although no head shows them: a class, or the result of a decorator or a call."""
    if file.asked is None:
        return
    node = file.definitions.get(file.asked)
    assigned = any(file.asked in s.binds and isinstance(s.node, ast.Assign) for s in file.statements)
    if isinstance(node, ast.ClassDef) or (node is not None and node.decorator_list) or (node is None and assigned):
        yield Found(file.asked, (file.asked,))


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser("", _subjects),
    Recogniser("f(model, y_true, y_pred) of the course", _course),
    Recogniser("", _methods),
    Recogniser("f(model, trace, dL_dy)", _ours),
    Recogniser("a torch.optim.Optimizer or an UpdateRule", _derived),
    Recogniser(updates.LOOKS, _door(updates.updates)),
    Recogniser(made_rules.LOOKS, _door(made_rules.rules)),
    Recogniser(walkers.LOOKS, _door(walkers.walkers)),
    Recogniser(own_arrays.LOOKS, _door(own_arrays.methods)),
    Recogniser("a torch.autograd.Function", _functions),
    Recogniser(static.LOOKS, _door(static.pairs)),
    Recogniser("", _door(static.contexts)),
    Recogniser("a function that returns its value and its pullback", _door(static.closures)),
    Recogniser("a custom operator of torch.library, a function of jax with defjvp", _door(libraries.operators)),
    Recogniser("a primitive of HIPS autograd with defvjp(f, ...)", _door(libraries.primitives)),
    Recogniser("two functions x_forward and x_backward", _door(doors.pairs)),
    Recogniser(beside.LOOKS, _door(beside.chains)),
    Recogniser(kept.LOOKS, _door(kept.passes)),
    Recogniser(kept_layers.LOOKS, _door(kept_layers.layers)),
    Recogniser("a function with its derivative (f and f_prime)", _door(doors.derivatives)),
    Recogniser(objectives.LOOKS, _objectives),
    Recogniser(made_objectives.LOOKS, _door(made_objectives.made)),
    Recogniser(costs.LOOKS, _door(costs.costs)),
    Recogniser(steps.LOOKS, _door(steps.steps)),
    Recogniser(loop_subjects.LOOKS, _door(loop_subjects.loops)),
    Recogniser(descents.LOOKS, _door(descents.descents)),
    Recogniser("", _door(fused.fused)),
    Recogniser("", _networks_with_cost),
    Recogniser(alone.LOOKS, _door(alone.gradients)),
    Recogniser(passes.LOOKS, _networks),
    Recogniser("", _door(beside.minimized)),
    Recogniser("", _door(beside.alone_beside)),
    Recogniser("", _door(beside.costs_beside)),
    Recogniser("", _door(partials.partials)),
    Recogniser(held.LOOKS, _held),
    Recogniser("f(x, grad), which writes its gradient into grad", _door(beside.written)),
    Recogniser("an energy and its forces", _door(beside.forces)),
    Recogniser("a function that returns a value with its gradient", _door(doors.values)),
    Recogniser("a class whose method returns its loss with a dict of gradients", _door(class_doors.networks)),
    Recogniser(deltas.LOOKS, _door(deltas.deltas)),
    Recogniser(beside.OF_A_BATCH, _door(beside.batch_losses)),
    Recogniser(models.LOOKS, _door(models.models)),
    Recogniser(model_steps.LOOKS, _door(model_steps.steps)),
    Recogniser(nets.LOOKS, _door(nets.nets)),
    Recogniser(net_batches.LOOKS, _door(net_batches.batches)),
    Recogniser("a class with forward(x) and backward(dout)", _layers),
    Recogniser("a torch module with backward(grad), which fills .grad", _door(libraries.modules)),
    Recogniser(engines.LOOKS, _door(engines.engines)),
    Recogniser(activations.LOOKS, _door(activations.activations)),
    Recogniser("a class of losses with forward(y_pred, y_true) and backward()", _door(beside.losses)),
    Recogniser("a class with loglike, score and hessian", _door(class_doors.methods)),
    Recogniser(scripts.LOOKS, _script),
    Recogniser(training.LOOKS, _trainers),
    Recogniser("", _forms),
    Recogniser("", _shown_when_run),
)
"""in the order in which they are tried: add a new one before the recognisers that need a name from the user"""

LOOKED_FOR = ", ".join(one.looks for one in RECOGNISERS if one.looks)
