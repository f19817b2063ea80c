# Assignment 1, second version
import torch
from torch import nn, optim
from torch.nn import functional as F
import numpy as np
import ujson_lines_reader  # for the log files

torch.manual_seed(1)
torch.set_default_dtype(torch.double)
DEBUG = 0


def dbg(*args):
    if DEBUG:
        print(*args)


class MyNet(nn.Module):
    def __init__(self, n_l=[2, 3, 2]):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z, self.a, self.f, self.df = {}, {}, {}, {}
        self.dL_dw, self.dL_db = {}, {}
        self.fc = nn.ModuleDict()
        for i in range(1, self.L + 1):
            self.fc[str(i)] = nn.Linear(n_l[i - 1], n_l[i])
            self.f[i] = torch.tanh
            self.df[i] = lambda x: 1 / torch.cosh(x) ** 2

    def forward(self, x):
        self.a[0] = torch.flatten(x, 1)
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def propagate(delta, W):
    """Send delta through the weights of a layer.

    I never remember which way round the weight matrix is, so use the one that fits.
    """
    try:
        return torch.matmul(delta, W.T)
    except RuntimeError:
        return torch.matmul(delta, W)


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        deltas = [None] * (model.L + 1)
        deltas[model.L] = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        dbg("output delta", deltas[model.L].shape)
        for l in range(model.L - 1, 0, -1):
            deltas[l] = propagate(deltas[l + 1], model.fc[str(l + 1)].weight) * model.df[l](model.z[l])
            dbg("delta", l, deltas[l].shape)
        for l in range(1, model.L + 1):
            model.dL_dw[l] = torch.matmul(deltas[l].T, model.a[l - 1])
            model.dL_db[l] = deltas[l].sum(0)


# quick look at the shapes
m = MyNet([6, 5, 3])
out = m(torch.rand(1, 6))
backpropagation(m, torch.rand(1, 3), out)
for l in (1, 2):
    assert m.dL_dw[l].shape == m.fc[str(l)].weight.shape
    assert m.dL_db[l].shape == m.fc[str(l)].bias.shape
print("shapes OK")

# compare with SGD of torch on MNIST
from torchvision import datasets, transforms

mnist = datasets.MNIST("data", download=True, transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(mnist, batch_size=64, shuffle=True)
m = MyNet([784, 100, 100, 10])
opt = optim.SGD(m.parameters(), lr=1e-3)
for epoch in range(20):
    for img, lab in loader:
        out = m(img.double())
        backpropagation(m, F.one_hot(lab, 10).double(), out)
        for l in range(1, m.L + 1):
            m.fc[str(l)].weight.grad = m.dL_dw[l]
            m.fc[str(l)].bias.grad = m.dL_db[l]
        opt.step()
    print(epoch)
