from torch import *
from builtins import range, all, any, sum     # torch has its own of these
from torch import nn
from time import perf_counter
import warnings

warnings.filterwarnings("ignore")

set_default_dtype(float64)
manual_seed(2024)


class MyNet(nn.Module):
    def __init__(self, n_l):
        nn.Module.__init__(self)
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {}
        self.a = {}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {l: tanh for l in range(1, self.L + 1)}
        self.df = {l: (lambda z: 1 - tanh(z) ** 2) for l in range(1, self.L + 1)}
        self.fc = nn.ModuleDict({str(l): nn.Linear(n_l[l - 1], n_l[l]) for l in range(1, self.L + 1)})

    def forward(self, x):
        self.a[0] = flatten(x, 1)
        for l in range(1, self.L + 1):
            self.z[l] = self.fc[str(l)](self.a[l - 1])
            self.a[l] = self.f[l](self.z[l])
        return self.a[self.L]


def timed(fn):
    """print how long a call took, only for the slow ones"""

    def wrapper(*args, **kwargs):
        t0 = perf_counter()
        result = fn(*args, **kwargs)
        t1 = perf_counter()
        if t1 - t0 > 60:
            print(fn.__name__, "used", t1 - t0, "s")
        return result

    return wrapper


@timed
@no_grad()
def backpropagation(model, y_true, y_pred):
    d = mul(sub(y_pred, y_true), 2)
    for l in range(model.L, 0, -1):
        d = mul(d, model.df[l](model.z[l]))
        model.dL_dw[l] = matmul(transpose(d, 0, 1), model.a[l - 1])
        model.dL_db[l] = mean(d, dim=0)
        d = matmul(d, model.fc[str(l)].weight)


net = MyNet([8, 6, 4, 2])
x, y = randn(1, 8), randn(1, 2)
out = net(x)
backpropagation(net, y, out)
square(y - out).sum().backward()
for l in range(1, net.L + 1):
    print(allclose(net.dL_dw[l], net.fc[str(l)].weight.grad), allclose(net.dL_db[l], net.fc[str(l)].bias.grad))

# training
x, y = randn(10000, 8), rand(10000, 2)
for epoch in range(5000):
    for i in randperm(10000).split(100):
        out = net(x[i])
        backpropagation(net, y[i], out)
        with no_grad():
            for l in range(1, net.L + 1):
                net.fc[str(l)].weight.sub_(net.dL_dw[l], alpha=1e-4)
                net.fc[str(l)].bias.sub_(net.dL_db[l], alpha=1e-4)
    if epoch % 100 == 0:
        print(epoch, square(y - net(x)).sum().item())
