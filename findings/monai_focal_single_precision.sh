#!/usr/bin/env bash
# monai.losses.DiceFocalLoss on float64 logits: the loss is a float64 number, and a part of it was computed in float32.
#   MONAI 1.6.1, torch 2.15.0, CPU.
# Seen: torch.autograd.gradcheck refuses the correct gradient of DiceFocalLoss: the difference quotient is wrong by more
#   than a tenth. A step of 1e-6 is smaller than what float32 can show of the focal part. DiceLoss alone passes. The
#   loss of float64 logits equals that of the same logits rounded to float32 in its focal part, to the bit.
# A good engineer would guess: a loss that returns float64 for float64 was computed in float64, as DiceLoss is.
# Why: FocalLoss converts logits and target to float32 whatever they are, and returns float32. The sum with the Dice
#   part, a float64 number, is a float64 number again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check monai==1.6.1 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import monai
import torch
from monai.losses import DiceFocalLoss, DiceLoss, FocalLoss

print("MONAI", monai.__version__, "torch", torch.__version__)
torch.manual_seed(0)
logits = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
target = (torch.rand(2, 2, 3, 3) > 0.5).double()


def passes(loss):
    return torch.autograd.gradcheck(lambda x: loss(x, target), (logits,), raise_exception=False)


dice, both = DiceLoss(sigmoid=True), DiceFocalLoss(sigmoid=True)
dtypes = [str(one(logits, target).dtype) for one in (dice, both, FocalLoss())]
print("dtypes of DiceLoss, DiceFocalLoss, FocalLoss for float64:", *dtypes)
same = torch.equal(FocalLoss()(logits, target), FocalLoss()(logits.float(), target.float()))
print("FocalLoss of float64 logits is that of the rounded logits, to the bit:", same)
found = passes(dice), passes(both)
print("gradcheck: DiceLoss", found[0], "DiceFocalLoss", found[1])
EXPECTED = (True, False)
if dtypes != ["torch.float64", "torch.float64", "torch.float32"] or not same or found != EXPECTED:
    sys.exit("changed: a dtype, or gradcheck")
PY
