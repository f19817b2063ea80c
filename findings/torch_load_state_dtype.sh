#!/usr/bin/env bash
# torch.optim.Optimizer.load_state_dict, an optimizer of one's own whose state has another dtype than its parameter.
#   torch 2.15.0, CPU.
# Seen: the parameter is bfloat16, its momentum float32 and a counter int64. After load_state_dict(state_dict()) both
#   are bfloat16: the momentum 0.99998 is 1.0, the counter 257 is 256, and adding 1 to it gives 256 for ever. A
#   counter of the name "step" is left alone. No warning. The dictionary itself is right.
# A good engineer would guess: the state comes back as it was saved. State in float32 is the usual way to train
#   parameters in bfloat16, and such a run is resumed with other numbers.
# Why: each tensor of the state is cast to the dtype of its parameter if that is a floating one, unless its key is
#   "step". Let the optimizer override load_state_dict, or keep the tensors outside of the parameter's state.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import torch

print("torch", torch.__version__)


class Momentum(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p, dtype=torch.float32)
                    state["count"] = torch.tensor(0)
                    state["step"] = torch.tensor(0)
                state["momentum"] += p.grad
                state["count"] += 1
                state["step"] += 1


p = torch.nn.Parameter(torch.zeros(1, dtype=torch.bfloat16))
saved, resumed = Momentum([p]), Momentum([p])
for _ in range(257):
    p.grad = torch.full_like(p, 0.00389)
    saved.step()
dictionary = saved.state_dict()
resumed.load_state_dict(dictionary)
before, after = saved.state[p], resumed.state[p]
for key in before:
    kept = dictionary["state"][0][key]
    if kept.dtype != before[key].dtype or not torch.equal(kept, before[key]):
        sys.exit("changed: the dictionary itself is rounded")
    print(f"{key}: {before[key].dtype} {before[key].item()}, after {after[key].dtype} {after[key].item()}")
resumed.step()
print("count after one more step:", resumed.state[p]["count"].item())
EXPECTED = {"momentum": torch.bfloat16, "count": torch.bfloat16, "step": torch.int64}
if {key: value.dtype for key, value in after.items()} != EXPECTED:
    sys.exit("changed: the state has other dtypes, perhaps the saved ones")
if resumed.state[p]["count"].item() != 256 or before["momentum"].dtype != torch.float32:
    sys.exit("changed: the counter goes on")
PY
