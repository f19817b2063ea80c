# %% [markdown]
# # Exercise 2
# backprop by hand, then check against torch

# %%
import torch as th
import torch.nn as nn
from collections import OrderedDict, defaultdict
from tqdm import tqdm, trange
import seaborn as sns

th.set_default_dtype(th.float64)

# %%
ACTS = {
    "tanh": (th.tanh, lambda z: 1 - th.tanh(z).pow(2)),
    "relu": (th.relu, lambda z: (z > 0).type(z.dtype)),
    "id": (lambda z: z, lambda z: th.ones_like(z)),
}


class MyNet(nn.Module):
    def __init__(self, n_l, acts=None):
        super().__init__()
        self.n_l, self.L = n_l, len(n_l) - 1
        acts = acts or ["tanh"] * self.L
        self.z, self.a, self.dL_dw, self.dL_db = {}, {}, {}, {}
        self.f = {i + 1: ACTS[name][0] for i, name in enumerate(acts)}
        self.df = {i + 1: ACTS[name][1] for i, name in enumerate(acts)}
        self.fc = nn.ModuleDict({str(i): nn.Linear(n_l[i - 1], n_l[i]) for i in range(1, self.L + 1)})

    def forward(self, x):
        self.a[0] = x
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


# %%
def backpropagation(model, y_true, y_pred):
    """
    dL/dW[l] = delta[l]^T a[l-1]
    dL/db[l] = sum of delta[l] over the samples
    """
    with th.no_grad():
        # derivative of the squared error is (prediction - target)
        dL_dy = y_pred - y_true
        delta = th.einsum("ni,ni->ni", dL_dy, model.df[model.L](model.z[model.L]))
        for l in range(model.L, 0, -1):
            model.dL_dw[l] = th.einsum("ni,nj->ij", delta, model.a[l - 1])
            model.dL_db[l] = th.einsum("ni->i", delta)
            if l != 1:
                delta = th.einsum("ni,ij->nj", delta, model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])


# %%
net = MyNet([3, 5, 4, 2], ["relu", "tanh", "id"])
x, y = th.randn(1, 3), th.randn(1, 2)
out = net(x)
backpropagation(net, y, out)
th.nn.MSELoss(reduction="sum")(out, y).backward()
for l in range(1, net.L + 1):
    ratio = net.fc[str(l)].weight.grad / net.dL_dw[l]
    print(l, ratio)  # strange, always the same number

# %%
losses = defaultdict(list)
for lr in [1e-1, 1e-2, 1e-3]:
    net = MyNet([3, 50, 50, 2])
    for step in trange(100000):
        x = th.randn(16, 3)
        y = th.stack([x.sum(1).sin(), x.prod(1)], 1)
        out = net(x)
        backpropagation(net, y, out)
        with th.no_grad():
            for l in range(1, net.L + 1):
                net.fc[str(l)].weight -= lr * net.dL_dw[l]
                net.fc[str(l)].bias -= lr * net.dL_db[l]
        losses[lr].append(((out - y) ** 2).sum().item())
sns.lineplot(data=losses)
