"""A class of losses as "neural networks from scratch" writes it: forward gives one loss per sample, and backward takes
the prediction, not an upstream gradient, and keeps the gradient of the mean loss in an attribute."""

from __future__ import annotations

from dataclasses import replace

from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.beside import Beside, formed
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required
from mlp_core.testing.subjects.doors.names import BELOW, OUTPUTS

LINES = """\
def both(args):
    made = NAME()
    value = np.mean(made.VALUE(*args))
    outputs = [getattr(made, n) for n in OUTPUTS if hasattr(made, n)]
    returned = made.GRADIENT(outputs[0] if outputs else args[0], *args[1:])
    found = [getattr(made, n) for n in BELOW if hasattr(made, n)]
    return value, found[0] if returned is None else returned"""


def of_batch_loss(cls: type, value: str, gradient: str) -> Form:
    """value: the method with the loss of each sample, or their mean; gradient: the method that takes the prediction, or
    the output that `value` has kept. Raises ArgumentError if no shapes are found with which they run.
    """
    names = required(getattr(cls, value))[1:]
    lines = LINES.replace("NAME", cls.__name__).replace("VALUE", value).replace("GRADIENT", gradient)
    lines = lines.replace("OUTPUTS", repr(OUTPUTS)).replace("BELOW", repr(BELOW))
    beside = Beside(tuple(lines.split("\n")), (cls,))
    form = formed(f"{cls.__name__}.{gradient}", names, beside, ("numpy",))
    if form is None:
        call = f'value_and_gradient(f, subjects.arrays("(n,d),(n,d)"))  # f calls {cls.__name__}'
        raise not_run(f"{cls.__name__}.{value} runs", "a loss of a prediction and a target", call)
    return replace(form, found=f"{form.found}; the gradient is that of the mean loss of the samples")
