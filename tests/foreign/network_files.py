"""Networks by hand as people write them in functions and classes, right, and what makes each wrong."""

from __future__ import annotations

SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"

DICTS = SIGMOID + """
def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = sigmoid(parameters["W2"] @ A1 + parameters["b2"])
    return A2, {"A1": A1, "A2": A2}
def compute_cost(A2, Y):
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]
def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    A1, A2 = cache["A1"], cache["A2"]
    dZ2 = A2 - Y
    dZ1 = parameters["W2"].T @ dZ2 * (1 - A1**2)
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m,
            "dW2": dZ2 @ A1.T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m}
"""

LOOPS = """
def relu(z):
    return np.maximum(0, z)
def model_forward(X, params):
    caches, A = [], X
    for l in range(1, 3):
        caches.append(A)
        Z = A @ params["W" + str(l)] + params["b" + str(l)]
        A = relu(Z) if l < 2 else Z
    return A, caches
def mse_loss(y_hat, y):
    return ((y_hat - y) ** 2).mean()
def model_backward(y_hat, y, caches, params):
    grads = {}
    dZ = 2 * (y_hat - y) / y.size
    for l in (2, 1):
        grads[f"dW{l}"] = caches[l - 1].T @ dZ
        grads[f"db{l}"] = dZ.sum(axis=0)
        dZ = dZ @ params[f"W{l}"].T * (caches[l - 1] > 0)
    return grads
"""

UNPACKED = """
def forward(X, weights):
    W1, b1, W2, b2 = weights
    h = np.tanh(X @ W1 + b1)
    return h @ W2 + b2, h
def backward(X, y, out, h, weights):
    W1, b1, W2, b2 = weights
    d = (out - y) / len(X)
    dh = d @ W2.T * (1 - h * h)
    return X.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0)
"""

BESIDE = SIGMOID + """
def cost_function(theta, X, y, lambda_):
    m, h = len(y), sigmoid(X @ theta)
    return (-y @ np.log(h) - (1 - y) @ np.log(1 - h)) / m + lambda_ / (2 * m) * np.sum(theta[1:] ** 2)
def gradient(theta, X, y, lambda_):
    m = len(y)
    grad = X.T @ (sigmoid(X @ theta) - y) / m
    grad[1:] += lambda_ / m * theta[1:]
    return grad
"""

BIAS_FIRST = """
def compute_cost(X, y, w, b):
    return ((X @ w + b - y) ** 2).sum() / (2 * len(y))
def compute_gradient(X, y, w, b):
    off = X @ w + b - y
    dj_dw, dj_db = X.T @ off / len(y), off.sum() / len(y)
    return dj_db, dj_dw
"""

COST_LAST = SIGMOID + """
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    grads = {"dw": X @ (A - Y).T / m, "db": np.sum(A - Y, axis=1, keepdims=True) / m}
    return grads, cost
"""

SPARED = SIGMOID + """
def gradient(theta, X, y, lambda_):
    grad = X.T @ (sigmoid(X @ theta) - y) / len(y)
    grad[1:] += lambda_ / len(y) * theta[1:]
    return grad
"""

STEPS = SIGMOID + """
class NeuralNetwork:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.b1 = np.random.randn(n_in, n_hidden), np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out)
        self.b2 = np.zeros((1, n_out))
    def forward(self, X):
        self.a1 = sigmoid(X @ self.W1 + self.b1)
        self.a2 = sigmoid(self.a1 @ self.W2 + self.b2)
        return self.a2
    def backward(self, X, y, learning_rate):
        m = X.shape[0]
        d2 = (self.a2 - y) * self.a2 * (1 - self.a2)
        d1 = d2 @ self.W2.T * self.a1 * (1 - self.a1)
        self.W2 -= learning_rate * self.a1.T @ d2 / m
        self.b2 -= learning_rate * d2.sum(axis=0, keepdims=True) / m
        self.W1 -= learning_rate * X.T @ d1 / m
        self.b1 -= learning_rate * d1.sum(axis=0, keepdims=True) / m
"""

LISTS = SIGMOID + """
class Network:
    def __init__(self, sizes):
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, m) for m, n in zip(sizes[:-1], sizes[1:])]
    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(w @ a + b)
        return a
    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activations = [x]
        for b, w in zip(self.biases, self.weights):
            activations.append(sigmoid(w @ activations[-1] + b))
        delta = self.cost_derivative(activations[-1], y) * activations[-1] * (1 - activations[-1])
        nabla_b[-1], nabla_w[-1] = delta, delta @ activations[-2].T
        delta = self.weights[-1].T @ delta * activations[-2] * (1 - activations[-2])
        nabla_b[-2], nabla_w[-2] = delta, delta @ activations[-3].T
        return nabla_b, nabla_w
    def cost_derivative(self, output_activations, y):
        return output_activations - y
"""

QUERY = """
class Net:
    def __init__(self, inputnodes, hiddennodes, outputnodes, learningrate):
        self.wih = np.random.normal(0.0, 1.0, (hiddennodes, inputnodes))
        self.who = np.random.normal(0.0, 1.0, (outputnodes, hiddennodes))
        self.lr = learningrate
        self.f = lambda x: 1 / (1 + np.exp(-x))
    def train(self, inputs_list, targets_list):
        inputs, targets = (np.array(v, ndmin=2).T for v in (inputs_list, targets_list))
        hidden = self.f(self.wih @ inputs)
        out = self.f(self.who @ hidden)
        errors = (targets - out) * out * (1 - out)
        back = self.who.T @ errors
        self.who += self.lr * errors @ hidden.T
        self.wih += self.lr * (back * hidden * (1 - hidden)) @ inputs.T
    def query(self, inputs_list):
        inputs = np.array(inputs_list, ndmin=2).T
        return self.f(self.who @ self.f(self.wih @ inputs))
"""

OWN_COST = """
class Ridge:
    def __init__(self, n_features):
        self.w = np.zeros(n_features)
        self.b = np.zeros(1)
    def predict(self, X):
        return X @ self.w + self.b
    def loss(self, X, y):
        return ((self.predict(X) - y) ** 2).mean() + 0.5 * (self.w**2).sum()
    def gradients(self, X, y):
        off = 2 * (self.predict(X) - y) / len(y)
        self.dw = X.T @ off + self.w
        self.db = off.sum(keepdims=True)
"""

NETWORKS: dict[str, tuple[str, tuple[str, str]]] = {
    "a dict of parameters": (DICTS, ("(1 - A1**2)", "(1 - A1)")),
    "keys made in a loop": (LOOPS, ("2 * (y_hat - y) / y.size", "(y_hat - y) / y.size")),
    "a list that is taken apart": (UNPACKED, ("(1 - h * h)", "(1 - h)")),
    "a cost beside its gradient": (BESIDE, ("grad[1:] += lambda_ / m * theta[1:]", "grad += lambda_ / m * theta")),
    "the bias's gradient first": (BIAS_FIRST, ("off.sum() / len(y)", "off.sum()")),
    "gradients before their cost": (COST_LAST, ("X @ (A - Y).T / m", "X @ (Y - A).T / m")),
    "a class that takes a step": (STEPS, ("d2 @ self.W2.T * self.a1 * (1 - self.a1)", "d2 @ self.W2.T * self.a1")),
    "a class with lists": (LISTS, ("self.weights[-1].T @ delta * activations[-2]", "self.weights[-1].T @ delta")),
    "a class that is asked": (QUERY, ("back = self.who.T @ errors", "back = self.who.T @ (targets - out)")),
    "a class with its loss": (OWN_COST, ("X.T @ off + self.w", "X.T @ off + 0.5 * self.w")),
}  # fmt: skip
