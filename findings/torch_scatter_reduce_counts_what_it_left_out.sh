#!/usr/bin/env bash
# torch.scatter_reduce with include_self=False: a start value that is left out takes half of the gradient.
#
# Guess:    what include_self=False leaves out of the maximum has no part in its gradient.
# Measured: the maximum of (5, 3) into a start of 5 that is left out: gradient (0.5, 0), not (1, 0).
# Versions: torch 2.15.0 (2.13.0 alike), on the CPU.
#
# Ends with 0 and prints the numbers if the behaviour is still so; with 1 if it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 numpy==2.2.6
cat > "$folder/run.py" <<'PYTHON'
import torch

def gradient(start):
    x = torch.tensor([5.0, 3.0], requires_grad=True)
    best = torch.tensor([start]).scatter_reduce(0, torch.zeros(2, dtype=torch.long), x, "amax", include_self=False)
    return torch.autograd.grad(best.sum(), x)[0].tolist()

equal, other = gradient(5.0), gradient(0.0)
print("start 5, left out:", equal, " start 0, left out:", other)
assert equal == [0.5, 0.0], "changed: a start equal to the maximum"
assert other == [1.0, 0.0], "changed: another start"
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
