# hand_in_25_float32_inside.py
# Vi regner gradientene i numpy, det går mye fortere enn med torch på min pc
import torch
import torch.nn as nn
import numpy as np
import scipy.optimize
import matplotlib.pyplot as plt

torch.set_default_dtype(torch.double)
np.random.seed(0)
torch.manual_seed(0)


class MyNet(nn.Module):
    def __init__(self, n_l=[2, 3, 2]):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {i: None for i in range(1, self.L + 1)}
        self.a = {i: None for i in range(self.L + 1)}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {i: lambda x: torch.tanh(x) for i in range(1, self.L + 1)}
        self.df = {i: lambda x: 1 / (torch.cosh(x) ** 2) for i in range(1, self.L + 1)}
        self.fc = nn.ModuleDict({str(i): nn.Linear(n_l[i - 1], n_l[i]) for i in range(1, self.L + 1)})

    def forward(self, x):
        self.a[0] = torch.flatten(x, 1)
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def til_numpy(t):
    # float32 holder lenge
    return t.detach().cpu().numpy().astype(np.float32)


def til_torch(m, som):
    # tilbake til samme type som parameteren
    return torch.tensor(m).type_as(som.detach())


def backpropagation(model, y_true, y_pred):
    y, yhat = til_numpy(y_true), til_numpy(y_pred)
    dL_da = -2 * (y - yhat)
    for l in range(model.L, 0, -1):
        W, b = model.fc[str(l)].weight, model.fc[str(l)].bias
        dz = dL_da * til_numpy(model.df[l](model.z[l]))
        model.dL_dw[l] = til_torch(np.dot(dz.T, til_numpy(model.a[l - 1])), W)
        model.dL_db[l] = til_torch(np.sum(dz, axis=0), b)
        dL_da = np.dot(dz, til_numpy(W))


# ---- test
def test_alt():
    for n_l in ([2, 2], [3, 4, 2], [5, 4, 3, 2]):
        net = MyNet(n_l)
        x, y = torch.randn(1, n_l[0]), torch.randn(1, n_l[-1])
        ut = net(x)
        backpropagation(net, y, ut)
        ((y - ut) ** 2).sum().backward()
        for l in range(1, net.L + 1):
            assert torch.allclose(net.dL_dw[l], net.fc[str(l)].weight.grad, atol=1e-4), (n_l, l)
            assert torch.allclose(net.dL_db[l], net.fc[str(l)].bias.grad, atol=1e-4), (n_l, l)
    print("alt stemmer :-)")


test_alt()

# ---- tren
from torchvision.datasets import FashionMNIST

data = FashionMNIST("./fashion", train=True, download=True)
x = data.data.double().flatten(1) / 255
y = torch.eye(10)[data.targets]
net = MyNet([784, 200, 10])
for epoke in range(50):
    for i in range(60000):
        ut = net(x[i : i + 1])
        backpropagation(net, y[i : i + 1], ut)
        with torch.no_grad():
            for l in range(1, net.L + 1):
                net.fc[str(l)].weight -= 0.001 * net.dL_dw[l]
                net.fc[str(l)].bias -= 0.001 * net.dL_db[l]
    print("epoke", epoke)
