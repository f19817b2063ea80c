"""A torch.autograd.Function, a custom operator, or any differentiable callable: a backward that autograd calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.complexes import ByParts, by_parts
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, indices, strategy_of, waived
from mlp_core.testing.subjects.doors.left_out import left_out, values_of

RUN = """\
def run(args, need=None):
    own = [a.detach().clone().requires_grad_(ASKED) if torch.is_tensor(a) and a.is_floating_point() else a
           for k, a in enumerate(args)]
    with torch.enable_grad():
        found = CALL(*[a.clone() if torch.is_tensor(a) and a.requires_grad else a for a in own])
    found = found if isinstance(found, (tuple, list)) else [found]
    outs = [o for o in found if torch.is_tensor(o) and o.requires_grad]
    def pull(above, outs=outs):
        leaves = [a for a in own if torch.is_tensor(a) and a.requires_grad]
        options = dict(allow_unused=True, materialize_grads=True, retain_graph=True)
        found = iter(torch.autograd.grad(outs, leaves, above, **options))
        return [next(found) if torch.is_tensor(a) and a.requires_grad else None for a in own]
    return outs, pull"""


@dataclass(frozen=True)
class Applied:
    """A callable with autograd: leaves that require a gradient, its outputs that do, and autograd's pull."""

    apply: Callable[..., Any]
    asked: tuple[int, ...] | None = None

    def leaves(self, args: Sequence[Any]) -> list[Any]:
        """The arguments as leaves that require a gradient, if they can and should."""
        return [
            a.detach().clone().requires_grad_(self.asked is None or k in self.asked) if _is_real(a) else a
            for k, a in enumerate(args)
        ]

    def outputs(self, leaves: Sequence[Any], args: list[Any]) -> list[Tensor]:
        """The differentiable outputs. `args` becomes the passed arguments, to detect changes."""
        with torch.enable_grad():
            handed = [a.clone() if _is_real(a) and a.requires_grad else a for a in leaves]
            found = self.apply(*handed)
        outs = [o for o in (found if isinstance(found, (tuple, list)) else [found]) if isinstance(o, Tensor)]
        args[:] = [  # arguments changed on purpose are returned
            before if any(self._is_handed(o, a) for o in outs) else a for a, before in zip(handed, args, strict=True)
        ]
        return [o for o in outs if o.requires_grad]

    def _is_handed(self, out: Tensor, arg: Any) -> bool:
        """Whether an output is one of the arguments."""
        same = isinstance(self.apply, ByParts) and isinstance(arg, Tensor) and out.data_ptr() == arg.data_ptr()
        return out is arg or same

    def __call__(self, args: list[Any]) -> Run:
        leaves = self.leaves(args)
        outs = self.outputs(leaves, args)
        if not outs:
            got, expected = "nothing that requires a gradient", "an output that does"
            raise Broken("what it returns", got, expected, closing=NO_GRADIENT)
        return Run(list(outs), lambda above: self.pulled(leaves, outs, above))

    def pulled(self, leaves: Sequence[Any], outs: Sequence[Tensor], above: Sequence[Any], **options: Any) -> list[Any]:
        """A gradient for each argument that requires one, None for the others."""
        own = [a for a in leaves if _is_real(a) and a.requires_grad]
        found = iter(torch.autograd.grad(
            list(outs), own, list(above), allow_unused=True, materialize_grads=True, retain_graph=True, **options
        ))  # fmt: skip
        return [next(found) if _is_real(a) and a.requires_grad else None for a in leaves]


NO_GRADIENT = 'outs, pull = run(args)\nassert outs, "no output requires a gradient"'


def _is_real(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


@dataclass(frozen=True)
class FunctionForm(Form):
    """A form whose backward is called by autograd, so that more laws apply."""

    apply: Callable[..., Any] = field(default=torch.relu)
    reference: Callable[..., Any] | None = None

    call_word: str = ""
    """the called function, in Python"""
    mapped: bool = False
    """whether it has a rule for torch.vmap"""
    marks: bool = False
    """whether an output without a gradient is one that the function marks so"""

    @property
    def applied(self) -> Applied:
        assert isinstance(self.run, Applied)
        return self.run

    def alone(self, k: int) -> FunctionForm:
        """The same, in which only argument k requires a gradient."""
        return replace(self, run=Applied(self.apply, (k,)), asked=(k,))

    def left_out(self, example: Arguments) -> tuple[str, str]:
        def returned(args: list[Any]) -> list[Any]:
            with self.guarded(args):
                return values_of(self.apply, self.applied.leaves(args))

        return left_out(returned, example, self.paths(example), marks=self.marks)

    def by_reference(self) -> FunctionForm:
        assert self.reference is not None
        return replace(self, run=Applied(self.reference, self.asked))


def function(
    F: Any, inputs: st.SearchStrategy[Any], reference: Callable[..., Any] | None = None,
    wrt: Sequence[str | int] | None = None, *, waives: Sequence[str] = (), name: str = "",
) -> FunctionForm:  # fmt: skip
    """A torch.autograd.Function class, a custom operator of torch.library, or any differentiable callable.

    It runs under autograd: F.apply(*args), on copies of the arguments; tensors of real numbers require a gradient.
    Outputs of whole numbers, or marked as not differentiable, get no upstream gradient. A detached output that depends
    on the arguments makes the verdict "not shown to be right". inputs: a strategy for the
    arguments, such as arrays(..., lib="torch"). Complex numbers, which another strategy may draw, are treated as real
    and imaginary parts on a last axis of 2, as in autograd. reference: a function of the same arguments that must have
    the same gradients, within what rounding explains. wrt: names or indices of the arguments that get a gradient; by
    default all tensors of real or complex numbers. waives: names of laws that do not hold by design, or
    "straight-through".

    >>> import torch
    >>> from mlp_core.testing import verify
    >>> from mlp_core.testing.subjects import arrays
    >>> class Cube(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * grad * x**2
    >>> verify(function(Cube, arrays("(n,d)", lib="torch")), examples=10).ok
    True
    """
    is_class = isinstance(F, type) and issubclass(F, torch.autograd.Function)
    if not is_class and not callable(F):
        raise ArgumentError("F", F, "a torch.autograd.Function class, or a differentiable function")
    if reference is not None and not callable(reference):
        raise ArgumentError("reference", reference, "a function of the same arguments")
    apply = F.apply if is_class else F
    names = _names(F, is_class)
    asked = indices(wrt, names)
    call = f"{name_of(F)}.apply" if is_class else name_of(F)
    lines = list[str]()
    if isinstance(inputs, st.SearchStrategy) and (whole := by_parts(apply, inputs)) is not None:
        inputs, lines = whole.of_parts(inputs), whole.lines("by_parts", call)
        call, apply = "by_parts", whole
        reference = None if reference is None else replace(whole, apply=reference)

    def source(example: Arguments) -> list[str]:
        within = "True" if asked is None else f"k in {asked!r}"
        asks = f"({within}) if need is None else k in need" if asked is not None else "need is None or k in need"
        return [*import_of(F), *lines, *RUN.replace("ASKED", asks).replace("CALL", call).splitlines()]

    return FunctionForm(
        name or name_of(F), "function", strategy_of(inputs), Applied(apply, asked), source, names=names, asked=asked,
        waived=waived(waives), apply=apply, reference=reference, call_word=call,
        mapped=_has_rule(F) if is_class else getattr(F, "_vmap_fn", None) is not None,
        marks=is_class or hasattr(F, "register_autograd"),
    )  # fmt: skip


def _names(F: Any, is_class: bool) -> tuple[str, ...]:
    """The parameters, without the context."""
    try:
        if not is_class:
            schema = getattr(getattr(F, "_opoverload", None), "_schema", None)  # of a custom operator
            return every(F) if schema is None else tuple(a.name for a in schema.arguments)
        names = tuple(inspect.signature(F.forward).parameters)
        return names if _has_setup(F) else names[1:]
    except (TypeError, ValueError):  # a custom operator
        return ()


def _has_setup(F: Any) -> bool:
    return F.setup_context is not torch.autograd.function._SingleLevelFunction.setup_context


def _has_rule(F: Any) -> bool:
    return bool(F.generate_vmap_rule) or F.vmap is not torch.autograd.Function.vmap
