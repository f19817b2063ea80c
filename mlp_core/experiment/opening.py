"""The one look at the test split: claimed in the study's storage, so that one process takes it, and taken down there.

The seal is a study of its own beside the search, with a single trial in it: waiting, the split is sealed; running, it
is being looked at; complete, the look is over and its figures are the search's. Bringing it from waiting to running is
one transaction. A process that died while it looked leaves its claim to the next, for the same selected weights alone.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import torch

from mlp_core.errors import ArgumentError, Described
from mlp_core.experiment.data import Data
from mlp_core.experiment.extras import need
from mlp_core.experiment.sealed import Split, check_alike
from mlp_core.experiment.study import Study
from mlp_core.experiment.trial import Outcome, score
from mlp_core.model import MLP


@dataclass(frozen=True)
class Opening:
    """What the look gave. selected: the trial's number; digest: of its weights; test_accuracy: a share of 0..1;
    predictions: the class of every test image, in the split's order; opened: when, in UTC."""

    selected: int
    digest: str
    test_accuracy: float
    test_loss: float
    predictions: list[int]
    opened: str


class Seal:
    """The seal of a study's test split."""

    def __init__(self, study: Study) -> None:
        self.study, self.storage = study, study.storage
        self.states = need("optuna").trial.TrialState
        sealed = need("optuna").create_study(
            storage=self.storage, study_name=f"{study.name} (test split)", load_if_exists=True
        )
        self.id = self.storage.get_study_id_from_name(sealed.study_name)
        if not self.storage.get_all_trials(self.id):
            sealed.enqueue_trial({})  # should two workers do this at once, the first counts
        self.key = self.storage.get_trial_id_from_study_id_trial_number(self.id, 0)

    @property
    def opening(self) -> Opening | None:
        """The record of the look, once it is over."""
        trial = self.storage.get_trial(self.key)
        return Opening(**json.loads(trial.user_attrs["opening"])) if trial.state == self.states.COMPLETE else None

    def open(self, data: Data, selected: Outcome, model: MLP) -> tuple[Opening, Split]:
        """Look, or give what an earlier look at the same weights gave; and the test split, now that it has no secrets.

        Raises ArgumentError where the look was for other weights, or where the test split is not normalised as the
        training split.
        """
        while True:
            trial = self.storage.get_trial(self.key)
            self._refuse_another(trial.user_attrs, selected)
            if trial.state == self.states.COMPLETE:
                split = data.test.open("to draw what was looked at before")
                return Opening(**json.loads(trial.user_attrs["opening"])), split
            left = trial.state == self.states.RUNNING and self.study.lives.gone(
                self.key, trial.user_attrs.get("worker"), trial.user_attrs.get("beat")
            )
            if left or (trial.state == self.states.WAITING and self._claimed()):
                return self._look(data, selected, model)
            time.sleep(0.2)  # somebody else is looking

    def _claimed(self) -> bool:
        return bool(self.storage.set_trial_state_values(self.key, self.states.RUNNING))

    def _look(self, data: Data, selected: Outcome, model: MLP) -> tuple[Opening, Split]:
        self.storage.set_trial_user_attr(self.key, "selected", {"number": selected.number, "digest": selected.digest})
        self.storage.set_trial_user_attr(self.key, "worker", self.study.lives.name)
        split = data.test.open(f"for trial {selected.number}")
        check_alike(data.training.normalisation, split.normalisation, "test")
        accuracy, loss = score(model, split, self.study.plan.loss)
        with torch.no_grad():
            predictions = model(split.x).argmax(dim=1).tolist()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        opening = Opening(selected.number, selected.digest, accuracy, loss, predictions, now)
        self.storage.set_trial_user_attr(self.key, "opening", json.dumps(asdict(opening)))
        self.storage.set_trial_state_values(self.key, self.states.COMPLETE, [accuracy])
        return opening, split

    def _refuse_another(self, attrs: dict[str, Any], selected: Outcome) -> None:
        earlier = attrs.get("selected")
        if earlier and earlier["digest"] != selected.digest:
            value = Described(f"an opening for trial {selected.number} after one for trial {earlier['number']}")
            expected = "one opening for one selection: to look again with another network is to choose by the test set"
            raise ArgumentError("test split", value, expected)
