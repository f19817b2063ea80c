#!/usr/bin/env bash
# paddle.nn.functional.gaussian_nll_loss by the variance; paddle.lerp by the weight; paddle.gammaincc by its first
#   argument. Paddle 3.3.1, CPU, float64.
# Seen: none of the three gets a gradient, without an error or a warning. A network with two heads, one for the mean and
#   one for the variance, trains its mean; the head for the variance stays as it began.
# A good engineer would guess: the variance is what this loss is for; torch gives a gradient for the variance and for the
#   weight of lerp, and an error for gammaincc by its first argument.
# Why: the variance is clipped under no_grad, and the clipped copy is used. The other two have no rule by this argument.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  paddlepaddle==3.3.1 numpy==2.4.6 setuptools==84.2.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import paddle
import paddle.nn.functional as F

print("paddle", paddle.__version__)


def number(value):
    return paddle.to_tensor([value], dtype="float64", stop_gradient=False)


forms = {
    "gaussian_nll_loss by the mean": (1.0, lambda t: F.gaussian_nll_loss(t, number(0.5), number(0.3))),
    "gaussian_nll_loss by the variance": (0.3, lambda t: F.gaussian_nll_loss(number(1.0), number(0.5), t)),
    "lerp by the end": (3.0, lambda t: paddle.lerp(number(1.0), t, number(0.3))),
    "lerp by the weight": (0.3, lambda t: paddle.lerp(number(1.0), number(3.0), t)),
    "gammaincc by its second argument": (0.3, lambda t: paddle.gammaincc(number(1.5), t)),
    "gammaincc by its first argument": (1.5, lambda t: paddle.gammaincc(t, number(0.3))),
}
none = set()
for name, (at, function) in forms.items():
    t = number(at)
    function(t).sum().backward()
    quotient = float((function(number(at + 1e-6)) - function(number(at - 1e-6))).sum()) / 2e-6
    gradient = None if t.grad is None else round(t.grad.item(), 4)
    print(f"{name}: gradient {gradient}, difference quotient {quotient:.4f}")
    if gradient is None:
        none.add(name)
    elif abs(gradient - quotient) > 1e-3:
        sys.exit("changed: a gradient that was right is wrong")
EXPECTED = {"gaussian_nll_loss by the variance", "lerp by the weight", "gammaincc by its first argument"}
if none != EXPECTED:
    sys.exit("changed: other arguments get no gradient")
PY
