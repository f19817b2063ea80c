#!/usr/bin/env bash
# torch.unravel_index, the first call in a process. torch 2.15.0 and 2.13.0, CPU.
# Seen: the call for one number imports 480 modules or more, 419 of them sympy's. It takes half a second, and two on a busy
#   machine; a later call takes 0.1 ms. `import torch` alone does not import sympy, and neither does argmax.
# A good engineer would guess: an index is a few divisions, and a call for one number takes microseconds.
# Why: the wrapper in torch.functional checks whether the shape is one of SymInts by a function that imports the
#   machinery of symbolic shapes. A command that reports one wrong entry waits for it: use numpy.unravel_index, or divmod
#   by each size.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys
import time

import torch

print("torch", torch.__version__)
flat = torch.tensor([[1.0, 5.0], [3.0, 2.0]]).argmax()
before = set(sys.modules)
start = time.process_time()
place = torch.unravel_index(flat, (2, 2))
seconds = time.process_time() - start
new = set(sys.modules) - before
start = time.process_time()
torch.unravel_index(flat, (2, 2))
later = time.process_time() - start
sympy = sum(n.split(".")[0] == "sympy" for n in new)
print(f"place {tuple(int(i) for i in place)}, new modules {len(new)}, of them sympy's {sympy}")
print(f"first call {seconds:.2f} s, second call {later * 1e6:.0f} us (times are not checked)")
EXPECTED = True
if ("sympy" in new) is not EXPECTED or len(new) < 300 or "sympy" in before:
    sys.exit("changed: what the first call imports")
PY
