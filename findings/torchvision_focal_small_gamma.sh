#!/usr/bin/env bash
# torchvision.ops.sigmoid_focal_loss with gamma below 1, a confident and right logit. torchvision 0.29.2, torch 2.15.0,
#   CPU, float32.
# Seen: gamma = 0.5 (a value in the table of the paper), logits 0.5 and 17, both targets 1: the loss is 0.0364, and the
#   gradient of the second logit NaN. At 15 it is -0, and with gamma 1 or 2 it is 0. MONAI's FocalLoss with
#   use_softmax=True (monai 1.6.1) does the same; without that option, and in kornia 0.9.0, it is 0.
# A good engineer would guess: 0, as the loss is finite and flat there. One NaN in the gradient of the logits makes all
#   weights NaN in the next step.
# Why: sigmoid(17) is 1 in float32, and the derivative of (1 - p) ** 0.5 is infinite at p = 1; the cross-entropy it is
#   multiplied by is 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.15.0 torchvision==0.29.2 monai==1.6.1 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import monai.losses
import torch
from torchvision.ops import sigmoid_focal_loss

print("torchvision", version("torchvision"), "monai", version("monai"), "torch", torch.__version__)


def vision(z, gamma):
    return sigmoid_focal_loss(z, torch.ones(2), gamma=gamma, reduction="mean")


def two_classes(z, gamma):
    scores, target = (torch.stack([torch.zeros(2), row])[None] for row in (z, torch.ones(2)))
    return monai.losses.FocalLoss(gamma=gamma, use_softmax=True)(scores, target)


def one_class(z, gamma):
    return monai.losses.FocalLoss(gamma=gamma)(z[None, None], torch.ones(1, 1, 2))


nan = []
for f in (vision, two_classes, one_class):
    for gamma in (0.5, 1.0, 2.0):
        for logit in (15.0, 17.0, 40.0):
            z = torch.tensor([0.5, logit], requires_grad=True)
            loss = f(z, gamma)
            (gradient,) = torch.autograd.grad(loss, z)
            print(f"{f.__name__}, gamma {gamma}, logits {z.tolist()}: loss {loss:.4f}, gradient {gradient.tolist()}")
            if not torch.isfinite(loss):
                sys.exit("changed: the loss is not finite")
            if gradient.isnan().any():
                nan.append((f.__name__, gamma, logit))
EXPECTED = [("vision", 0.5, 17.0), ("vision", 0.5, 40.0), ("two_classes", 0.5, 17.0), ("two_classes", 0.5, 40.0)]
if nan != EXPECTED:
    sys.exit(f"changed: NaN for {nan}")
PY
