"""The lines of the subject's own code in which a failure originates, as JSON, for all kinds of subjects."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import Any

from mlp_core.testing.diagnosis.lines import doors, gradients, objectives, optimizers, scripts, training, twins
from mlp_core.testing.diagnosis.lines.fault import found, told
from mlp_core.testing.diagnosis.lines.memory import Lost
from mlp_core.testing.diagnosis.lines.recorder import LIBRARIES, Run
from mlp_core.testing.diagnosis.lines.statements import source_of
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken, Raised
from mlp_core.testing.engine.groups import CONDUCT
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.objective import ObjectiveSubject
from mlp_core.testing.subjects.doors.script import ScriptSubject
from mlp_core.testing.subjects.doors.twin import TwinSubject
from mlp_core.testing.subjects.functions import FunctionSubject
from mlp_core.testing.subjects.gradients import GradientSubject
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject

FOLLOWED = {
    GradientSubject: gradients.cases, Form: doors.of_forms, FunctionSubject: doors.of_functions,
    OptimizerSubject: optimizers.cases, TrainerSubject: training.cases, ObjectiveSubject: objectives.cases,
    TwinSubject: twins.cases, ScriptSubject: scripts.cases,
}  # fmt: skip
"""per kind of subject, the function that follows it"""

RAISES = "raises"
"""the mark of a line that raised an exception"""

KEPT = 12
"""the number of failures per subject whose lines are kept, because other laws often fail in the same place"""


@dataclass
class _Last:
    """The last subject, and its results."""

    subject: Any = None
    lines: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    lost: bool = False
    """whether it runs too many lines to be followed"""


_last = _Last()


def at_fault(law: Any, example: Any, broken: Broken) -> dict[str, Any] | None:
    """The lines that write the wrong value, with got and expected; None if they cannot be found.

    {"file", "function", "first": its first line, "source": its lines, "marks": [[line, mark], ...], "elsewhere":
    [[file, [line, ...]], ...], "got", "expected"}; a mark is "writes" or "raises", or "feeds" for a line whose result
    went into it and is not known to be correct.
    """
    if isinstance(broken, Raised):
        lines = _raising(broken.__cause__)
    elif not _is_about_numbers(law, broken):
        return None
    else:
        lines = _followed(law.subject, example, broken)
    return None if lines is None else {**lines, "got": broken.got, "expected": broken.expected}


def _is_about_numbers(law: Any, broken: Broken) -> bool:
    """Whether a failure concerns a number whose correct value is known, so that it can be followed."""
    if law.group == CONDUCT or (isinstance(law.subject, OptimizerSubject | TrainerSubject) and not law.judges):
        return False
    try:
        float(broken.got)
    except ValueError:
        return broken.got.startswith("shape")
    return True


def _followed(subject: Any, example: Any, broken: Broken) -> dict[str, Any] | None:
    if _last.subject is not subject:
        _last.subject, _last.lines, _last.lost = subject, {}, False
    place = broken.where.partition(", entry")[0].rpartition(": ")[2]
    if place not in _last.lines and len(_last.lines) < KEPT and not _last.lost:
        cases = next((cases for kind, cases in FOLLOWED.items() if isinstance(subject, kind)), None)
        examples = [broken.example or example, *broken.others]
        try:
            with guards.globals_kept():
                _last.lines[place] = found(cases(subject, examples), place) if cases is not None else None
        except Lost:
            _last.lost = True
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # raised by the subject or its limits: then nothing is shown
            _last.lines[place] = None
    return _last.lines.get(place)


def _raising(error: BaseException | None) -> dict[str, Any] | None:
    """The line of the subject's own code that raised an exception."""
    frames = [f for f, _ in traceback.walk_tb(error.__traceback__)] if error is not None else []
    numbers = [n for _, n in traceback.walk_tb(error.__traceback__)] if error is not None else []
    own = [(f, n) for f, n in zip(frames, numbers, strict=True) if not f.f_code.co_filename.startswith(LIBRARIES)]
    if not own:
        return None
    frame, line = own[-1]
    source = source_of(frame.f_code.co_filename, frame.f_code.co_firstlineno)
    statement = None if source is None else source.at(line)
    if source is None or statement is None:
        return None
    run = Run(0, frame.f_code.co_filename, source, statement)
    return told(run, {(run.file, statement.first, statement.last): RAISES})
