"""The only place for tolerances. Each is derived or measured here, and none is written elsewhere.

Notation: u is the unit roundoff of a dtype, gamma_n = n u / (1 - n u) (Higham, *Accuracy and Stability of Numerical
Algorithms*, 2nd ed., ch. 3): a sum of products evaluated with n roundings in any order differs from the exact one by at
most gamma_n times the sum of the magnitudes of its terms. Underflow is covered by holding every magnitude at or above
the smallest normal number, whose u-fold is half the spacing of the subnormal ones.

The soak test measures the largest ratio of an error to its bound (`nox -s soak` prints it for every law). The figures
beside the bounds are the largest ratios in its 1,000,350 examples over the core and all of mlp_core.testing.right. None
is above 1. One is below 1e-4, for the reason given there (quotients.any_step): a bound that is far above all errors
detects little.

If no rounding is allowed, "to the bit" has the meaning of mlp_core.equality.
"""
