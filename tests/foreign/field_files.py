"""Files as people of many fields write them: survival times, t-SNE, ratings, policies, costs of a network."""

COX = """
import numpy as np

def cox_neg_log_partial_likelihood(beta, X, time, event):
    order = np.argsort(-time)
    X, event = X[order], event[order]
    log_risk = np.log(np.cumsum(np.exp(X @ beta)))
    return -np.sum(event * (X @ beta - log_risk))

def cox_gradient(beta, X, time, event):
    order = np.argsort(-time)
    X, event = X[order], event[order]
    r = np.exp(X @ beta)
    mean = np.cumsum(r[:, None] * X, axis=0) / np.cumsum(r)[:, None]
    return -np.sum(event[:, None] * (X - mean), axis=0)
"""

COX_LOOP = """
import numpy as np

def neg_partial_log_likelihood(beta, X, durations, events):
    loglik, grad = 0.0, np.zeros_like(beta)
    for i in range(len(durations)):
        if events[i] == 1:
            at_risk = durations >= durations[i]
            w = np.exp(X[at_risk] @ beta)
            loglik += X[i] @ beta - np.log(w.sum())
            grad += X[i] - (w @ X[at_risk]) / w.sum()
    return -loglik, -grad
"""

TSNE = """
import numpy as np

def q_of(Y):
    s = np.sum(Y ** 2, axis=1)
    num = 1 / (1 + s[:, None] + s - 2 * Y @ Y.T)
    np.fill_diagonal(num, 0.0)
    return num / num.sum(), num

def kl_divergence(Y, P):
    Q, _ = q_of(Y)
    return np.sum(P * np.log((P + 1e-12) / (Q + 1e-12)))

def tsne_grad(Y, P):
    Q, num = q_of(Y)
    PQ = (P - Q) * num
    grad = np.zeros_like(Y)
    for i in range(len(Y)):
        grad[i] = 4 * np.sum(PQ[:, i][:, None] * (Y[i] - Y), axis=0)
    return grad
"""

POLICY = """
import numpy as np

def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()

def log_prob(theta, state, action):
    return np.log(softmax(theta.T @ state)[action])

def grad_log_prob(theta, state, action):
    probs = softmax(theta.T @ state)
    onehot = np.zeros_like(probs)
    onehot[action] = 1
    return np.outer(state, onehot - probs)
"""

RATINGS = """
import numpy as np

def cost(U, V, R, lam):
    err = (R != 0) * (U @ V.T - R)
    return 0.5 * (err ** 2).sum() + lam / 2 * ((U ** 2).sum() + (V ** 2).sum())

def grad(U, V, R, lam):
    err = (R != 0) * (U @ V.T - R)
    return err @ V + lam * U, err.T @ U + lam * V
"""

FACTORS = """
import numpy as np

class MF:
    def __init__(self, n_users, n_items, k=3, reg=0.1):
        self.P = np.random.normal(scale=0.5, size=(n_users, k))
        self.Q = np.random.normal(scale=0.5, size=(n_items, k))
        self.reg = reg

    def loss(self, R, mask):
        E = mask * (R - self.P @ self.Q.T)
        return 0.5 * np.sum(E ** 2) + 0.5 * self.reg * (np.sum(self.P ** 2) + np.sum(self.Q ** 2))

    def gradients(self, R, mask):
        E = mask * (R - self.P @ self.Q.T)
        dP = -E @ self.Q + self.reg * self.P
        dQ = -E.T @ self.P + self.reg * self.Q
        return dP, dQ
"""

COSTS = """
import numpy as np

class QuadraticCost(object):
    @staticmethod
    def fn(a, y):
        return 0.5*np.linalg.norm(a-y)**2

    @staticmethod
    def delta(z, a, y):
        return (a-y) * sigmoid_prime(z)

class CrossEntropyCost(object):
    @staticmethod
    def fn(a, y):
        return np.sum(np.nan_to_num(-y*np.log(a)-(1-y)*np.log(1-a)))

    @staticmethod
    def delta(z, a, y):
        return (a - y)

def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z)*(1-sigmoid(z))
"""

HINGE = """
import numpy as np

def compute_cost(W, X, Y):
    distances = 1 - Y * np.dot(X, W)
    distances[distances < 0] = 0
    return 0.5 * np.dot(W, W) + 10 * np.sum(distances) / len(X)

def calculate_cost_gradient(W, X_batch, Y_batch):
    distance = 1 - Y_batch * np.dot(X_batch, W)
    dw = np.zeros(len(W))
    for k, d in enumerate(distance):
        dw += W if max(0, d) == 0 else W - 10 * Y_batch[k] * X_batch[k]
    return dw / len(Y_batch)
"""

ONE_ROW = """
import numpy as np

def cost(w, X, y):
    h = 1 / (1 + np.exp(-X @ w))
    return 0.5 * np.sum((h - y) ** 2)

def gradient(w, X, y):
    h = 1 / (1 + np.exp(-X @ w))
    return X.T @ ((h - y) * h * (1 - h))
"""
