"""The single evaluation on the test split. It is claimed in the study's storage, so that one process does it, and
recorded there.

The seal is a separate study beside the search, with one trial. While the trial waits, the split is sealed. While it
runs, the split is being evaluated. When it is complete, its figures are the result of the search. Each change of state
is a transaction. If a process dies during the evaluation, its trial is given up and replaced by another one, which must
be for the same selected weights. If several are given up or created at the same time, the first remaining one counts.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import torch

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import need
from mlp_core.experiment.data import Data
from mlp_core.experiment.lives import heartbeat
from mlp_core.experiment.sealed import Split, check_alike
from mlp_core.experiment.study import SEAL, Study
from mlp_core.experiment.trial import Outcome, score
from mlp_core.model import MLP

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Opening:
    """The result of the evaluation. selected: the trial's number; digest: of its weights; test_accuracy: 0..1;
    predictions: the class of every test image, in the split's order; opened: the time, in UTC.
    """

    selected: int
    digest: str
    test_accuracy: float
    test_loss: float
    predictions: list[int]
    opened: str


class Seal:
    """The seal of a study's test split."""

    def __init__(self, study: Study) -> None:
        self.study, self.storage, self.optuna = study, study.storage, need("optuna")
        self.states = self.optuna.trial.TrialState
        name = study.name + SEAL
        self.sealed = self.optuna.create_study(storage=self.storage, study_name=name, load_if_exists=True)
        self.id = self.storage.get_study_id_from_name(name)

    @property
    def opening(self) -> Opening | None:
        """The record of the evaluation, after it is complete."""
        return self._read(self._seal())

    def open(self, data: Data, selected: Outcome, model: MLP) -> tuple[Opening, Split]:
        """Evaluate, or return the result of an earlier evaluation of the same weights; and the test split, which is now
        open.

        Raises ArgumentError if other weights were evaluated, or if the test split is not normalised like the training
        split.
        """
        while True:
            trial = self._seal()
            key = self.storage.get_trial_id_from_study_id_trial_number(self.id, trial.number)
            self._refuse_another(trial.user_attrs, selected)
            opening = self._read(trial)
            if opening is not None:
                return opening, data.test.open("to draw what was looked at before")
            if trial.state == self.states.WAITING and self.study.bring(key, "RUNNING"):
                with heartbeat(lambda count, key=key: self.study.beat(key, count)):  # type: ignore[misc]
                    return self._look(key, data, selected, model)
            worker, beat = trial.user_attrs.get("worker"), trial.user_attrs.get("beat")
            if trial.state == self.states.RUNNING and self.study.lives.gone(key, worker, beat):
                self.study.bring(key, "FAIL")
                continue
            time.sleep(0.2)  # another process is evaluating

    def _look(self, key: int, data: Data, selected: Outcome, model: MLP) -> tuple[Opening, Split]:
        self.storage.set_trial_user_attr(key, "worker", self.study.lives.name)
        self.storage.set_trial_user_attr(key, "selected", {"number": selected.number, "digest": selected.digest})
        split = data.test.open(f"for trial {selected.number}")
        check_alike(data.training.normalisation, split.normalisation, "test")
        with torch.no_grad():
            output = model(split.x)
        accuracy, loss = score(output, split, self.study.plan.loss)
        predictions = output.argmax(dim=1).tolist()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        opening = Opening(selected.number, selected.digest, accuracy, loss, predictions, now)
        try:
            self.storage.set_trial_user_attr(key, "opening", json.dumps(asdict(opening)))
            self.storage.set_trial_state_values(key, self.states.COMPLETE, [accuracy])
        except self.optuna.exceptions.UpdateFinishedTrialError:  # counted as dead: another has the same weights
            while (recorded := self.opening) is None:
                time.sleep(0.2)
            opening = recorded
        return opening, split

    def _seal(self) -> FrozenTrial:
        """The trial that counts. If there is none, it is created for the weights that were being evaluated, if any."""
        while True:
            trials = self.storage.get_all_trials(self.id, deepcopy=False)
            left = [trial for trial in trials if trial.state != self.states.FAIL]
            if left:
                return min(left, key=lambda trial: trial.number)
            selected = next((t.user_attrs["selected"] for t in reversed(trials) if "selected" in t.user_attrs), None)
            self.sealed.enqueue_trial({}, user_attrs={"selected": selected} if selected else None)

    def _read(self, trial: FrozenTrial) -> Opening | None:
        complete = trial.state == self.states.COMPLETE
        return Opening(**json.loads(trial.user_attrs["opening"])) if complete else None

    def _refuse_another(self, attrs: dict[str, Any], selected: Outcome) -> None:
        earlier = attrs.get("selected")
        if earlier and earlier["digest"] != selected.digest:
            value = Described(f"an opening for trial {selected.number} after one for trial {earlier['number']}")
            expected = "one opening for one selection: to look again with another network is to choose by the test set"
            raise ArgumentError("test split", value, expected)
