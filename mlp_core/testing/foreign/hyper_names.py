"""Names of the hyperparameters of update rules, as patterns. Nothing here imports torch."""

from __future__ import annotations

LR = r"learning_?rate|lr|eta|alpha|a|step_?size|learn_rate|l_rate|rate"
EPS = r"eps(ilon)?"
WD = r"weight_?decay|wd|w_?d|lambda_?|lambd|lamb?|lmbda|reg(ularization)?|l2(_?reg)?"

MOMENTS = {"lr": LR, "beta1": r"beta_?1|b1|rho_?1", "beta2": r"beta_?2|b2|rho_?2", "eps": EPS, "weight_decay": WD}

ANY = {"lr": LR, **{k: v for k, v in MOMENTS.items() if k != "lr"}, "momentum": "momentum|mom|mu|beta|gamma",
       "rho": r"rho|decay(_?rate)?|avg_?decay", "momentum_decay": "momentum_?decay|schedule_?decay|psi"}  # fmt: skip
"""names of hyperparameters, if the rule is not known"""
