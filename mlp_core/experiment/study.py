"""A search shared by any number of workers: claims of trials, results, and the attempts of dead workers.

A trial in Optuna is one attempt at a number 0, 1, ... of the search. A number is open if no attempt at it waits, runs
or is complete; a worker that finds nothing waiting enqueues the open numbers. Claiming, completing and giving up an
attempt are single transactions of the storage, so that only one of two workers succeeds. Two attempts at one number are
possible if a worker is killed while it enqueues; the later one is then given up without being run.
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
"""the ending of the name of the study that seals a study's test split"""


def exists(storage: BaseStorage, name: str) -> bool:
    """Whether a storage contains a study of that name."""
    return any(study.study_name == name for study in storage.get_all_studies())


def agree(storage: BaseStorage, name: str, settings: dict[str, Any]) -> str:
    """Create the study with these settings, or find it with the same ones; returns a digest of them. Raises
    ArgumentError for a study of something else, or with other settings, naming the first difference.
    """
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
    """The study `name` in a storage, created if it is missing. settings: those that all its workers must share."""

    def __init__(self, storage: BaseStorage, name: str, plan: Plan, settings: dict[str, Any], lives: Lives) -> None:
        self.optuna = need("optuna")
        self.storage, self.name, self.plan, self.lives = storage, name, plan, lives
        self.agreed = agree(storage, name, settings)
        sampler = self.optuna.samplers.RandomSampler(seed=0)  # never used: every value is enqueued
        self.study = self.optuna.load_study(storage=storage, study_name=name, sampler=sampler)
        self.id = storage.get_study_id_from_name(name)

    def claim(self) -> tuple[int, int] | None:
        """Optuna's id of an attempt that this worker has claimed, and the search's number; None if none is waiting."""
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
                trial.suggest_float(name, range_.low, range_.high, log=logarithmic)  # returns the enqueued value
            return key, number
        return None

    def beat(self, key: int, count: int) -> None:
        """A heartbeat of an attempt."""
        self._note(key, "beat", count)

    def report(self, key: int, epochs: int) -> None:
        """Record how many epochs of an attempt are done."""
        self._note(key, "epochs", epochs)

    def complete(self, key: int, outcome: Outcome) -> None:
        """Record the outcome of an attempt."""
        self._note(key, "outcome", json.dumps(asdict(outcome)))
        self.bring(key, "COMPLETE", [outcome.validation_accuracy])

    def _note(self, key: int, name: str, value: Any) -> None:
        """Record a value of an attempt; without effect if others gave it up, because they run the trial again."""
        with suppress(self.optuna.exceptions.UpdateFinishedTrialError):
            self.storage.set_trial_user_attr(key, name, value)

    def outcomes(self) -> list[Outcome]:
        """The outcomes so far, by number."""
        found: dict[int, Outcome] = {}
        for attempt in self._attempts("COMPLETE"):
            self._same_search(attempt)
            outcome = Outcome(**json.loads(attempt.user_attrs["outcome"]))
            found.setdefault(outcome.number, outcome)
        return [found[number] for number in sorted(found)]

    def under_way(self) -> dict[int, int]:
        """The numbers that are being tried, each with the number of its finished epochs."""
        return {a.user_attrs["number"]: a.user_attrs.get("epochs", 0) for a in self._attempts("RUNNING")}

    def _same_search(self, attempt: FrozenTrial) -> None:
        """Raises if two first workers wrote their settings over each other's, which the attempts show."""
        if attempt.user_attrs.get("settings") != self.agreed:
            value = Described(f"a trial in {self.name!r} with other settings")
            raise ArgumentError("study", value, "one search under one name")

    def _enqueue(self) -> None:
        """Enqueue an attempt for each number that has none."""
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
        """Whether this worker changed the state of an attempt."""
        try:
            return self.storage.set_trial_state_values(key, self.optuna.trial.TrialState[state], values)
        except self.optuna.exceptions.UpdateFinishedTrialError:
            return False
