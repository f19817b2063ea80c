#!/usr/bin/env bash
# pypose.euler2SO3, pypose.mat2SO3 and pypose.SO3 of a quaternion, and SO3.euler(): gradients across the conversion.
#   PyPose 0.9.5, torch 2.15.0, CPU, float64.
# Seen: the gradient of a rotated point with respect to the Euler angles, the matrix or the quaternion is half of the
#   correct one at the identity, and wrong elsewhere: 0.43 for 1.48. The gradient of euler() is doubled. From so3 with
#   Exp() and Act() it is right. Nothing is warned of.
# A good engineer would guess: torch's gradient with respect to the angles, as these are an ordinary tensor.
# Why: within PyPose the gradient of a rotation is that of a small turn, with three numbers. At the conversion they are
#   taken as the gradient by the first three numbers of the quaternion, which turn by half. Build the rotation with
#   so3(v).Exp(), or from several of these.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pypose==0.9.5 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pypose
import torch

print("pypose", version("pypose"), "torch", torch.__version__)
torch.set_default_dtype(torch.float64)
point = torch.tensor([1.0, 2.0, 3.0])


def turn(x):
    return torch.linalg.matrix_exp(pypose.vec2skew(x))


def quaternion(x):
    return torch.cat([x / 2, (1 - (x / 2).pow(2).sum()).sqrt()[None]])


FUNCTIONS = {
    "euler2SO3(x) @ point": lambda x: pypose.euler2SO3(x).Act(point),
    "mat2SO3(...) @ point": lambda x: pypose.mat2SO3(turn(x), check=False).Act(point),
    "SO3(quaternion) @ point": lambda x: pypose.SO3(quaternion(x)).Act(point),
    "so3(x).Exp().euler()": lambda x: pypose.so3(x).Exp().euler(),
    "so3(x).Exp() @ point": lambda x: pypose.so3(x).Exp().Act(point),
}
seen = {}
for at in (torch.zeros(3), torch.tensor([0.3, -0.2, 0.5])):
    for name, function in FUNCTIONS.items():
        derivative = torch.autograd.functional.jacobian(function, at)
        steps = 1e-6 * torch.eye(3)
        with torch.no_grad():
            quotients = torch.stack([(function(at + step) - function(at - step)) / 2e-6 for step in steps], -1)
        print(f"{name} at {at.tolist()}: derivative {derivative[0].tolist()}, quotients {quotients[0].tolist()}")
        if at.any():
            seen[name] = bool((derivative - quotients).abs().max() > 0.1), seen[name]
        else:
            factors = (derivative / quotients)[quotients.abs() > 1e-3]
            seen[name] = round(float(factors.mean()), 3)
EXPECTED = {
    "euler2SO3(x) @ point": (True, 0.5),
    "mat2SO3(...) @ point": (True, 0.5),
    "SO3(quaternion) @ point": (True, 0.5),
    "so3(x).Exp().euler()": (True, 2.0),
    "so3(x).Exp() @ point": (False, 1.0),
}
if seen != EXPECTED:
    sys.exit(f"changed: {seen}")
PY
