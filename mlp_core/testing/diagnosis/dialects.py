"""Rules that other libraries implement differently under the same name: one record per dialect. docs/same-name.md lists
them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlp_core.rules import UpdateRule
from mlp_core.rules.adafactor import Adafactor
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.adam import Adam
from mlp_core.rules.adamax import Adamax
from mlp_core.rules.muon import Muon
from mlp_core.rules.nadam import NAdam
from mlp_core.rules.radam import RAdam
from mlp_core.rules.rmsprop import RMSprop
from mlp_core.rules.rprop import Rprop
from mlp_core.rules.sgd import SGD
from mlp_core.testing.diagnosis import dialect_rules as ported
from mlp_core.testing.faults.rules import adam, adam_variants, adaptive, counting, sgd


@dataclass(frozen=True)
class Dialect:
    """A rule in the version of another library."""

    right: type[UpdateRule]
    """torch's rule with that name"""
    library: str
    """the library, with its version"""
    words: str
    """the difference from torch's rule"""
    thing: type[UpdateRule]
    """the rule in that library's version"""

    def told(self) -> str:
        """The dialect in a sentence."""
        return f"it is {self.right.__name__} as in {self.library} ({self.words}) instead of torch's"


class RAdamFromTwo(counting.CountsFromTwo, RAdam):
    """RAdam with steps counted from 2."""


DIALECTS = (
    Dialect(Adam, "MLX 0.32.4 (default), js-pytorch 0.7.2 or MindSpore's AdamWeightDecay", "no bias correction",
            adam.CorrectsNothing),
    Dialect(Adam, "Keras 3.15.1, MindSpore 2.10.0, scikit-learn 1.9.1, thinc 9.1.1 or pyensmallen 0.4.5",
            "eps is added before the bias correction", adam.AddsEpsBeforeTheCorrection),
    Dialect(Adam, "toygrad 2.6.0 or convnetjs (GitHub)", "the bias correction multiplies instead of dividing",
            ported.MultipliesByItsCorrections),
    Dialect(Adam, "ONNX 1.23.2 (T from 0)",
            "t counts from 0: the first step is not corrected, each later one as the step before",
            ported.CountsFromZeroUncorrectedAtFirst),
    Dialect(Adam, "optax 0.2.8, MLX, Keras or tinygrad", "bias corrections in the dtype of the parameters",
            ported.CorrectsInItsDtype),
    Dialect(Adam, "thinc 9.1.1", "weight decay after the step, on the new weights", ported.DecaysAfterTheStep),
    Dialect(Adam, "optax 0.2.8's amsgrad", "the maximum is taken of corrected moments", adam.TakesTheLargestCorrected),
    Dialect(Adamax, "Keras 3.15.1 or MindSpore 2.10.0", "eps is added at the end, not to |g| inside the maximum",
            adam_variants.AddsEpsToTheMaximum),
    Dialect(Adamax, "MLX 0.32.4", "no bias correction", adam_variants.AdamaxCorrectsNothing),
    Dialect(Adamax, "Paddle 3.3.1", "eps is added to the old maximum: u = max(|g|, beta2 u + eps)",
            ported.AddsEpsToTheOldMaximum),
    Dialect(NAdam, "Keras 3.15.1", "mu by 0.96^t, without momentum_decay", adam_variants.SchedulesMuByWholePowers),
    Dialect(NAdam, "optax 0.2.8", "no schedule of mu", adam_variants.HasNoScheduleOfMu),
    Dialect(RAdam, "thinc 9.1.1", "steps are counted from 2", RAdamFromTwo),
    Dialect(RAdam, "optax 0.2.8", "eps is added after the bias correction", adam_variants.CorrectsBeforeEps),
    Dialect(RMSprop, "Keras 3.15.1, Paddle 3.3.1, TF.js 4.22.0 or optax 0.2.8 (without momentum)",
            "eps under the root", adaptive.RMSpropPutsEpsUnderTheRoot),
    Dialect(RMSprop, "optax 0.2.8 or TF.js 4.22.0 (with momentum)", "eps under the root, lr inside the momentum buffer",
            ported.KeepsTheRateUnderTheRoot),
    Dialect(RMSprop, "HIPS autograd 1.9.1", "the squares begin at 1", adaptive.BeginsAtOne),
    Dialect(RMSprop, "MindSpore 2.10.0", "the squares begin at 1 and eps is under the root",
            ported.BeginsAtOneUnderTheRoot),
    Dialect(RMSprop, "TensorFlow 1 or timm's RMSpropTF",
            "the squares begin at 1, eps under the root, lr inside the momentum buffer", ported.KeepsTheRateFromOne),
    Dialect(RMSprop, "TF.js 4.22.0 (centered)", "eps is subtracted under the root", ported.SubtractsEpsWhereCentered),
    Dialect(Adagrad, "Keras 3.15.1, optax 0.2.8 or TF.js 4.22.0 (given the accumulator)", "eps under the root",
            adaptive.AdagradPutsEpsUnderTheRoot),
    Dialect(Adagrad, "Keras 3.15.1, optax 0.2.8 or TF.js 4.22.0 (default)",
            "the accumulator begins at 0.1 and eps is under the root", ported.BeginsAtATenth),
    Dialect(Adagrad, "jax.example_libraries and numpyro 0.22.0", "momentum 0.9, averaged, and no eps",
            ported.AveragesItsSteps),
    Dialect(Rprop, "optax 0.2.8", "every step comes one step late", ported.MovesAStepLate),
    Dialect(Rprop, "FANN 2.2.0", "a zero slope moves the parameter up; the first step already grows",
            ported.ClimbsWhereTheSlopeIsZero),
    Dialect(Muon, "MLX 0.32.4", "the decay is coupled: it is added to the gradient and orthogonalised",
            ported.CouplesItsDecay),
    Dialect(Muon, "Keras 3.15.1 or MLX 0.32.4", "the Newton-Schulz iteration in the dtype of the parameters",
            ported.IteratesInItsDtype),
    Dialect(Muon, "MLX 0.32.4 (weight_decay)",
            "the Newton-Schulz iteration in the dtype of the parameters, the decay coupled: it is orthogonalised too",
            ported.IteratesInItsDtypeWithDecay),
    Dialect(Muon, "optax 0.2.8 (contrib.muon)",
            "the Newton-Schulz iteration in the dtype of the parameters, Nesterov's step from corrected averages, the "
            "rate by columns / rows, as weights are (in, out)", ported.MuonOfOptax),
    Dialect(Muon, "tinygrad 0.14.0", "no factor sqrt(max(1, rows / columns))", ported.AdjustsNothing),
    Dialect(Adafactor, "optax 0.2.8 or MLX (relative_step=False)", "no cap 1 / sqrt(t) on the rate",
            ported.IgnoresTheFallingRate),
    Dialect(SGD, "MLX 0.32.4 (dampening)", "the first gradient is damped too", sgd.DampensTheFirstStep),
    Dialect(SGD, "HIPS autograd 1.9.1", "the velocity is an average, (1 - momentum) g", sgd.AveragesTheGradients),
    Dialect(SGD, "Keras 3.15.1", "lr inside the velocity", sgd.PutsTheRateIntoTheVelocity),
    Dialect(SGD, "Keras 3.15.1 (weight_decay)", "the decay is decoupled", sgd.DecaysApartFromTheVelocity),
    Dialect(SGD, "R nnet 7.3-18", "decay sum w^2 without a half: twice torch's decay", sgd.DecaysTwiceAsMuch),
    Dialect(SGD, "vowpalwabbit 9.11.9 (--l2)", "half of the decay", ported.DecaysByHalf),
    Dialect(SGD, "thinc 9.1.1", "weight decay after the step, on the new weights", ported.DecaysTheNewWeights),
)  # fmt: skip


def dialects_of(rule: type[UpdateRule]) -> Iterator[Dialect]:
    """The dialects of a rule, and of the rule that it derives from: AdamW is Adam except for one method.

    >>> [dialect.library for dialect in dialects_of(NAdam)]
    ['Keras 3.15.1', 'optax 0.2.8']
    """
    return (dialect for dialect in DIALECTS if issubclass(rule, dialect.right))
