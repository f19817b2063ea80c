"""Lines of a snippet that call an objective and its loss as the laws do."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.subjects.doors.dataset import GROUPS, SOURCE

TURN = {
    "labels first": "{f}(labels, scores{w})", "scores first": "{f}(scores, labels{w})",
    "dataset": "{f}(scores, Dataset(labels, weights{empty}))",
    "derivatives": "zip(*{f}.calc_ders_range(scores, labels, weights))",
    "derivatives of a row": "zip(*({f}.calc_ders_multi(s, y, 1.0) for s, y in zip(scores, labels)))",
    "evaluate": "{f}.evaluate(list(scores.T) if scores.ndim == 2 else [scores], labels, None)[0]",
}  # fmt: skip
"""a call, by the order of its arguments; {f} is the function, {w} the weights"""

NONE = " if weights is not None else np.ones(len(labels))"

LOSS = """\
def value(labels, scores):
    with np.errstate(all="ignore"):
        found = LOSS
    if isinstance(found, tuple):
        found = found[1] if len(found) == 2 or not found[2] else -found[1]
    return float(found.sum() if hasattr(found, "sum") else found)"""

BOTH = """\
def both(labels, scores, weights=None):
    with np.errstate(all="ignore"):
        gradient, hessian = CALL
    assert isinstance(gradient, (np.ndarray, list, tuple)), gradient
    gradient, hessian = np.array(gradient, dtype=float), np.array(hessian, dtype=float)
    SHAPED
    return SIGNgradient, SIGNhessian"""

SAME = "assert gradient.shape == scores.shape and hessian.shape == HESSIAN, (gradient.shape, hessian.shape)"

FORMED = ("", "labels = labels.astype(int)", "labels, scores = torch.tensor(labels), torch.tensor(scores)",
          "labels, scores = torch.tensor(labels.astype(int)), torch.tensor(scores)")  # fmt: skip
"""the forms of `losses.FORMS`"""


def lines_of(subject: Any) -> list[str]:
    """The lines that define both(labels, scores, weights) and value(labels, scores)."""
    call, loss_call = subject.call, subject.loss_call
    f, loss = handle(subject.function), handle(subject.loss)
    needs = subject.memo.get("needs weights")
    empty = ", empty=True" if needs else ""
    more, groups = f", weights{NONE * bool(needs)}" if call.weighted else "", ", sizes(len(labels))"
    objective = TURN[call.order].format(f=f, w=more + groups * call.meets, empty=empty)
    more = ", None" * loss_call.weighted + groups * loss_call.meets
    measure = TURN[loss_call.order].format(f=loss, w=more, empty="").replace("weights", "None")
    if needs == "ones" and call.order == "dataset":
        objective = objective.replace("weights", f"weights{NONE}", 1)
    derivatives = call.order.startswith("derivatives")
    whole = "(*scores.shape, scores.shape[-1])" if call.order == "derivatives of a row" else "scores.shape"
    both = BOTH.replace("CALL", objective).replace("SIGN", "-" if derivatives else "")
    shaped = SAME.replace("HESSIAN", whole)
    if subject.classes and subject.memo.get("is flat"):
        row = subject.memo.get("layout") == "row by row"
        turned = "x.reshape(scores.shape)" if row else "x.reshape(scores.shape[::-1]).T"
        shaped = f"gradient, hessian = ({turned} for x in (gradient, hessian))"
    both = both.replace("SHAPED", shaped)
    formed = FORMED[subject.memo.get("form", 0)]
    value = LOSS.replace("LOSS", measure).replace("def value(labels, scores):", _head(formed))
    datasets = ["", SOURCE, ""] if "dataset" in (call.order, loss_call.order) else []
    datasets += ["", GROUPS, ""] if subject.meets else []
    torch = ["import torch"] if "torch" in formed else []
    imports = [*import_of(made_of(subject.function)), *import_of(made_of(subject.loss))]
    return ["import numpy as np", *torch, *dict.fromkeys(imports), *datasets, both, "", value]


def _head(formed: str) -> str:
    return "\n    ".join(["def value(labels, scores):", *([formed] if formed else [])])


def made_of(thing: Any) -> Any:
    """The class of an object, or the function itself."""
    return thing if hasattr(thing, "__name__") or hasattr(thing, "func") else type(thing)


def handle(thing: Any) -> str:
    """The expression that calls it in a line: a function's name, or a new object."""
    name = name_of(made_of(thing))
    return name if made_of(thing) is thing else f"{name}()"
