import torch
import torch.nn as nn
import wandb_offline_logger as wandb

torch.set_default_dtype(torch.double)
torch.manual_seed(7)


class MyNet(nn.Module):
    def __init__(self, n_l, activation="tanh"):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {}
        self.a = {}
        self.dL_dw = {}
        self.dL_db = {}
        match activation:
            case "tanh":
                f, df = torch.tanh, lambda z: 1 - torch.tanh(z) ** 2
            case "relu":
                f, df = torch.relu, lambda z: (z > 0) * 1.0
            case _:
                raise ValueError(f"unknown activation {activation!r}")
        self.f = {i: f for i in range(1, self.L + 1)}
        self.df = {i: df for i in range(1, self.L + 1)}
        self.fc = nn.ModuleDict({str(i): nn.Linear(a, b) for i, (a, b) in enumerate(zip(n_l, n_l[1:]), 1)})

    def forward(self, x):
        self.a[0] = x
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def loss_fn(y_true, y_pred):
    return ((y_true - y_pred) ** 2).sum()


def grad_loss(y_true, y_pred):
    return -2 * (y_true - y_pred)


def backpropagation(model, y_true, y_pred):
    L = model.L
    d = {}  # d[l] = dL/dz[l]
    d[L] = grad_loss(y_true, y_pred) * model.df[L](model.z[L])
    for l in range(L - 1, 0, -1):
        d[l] = (d[l + 1] @ model.fc[str(l + 1)].weight) * model.df[l](model.z[l])
    for l in d:
        model.dL_dw[l] = d[l].T @ model.a[l - 1]
        model.dL_db[l] = d[l].sum(dim=0)


def check(model, x, y):
    out = model(x)
    backpropagation(model, y, out)
    model.zero_grad()
    loss_fn(y, out).backward()
    worst = 0.0
    for l in range(1, model.L + 1):
        worst = max(worst, (model.dL_dw[l] - model.fc[str(l)].weight.grad).abs().max().item())
        worst = max(worst, (model.dL_db[l] - model.fc[str(l)].bias.grad).abs().max().item())
    return worst


print("largest difference, one sample:", check(MyNet([5, 4, 3]), torch.randn(1, 5), torch.randn(1, 3)))
print("largest difference, 32 samples:", check(MyNet([5, 4, 3]), torch.randn(32, 5), torch.randn(32, 3)))
