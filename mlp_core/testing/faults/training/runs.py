"""Wrong training loops over many steps: schedules, checkpoints, callbacks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.faults.training.loop import Loop, mistakes
from mlp_core.updater import Updater

CATALOGUE = Catalogue()

caught_by = mistakes(CATALOGUE)

RATES, RESUMES, WATCHED = (
    "takes the rate of each step from the schedule", "resumes as if it had never stopped",
    "is not changed by its callback",
)  # fmt: skip

CHECKPOINT = "PyTorch tutorial, Saving and Loading a General Checkpoint"


@caught_by(RATES, origin="PyTorch 1.1, warning: lr_scheduler.step() before optimizer.step() skips the first value")
class TakesTheRateOfTheNextStep(Loop):
    """the schedule is one step ahead: the first rate is never used"""

    def move(self) -> None:
        self.engine.step(self.schedule(self.steps + 1))
        self.steps += 1


@caught_by(RATES, origin="site: the update, made before the rate of its step is set")
class TakesTheRateOfTheStepBefore(Loop):
    """the schedule is one step behind: the first rate is used twice"""

    def move(self) -> None:
        self.engine.step(self.schedule(max(0, self.steps - 1)))
        self.steps += 1


@caught_by(RATES, origin="torch.optim.lr_scheduler.OneCycleLR, documentation: step after every batch, not every epoch")
class TakesOneRateAnEpoch(Loop):
    """the schedule is called once per epoch, with the number of the epoch"""

    def move(self) -> None:
        batches = -(-len(self.x) // self.batch_size)
        self.engine.step(self.schedule(self.steps // batches))
        self.steps += 1


@caught_by(RATES, origin="site: the rule, evaluated only when the optimizer is created")
class TakesTheFirstRateForAll(Loop):
    """the rate of the first step is used in all steps"""

    def move(self) -> None:
        self.engine.step(self.schedule(0))
        self.steps += 1


@caught_by(RATES, origin="site: enumerate(batches), which restarts in every epoch")
class BeginsTheScheduleAnewEveryEpoch(Loop):
    """the step count restarts in every epoch, and so does the schedule"""

    def order(self) -> Tensor:
        self.steps = 0
        return super().order()


@caught_by(RESUMES, origin=f"{CHECKPOINT}: save the optimizer's state_dict as well")
class ForgetsItsOptimizerWhenResumed(Loop):
    """the checkpoint does not restore the state of the rule: its momentum and step counts"""

    def resume(self, start: dict[str, Any]) -> None:
        super().resume(start)
        self.engine = Updater(self.model, self.engine.rule, self.engine.updates)


@caught_by(RESUMES, origin="site: the state of the generator, left out of the checkpoint")
class ForgetsItsGeneratorWhenResumed(Loop):
    """the checkpoint does not restore the state of the generator: the epochs have another order"""

    def resume(self, start: dict[str, Any]) -> None:
        own = self.generator.get_state()
        super().resume(start)
        self.generator.set_state(own)


@caught_by(RESUMES, origin=f"{CHECKPOINT}: the state of a scheduler; site: the count of steps")
class ForgetsItsStepsWhenResumed(Loop):
    """the checkpoint does not restore the step count, so that the schedule restarts"""

    def resume(self, start: dict[str, Any]) -> None:
        super().resume(start)
        self.steps = 0


@caught_by(RESUMES, origin=f"{CHECKPOINT}: epoch; site: the number of the epoch")
class CountsItsEpochsAnewWhenResumed(Loop):
    """the epochs of a resumed run are counted from 0 again"""

    def resume(self, start: dict[str, Any]) -> None:
        super().resume(start)
        self.epoch = 0


@caught_by(RESUMES, origin="site: the weights, left out of the checkpoint")
class ForgetsItsWeightsWhenResumed(Loop):
    """the checkpoint does not restore the weights"""

    def resume(self, start: dict[str, Any]) -> None:
        own = self.model.flat.clone()
        super().resume(start)
        self.model.flat.copy_(own)


@caught_by(RESUMES, origin="PyTorch tutorial, Saving and Loading Models: state_dict() returns a reference, not a copy")
class SharesItsWeightsWithTheCheckpoint(Loop):
    """the checkpoint contains the weights themselves instead of a copy: later steps change them"""

    def checkpoint(self) -> dict[str, Any]:
        return {**super().checkpoint(), "flat": self.model.flat}


@caught_by(RESUMES, origin="torch.optim.Optimizer.state_dict, whose tensors are the optimizer's own; site: their copy")
class SharesItsStateWithTheCheckpoint(Loop):
    """the checkpoint contains the state of the rule itself instead of a copy: a resumed run changes it"""

    def resume(self, start: dict[str, Any]) -> None:
        super().resume(start)
        state = self.engine.optimizer.state_dict()["state"]
        for key, slots in start["state"].items():
            for name, slot in slots.items():
                if isinstance(slot, Tensor) and isinstance(state[key][name], Tensor):
                    self.shared = [*self.shared, (slot, state[key][name])]

    shared: list[tuple[Tensor, Tensor]] = []  # noqa: RUF012  replaced, never changed

    def move(self) -> None:
        super().move()
        for kept, own in self.shared:
            kept.copy_(own)


@caught_by(RESUMES, origin="site: epochs, used as the total instead of the remaining number")
class RunsWhatIsLeftOfItsEpochs(Loop):
    """a resumed run trains `epochs` minus the finished epochs (at least one) instead of `epochs` more"""

    def numbers(self) -> range:
        return range(self.epoch, max(self.epochs, self.epoch + 1))


@caught_by(WATCHED, origin="site: the global random state, shared with an evaluation between two epochs")
class DrawsBesideWhoeverWatches(Loop):
    """the order is drawn from torch's global random state: random numbers in on_epoch change it"""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        if self.shuffle:
            torch.manual_seed(self.generator.initial_seed())

    def order(self) -> Tensor:
        return torch.randperm(len(self.x)) if self.shuffle else torch.arange(len(self.x))


@caught_by(
    WATCHED, origin="site: a callback's return value, used as a stop signal; in Keras it sets model.stop_training"
)
class StopsWhenTheWatcherAnswers(Loop):
    """training stops if on_epoch returns a true value"""

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        return self.on_epoch(epoch, epoch_loss)


@caught_by(WATCHED, origin="site: the optimizer, created again after every evaluation")
class ForgetsItsMomentumWhenWatched(Loop):
    """a new optimizer is created after every call of on_epoch"""

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        self.engine = Updater(self.model, self.engine.rule, self.engine.updates)
        return super().tell(epoch, epoch_loss, own)


@caught_by(WATCHED, origin="site: the loss that is passed to on_epoch")
class TellsTheLossOfTheLastStep(Loop):
    """on_epoch gets the loss of the last step instead of the epoch"""

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        return super().tell(epoch, own[-1].item(), own)


@caught_by(WATCHED, origin="site: the number of the epoch, counted from 1 as for printing")
class CountsTheEpochsItTellsFromOne(Loop):
    """on_epoch gets epochs counted from 1 instead of 0"""

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        return super().tell(epoch + 1, epoch_loss, own)


@caught_by(WATCHED, origin="site: the call of on_epoch, before the last step of the epoch")
class TellsBeforeTheLastStep(Loop):
    """on_epoch is called before the last step of the epoch, with other weights than those at its end"""

    def step(self, xb: Tensor, yb: Tensor) -> Tensor:
        self.before = self.model.flat.clone()
        return super().step(xb, yb)

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        after = self.model.flat.clone()
        self.model.flat.copy_(self.before)
        super().tell(epoch, epoch_loss, own)
        self.model.flat.copy_(after)
        return False


@caught_by(WATCHED, origin="site: the evaluation, which also takes a step: no torch.no_grad(), and the same optimizer")
class TrainsOnWhatItEvaluates(Loop):
    """the evaluation for on_epoch also takes a step"""

    def tell(self, epoch: int, epoch_loss: float, own: list[Tensor]) -> object:
        self.step(self.x, self.y)
        return super().tell(epoch, epoch_loss, own)
