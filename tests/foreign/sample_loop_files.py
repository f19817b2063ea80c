"""Training loops over samples or batches, as people write them."""

SAMPLES = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def train_logistic(X, y, lr=0.1, epochs=10):
    n, d = X.shape
    w = np.zeros(d)
    b = 0.0
    for epoch in range(epochs):
        total_loss = 0
        for i in range(n):
            z = np.dot(w, X[i]) + b
            p = sigmoid(z)
            total_loss += -(y[i] * np.log(p) + (1 - y[i]) * np.log(1 - p))
            dz = p - y[i]
            w -= lr * dz * X[i]
            b -= lr * dz
        print(epoch, total_loss / n)
    return w, b
"""

NEURON = """\
inputs = [1.0, 2.0, 3.0]
targets = [3.0, 5.0, 7.0]
weight = 0.1
bias = 0.0
lr = 0.01
for epoch in range(200):
    loss = 0
    for x, y in zip(inputs, targets):
        error = weight * x + bias - y
        loss += error**2
        weight -= lr * 2 * error * x
        bias -= lr * 2 * error
    print(epoch, loss)
"""

BATCHES = """\
import numpy as np

X = np.random.randn(200, 5)
y = X @ np.array([1.0, -2.0, 0.5, 3.0, 0.0]) + 0.5
w = np.zeros(5)
b = 0.0
lr = 0.05
batch_size = 20
for epoch in range(10):
    perm = np.random.permutation(len(X))
    X_shuffled, y_shuffled = X[perm], y[perm]
    for i in range(0, len(X), batch_size):
        xb = X_shuffled[i:i + batch_size]
        yb = y_shuffled[i:i + batch_size]
        err = xb @ w + b - yb
        grad_w = 2 * xb.T @ err / len(xb)
        grad_b = 2 * err.mean()
        w -= lr * grad_w
        b -= lr * grad_b
    print(epoch, np.mean((X @ w + b - y) ** 2))
"""

DRAWN = """\
import numpy as np

def sgd(X, y, lr=0.01, n_iters=1000):
    w = np.zeros(X.shape[1])
    b = 0
    for _ in range(n_iters):
        i = np.random.randint(len(X))
        xi, yi = X[i], y[i]
        err = xi @ w + b - yi
        w -= lr * 2 * err * xi
        b -= lr * 2 * err
    return w, b
"""

ADDED_UP = """\
def gradient_descent(x, y, m, c, lr, epochs):
    n = len(x)
    for _ in range(epochs):
        dm = 0
        dc = 0
        for i in range(n):
            y_pred = m * x[i] + c
            dm += (-2 / n) * x[i] * (y[i] - y_pred)
            dc += (-2 / n) * (y[i] - y_pred)
        m = m - lr * dm
        c = c - lr * dc
    return m, c
"""

NETWORK = """\
import numpy as np

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([[0], [1], [1], [0]])

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

W1 = np.random.randn(2, 4)
b1 = np.zeros(4)
W2 = np.random.randn(4, 1)
b2 = np.zeros(1)
lr = 0.5
for epoch in range(1000):
    for x, y in zip(X, Y):
        h = sigmoid(x @ W1 + b1)
        o = sigmoid(h @ W2 + b2)
        d_o = (o - y) * o * (1 - o)
        d_h = (W2 @ d_o) * h * (1 - h)
        W2 -= lr * np.outer(h, d_o)
        b2 -= lr * d_o
        W1 -= lr * np.outer(x, d_h)
        b1 -= lr * d_h
"""

SOFTMAX = """\
import numpy as np

def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()

class SoftmaxClassifier:
    def __init__(self, n_features, n_classes, lr=0.1):
        self.W = np.random.randn(n_features, n_classes) * 0.01
        self.b = np.zeros(n_classes)
        self.lr = lr

    def fit(self, X, y, epochs=10):
        for epoch in range(epochs):
            for xi, yi in zip(X, y):
                p = softmax(xi @ self.W + self.b)
                p[yi] -= 1
                self.W -= self.lr * np.outer(xi, p)
                self.b -= self.lr * p
"""

MACHINE = """\
import numpy as np

class SVM:
    def __init__(self, learning_rate=0.001, lambda_param=0.01, n_iters=1000):
        self.lr = learning_rate
        self.lambda_param = lambda_param
        self.n_iters = n_iters
        self.w = None
        self.b = None

    def fit(self, X, y):
        n_samples, n_features = X.shape
        y_ = np.where(y <= 0, -1, 1)
        self.w = np.zeros(n_features)
        self.b = 0
        for _ in range(self.n_iters):
            for idx, x_i in enumerate(X):
                condition = y_[idx] * (np.dot(x_i, self.w) - self.b) >= 1
                if condition:
                    self.w -= self.lr * (2 * self.lambda_param * self.w)
                else:
                    self.w -= self.lr * (2 * self.lambda_param * self.w - np.dot(x_i, y_[idx]))
                    self.b -= self.lr * y_[idx]
"""

MACHINE_OF_ALL = """\
import numpy as np

class LinearSVM:
    def __init__(self, C=1.0, lr=0.001, epochs=100):
        self.C, self.lr, self.epochs = C, lr, epochs

    def fit(self, X, y):
        self.w = np.zeros(X.shape[1])
        self.b = 0
        for epoch in range(self.epochs):
            margin = y * (X @ self.w + self.b)
            mask = margin < 1
            grad_w = self.w - self.C * X[mask].T @ y[mask]
            grad_b = -self.C * np.sum(y[mask])
            self.w -= self.lr * grad_w
            self.b -= self.lr * grad_b
        return self
"""

COUNTS = """\
import numpy as np

class PoissonRegression:
    def __init__(self, lr=0.01, n_iter=1000):
        self.lr, self.n_iter = lr, n_iter

    def fit(self, X, y):
        n, d = X.shape
        self.beta = np.zeros(d)
        self.intercept = 0.0
        for _ in range(self.n_iter):
            mu = np.exp(X @ self.beta + self.intercept)
            self.beta -= self.lr * X.T @ (mu - y) / n
            self.intercept -= self.lr * np.mean(mu - y)
        return self
"""
