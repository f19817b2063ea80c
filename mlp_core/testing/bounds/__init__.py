"""The one place for tolerances: each derived, none typed elsewhere.

Notation: u is the unit roundoff of a dtype, gamma_n = n u / (1 - n u) (Higham, *Accuracy and Stability of Numerical
Algorithms*, 2nd ed., ch. 3): a sum of products evaluated with n roundings in any order differs from the exact one by at
most gamma_n times the sum of the magnitudes of its terms. Underflow is covered by holding every magnitude at or above
the smallest normal number, whose u-fold is half the spacing of the subnormal ones.

How near errors come to each bound is measured by the soak (`nox -s soak` prints the worst of every law); the figures
beside the bounds are the worst of its 1,000,350 examples over the core and all of mlp_core.testing.right. None is
above 1. One is below 1e-4, with the reason beside it (quotients.any_step): a bound that nothing comes near catches
little.

Where no rounding is allowed for, "to the bit" is what mlp_core.equality says.
"""
