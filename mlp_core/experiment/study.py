"""A search that any number of workers share: who takes which trial, what was found, what dead workers left.

A trial of Optuna's is one attempt at a number 0, 1, ... of the search. A number is open as long as no attempt at it
waits, runs or is complete; whoever finds nothing waiting enqueues what is open. Claiming an attempt, completing it and
giving it up are single transactions of the storage, so of two workers one succeeds; of two attempts at one number,
which a worker that was killed while it enqueued may cause, the later is given up unrun.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import need
from mlp_core.experiment.lives import Lives
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.trial import Outcome

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

SEAL = " (test split)"
"""after a study's name: the study that seals its test split"""


def exists(storage: BaseStorage, name: str) -> bool:
    """Whether a storage holds a study of that name."""
    return any(study.study_name == name for study in storage.get_all_studies())


def agree(storage: BaseStorage, name: str, settings: dict[str, Any]) -> str:
    """Make the study with these settings, or find it with the same; a digest of them. Raises ArgumentError for a study
    of something else, or of other settings, naming the first that differs."""
    optuna, settings = need("optuna"), json.loads(json.dumps(settings))
    if name.endswith(SEAL):
        raise ArgumentError("study", name, f"a name that does not end in {SEAL!r}, which is another study's test split")
    optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    key = storage.get_study_id_from_name(name)
    if "settings" not in storage.get_study_user_attrs(key):
        if storage.get_n_trials(key):
            raise ArgumentError("study", name, "another name: the storage contains a different study with this name")
        storage.set_study_user_attr(key, "settings", settings)
    known = storage.get_study_user_attrs(key)["settings"]
    for setting, value in settings.items():
        if known.get(setting) != value:
            asked = Described(f"{setting} {value}")
            raise ArgumentError("study", asked, f"the value of the existing study {name!r}, {known.get(setting)}")
    return hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16).hexdigest()


class Study:
    """The study `name` in a storage, made if it is not there. settings: what all its workers must agree in."""

    def __init__(self, storage: BaseStorage, name: str, plan: Plan, settings: dict[str, Any], lives: Lives) -> None:
        self.optuna = need("optuna")
        self.storage, self.name, self.plan, self.lives = storage, name, plan, lives
        self.agreed = agree(storage, name, settings)
        sampler = self.optuna.samplers.RandomSampler(seed=0)  # never asked: every value is enqueued
        self.study = self.optuna.load_study(storage=storage, study_name=name, sampler=sampler)
        self.id = storage.get_study_id_from_name(name)

    def claim(self) -> tuple[int, int] | None:
        """Optuna's id of an attempt that is this worker's from now on, and our number; None where none is waiting."""
        self._give_up_the_dead()
        if not self._attempts("WAITING"):
            self._enqueue()
        for attempt in self._attempts("WAITING"):
            self._same_search(attempt)
            number, key = attempt.user_attrs["number"], self._key(attempt)
            if not self.bring(key, "RUNNING"):
                continue
            if any(other.number < attempt.number for other in self._alive(number)):
                self.bring(key, "FAIL")
                continue
            self.storage.set_trial_user_attr(key, "worker", self.lives.name)
            trial = self.optuna.trial.Trial(self.study, key)
            for name, range_ in self.plan.ranges.items():
                logarithmic = range_.low > 0 and not range_.below_one
                trial.suggest_float(name, range_.low, range_.high, log=logarithmic)  # gives what was enqueued
            return key, number
        return None

    def beat(self, key: int, count: int) -> None:
        """A sign of life from an attempt."""
        self._note(key, "beat", count)

    def report(self, key: int, epochs: int) -> None:
        """How many epochs of an attempt are done."""
        self._note(key, "epochs", epochs)

    def complete(self, key: int, outcome: Outcome) -> None:
        """Record what an attempt found."""
        self._note(key, "outcome", json.dumps(asdict(outcome)))
        self.bring(key, "COMPLETE", [outcome.validation_accuracy])

    def _note(self, key: int, name: str, value: Any) -> None:
        """Write something down of an attempt; without effect where others gave it up, for they run the trial anew."""
        with suppress(self.optuna.exceptions.UpdateFinishedTrialError):
            self.storage.set_trial_user_attr(key, name, value)

    def outcomes(self) -> list[Outcome]:
        """What is known so far, by number."""
        found: dict[int, Outcome] = {}
        for attempt in self._attempts("COMPLETE"):
            self._same_search(attempt)
            outcome = Outcome(**json.loads(attempt.user_attrs["outcome"]))
            found.setdefault(outcome.number, outcome)
        return [found[number] for number in sorted(found)]

    def under_way(self) -> dict[int, int]:
        """The numbers that are being tried, and how many epochs of each are done."""
        return {a.user_attrs["number"]: a.user_attrs.get("epochs", 0) for a in self._attempts("RUNNING")}

    def _same_search(self, attempt: FrozenTrial) -> None:
        """Two first workers may write their settings over each other's; the attempts tell."""
        if attempt.user_attrs.get("settings") != self.agreed:
            value = Described(f"a trial in {self.name!r} with other settings")
            raise ArgumentError("study", value, "one search under one name")

    def _enqueue(self) -> None:
        """An attempt for each number that has none."""
        taken = {attempt.user_attrs["number"] for attempt in self._attempts("WAITING", "RUNNING", "COMPLETE")}
        for number in range(self.plan.trials):
            if number not in taken:
                attrs = {"number": number, "settings": self.agreed}
                self.study.enqueue_trial(self.plan.drawn(number), user_attrs=attrs)

    def _give_up_the_dead(self) -> None:
        for attempt in self._attempts("RUNNING"):
            key, attrs = self._key(attempt), attempt.user_attrs
            if self.lives.gone(key, attrs.get("worker"), attrs.get("beat")):
                self.bring(key, "FAIL")

    def _alive(self, number: int) -> list[FrozenTrial]:
        """The attempts at a number that count."""
        return [a for a in self._attempts("WAITING", "RUNNING", "COMPLETE") if a.user_attrs["number"] == number]

    def _attempts(self, *states: str) -> list[FrozenTrial]:
        chosen = tuple(self.optuna.trial.TrialState[state] for state in states) or None
        return self.storage.get_all_trials(self.id, deepcopy=False, states=chosen)

    def _key(self, attempt: FrozenTrial) -> int:
        return self.storage.get_trial_id_from_study_id_trial_number(self.id, attempt.number)

    def bring(self, key: int, state: str, values: list[float] | None = None) -> bool:
        """Whether this worker brought an attempt into a state."""
        try:
            return self.storage.set_trial_state_values(key, self.optuna.trial.TrialState[state], values)
        except self.optuna.exceptions.UpdateFinishedTrialError:
            return False
