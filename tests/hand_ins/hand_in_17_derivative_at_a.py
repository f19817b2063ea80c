import torch
import torch.nn as nn

torch.set_default_dtype(torch.float64)

# ----------------------------------------------------------------------
# Aktiveringsfunksjoner
# ----------------------------------------------------------------------


def tanh(x):
    return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


def tanh_derivert(x):
    return 1 - tanh(x) ** 2


def relu(x):
    return torch.maximum(x, torch.zeros_like(x))


def relu_derivert(x):
    return torch.where(x > 0, 1.0, 0.0)


class MyNet(nn.Module):
    def __init__(self, n_l):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {}
        self.a = {}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {}
        self.df = {}
        self.fc = nn.ModuleDict()
        for lag in range(1, self.L + 1):
            self.f[lag] = tanh
            self.df[lag] = tanh_derivert
            self.fc[str(lag)] = nn.Linear(n_l[lag - 1], n_l[lag])

    def forward(self, x):
        self.a[0] = x
        for lag in range(1, self.L + 1):
            self.z[lag] = self.fc[str(lag)](self.a[lag - 1])
            self.a[lag] = self.f[lag](self.z[lag])
        return self.a[self.L]


class Tilbake:
    """Samler det som trengs for ett lag."""

    def __init__(self, model, lag):
        self.lag = lag
        self.vekter = model.fc[str(lag)].weight.detach()
        self.inn = model.a[lag - 1].detach()
        self.ut = model.a[lag].detach()
        self.derivert = model.df[lag](self.ut)

    def gradienter(self, delta):
        return delta.T @ self.inn, delta.sum(axis=0)

    def nedover(self, delta):
        return delta @ self.vekter


def backpropagation(model, y_true, y_pred):
    feil = -2 * (y_true.detach() - y_pred.detach())
    for lag in range(model.L, 0, -1):
        t = Tilbake(model, lag)
        delta = feil * t.derivert
        model.dL_dw[lag], model.dL_db[lag] = t.gradienter(delta)
        feil = t.nedover(delta)


if __name__ == "__main__":
    import matplotlib.pyplot as plt

    net = MyNet([1, 20, 20, 1])
    x = torch.linspace(-3, 3, 200).reshape(-1, 1)
    y = torch.sin(2 * x)
    tap = []
    for i in range(200_000):
        ut = net(x)
        backpropagation(net, y, ut)
        for lag in range(1, net.L + 1):
            net.fc[str(lag)].weight.data -= 1e-4 * net.dL_dw[lag]
            net.fc[str(lag)].bias.data -= 1e-4 * net.dL_db[lag]
        if i % 1000 == 0:
            tap.append(torch.sum((y - ut) ** 2).item())
            print(i, tap[-1])
    plt.plot(x, y, label="fasit")
    plt.plot(x, net(x).detach(), label="nettet")
    plt.legend()
    plt.show()
