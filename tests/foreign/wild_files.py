"""Right files as students, courses and researchers write them, each with one mistake: cells, losses, bases, steps."""

from pairs_of_strangers import Case

CELL = """\
import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, ba = parameters["Wax"], parameters["Waa"], parameters["ba"]
    a_next = np.tanh(Waa @ a_prev + Wax @ xt + ba)
    yt_pred = parameters["Wya"] @ a_next + parameters["by"]
    return a_next, yt_pred, (a_next, a_prev, xt, parameters)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dtanh = (1 - a_next ** 2) * da_next
    return {"dxt": parameters["Wax"].T @ dtanh, "da_prev": parameters["Waa"].T @ dtanh, "dWax": dtanh @ xt.T,
            "dWaa": dtanh @ a_prev.T, "dba": np.sum(dtanh, axis=1, keepdims=True)}
"""

STATIC = """\
class LayerNorm:
    @staticmethod
    def forward(x, w, b):
        C = x.size(-1)
        xshift = x - x.sum(-1, keepdim=True) / C
        rstd = ((xshift ** 2).sum(-1, keepdim=True) / C + 1e-5) ** -0.5
        return xshift * rstd * w + b, (xshift * rstd, w, rstd)

    @staticmethod
    def backward(dout, cache):
        norm, w, rstd = cache
        dnorm = dout * w
        dx = (dnorm - dnorm.mean(-1, keepdim=True) - norm * (dnorm * norm).mean(-1, keepdim=True)) * rstd
        return dx, (dout * norm).flatten(0, -2).sum(0), dout.flatten(0, -2).sum(0)
"""

STEP = """\
def compute_error_for_line_given_points(b, m, points):
    return sum((points[i, 1] - (m * points[i, 0] + b)) ** 2 for i in range(len(points))) / float(len(points))

def step_gradient(b_current, m_current, points, learningRate):
    b_gradient, m_gradient, N = 0, 0, float(len(points))
    for i in range(len(points)):
        x, y = points[i, 0], points[i, 1]
        b_gradient += -(2 / N) * (y - (m_current * x + b_current))
        m_gradient += -(2 / N) * x * (y - (m_current * x + b_current))
    new_b = b_current - learningRate * b_gradient
    new_m = m_current - learningRate * m_gradient
    return [new_b, new_m]
"""

FACTORS = """\
import numpy as np

def cofiCostFunc(params, Y, R, num_users, num_movies, num_features, lam):
    X = params[:num_movies * num_features].reshape(num_movies, num_features)
    Theta = params[num_movies * num_features:].reshape(num_users, num_features)
    error = (X @ Theta.T - Y) * R
    J = np.sum(error ** 2) / 2 + lam / 2 * np.sum(params ** 2)
    X_grad = error @ Theta + lam * X
    grad = np.concatenate([X_grad.ravel(), (error.T @ X + lam * Theta).ravel()])
    return J, grad
"""

SAMPLES = """\
import numpy as np

def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=10):
    drawn = [dataset.sampleTokenIdx() for _ in range(K)]
    sign = np.array([1.0] + [-1.0] * K)
    vectors = outsideVectors[[outsideWordIdx] + drawn]
    s = 1 / (1 + np.exp(-sign * (vectors @ centerWordVec)))
    loss = -np.log(s).sum()
    delta = (s - 1) * sign
    gradOutsideVecs = np.zeros_like(outsideVectors)
    for k, d in zip([outsideWordIdx] + drawn, delta):
        gradOutsideVecs[k] += d * centerWordVec
    gradCenterVec = vectors.T @ delta
    return loss, gradCenterVec, gradOutsideVecs
"""

GUARDED = """\
import numpy as np

class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = e / e.sum(axis=1, keepdims=True), t
        delta = 1e-7
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + delta)) / len(t)

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx / len(self.t)
"""

ARM = """\
import numpy as np

def forward_kinematics(q):
    return np.array([np.cos(q[0]) + 0.7 * np.cos(q[0] + q[1]), np.sin(q[0]) + 0.7 * np.sin(q[0] + q[1])])

def jacobian(q):
    s, c = np.sin(q[0] + q[1]), np.cos(q[0] + q[1])
    return np.array([[-np.sin(q[0]) - 0.7 * s, -0.7 * s], [np.cos(q[0]) + 0.7 * c, 0.7 * c]])
"""

BASIS = """\
import numpy as np

def basis(t):
    return np.stack([(1 - t) ** 2, 2 * t * (1 - t), t ** 2], -1)

def basis_derivative(t):
    return np.stack([-2 * (1 - t), 2 - 4 * t, 2 * t], -1)
"""

REGISTERED = """\
import torch

@torch.library.custom_op("wild::sin_scaled", mutates_args=())
def sin_scaled(x: torch.Tensor, s: float) -> torch.Tensor:
    return torch.sin(x) * s

def setup_context(ctx, inputs, output):
    ctx.x, ctx.s = inputs

def backward(ctx, grad_out):
    return grad_out * torch.cos(ctx.x) * ctx.s, None

torch.library.register_autograd("wild::sin_scaled", backward, setup_context=setup_context)
"""

CRITIC = """\
import numpy as np

def discriminator_loss(real_logits, fake_logits):
    loss = np.mean(np.logaddexp(0, -real_logits)) + np.mean(np.logaddexp(0, fake_logits))
    d_real = -1 / (1 + np.exp(real_logits)) / len(real_logits)
    d_fake = 1 / (1 + np.exp(-fake_logits)) / len(fake_logits)
    return loss, (d_real, d_fake)
"""

CASES = {
    "a cell with a dict": Case(CELL, '["Waa"].T @', '["Waa"] @', ("rnn_cell",), ""),
    "static methods in torch": Case(STATIC, "(dnorm * norm)", "(dout * norm)", ("LayerNorm.backward",), "of x"),
    "a step": Case(STEP, "* x * (y -", "* (y -", ("step_gradient",), "b_current, m_current"),
    "sizes as arguments": Case(FACTORS, "error @ Theta +", "error @ Theta / 2 +", ("cofiCostFunc",), "of params"),
    "a dataset that draws": Case(
        SAMPLES, "gradOutsideVecs[k] +=", "gradOutsideVecs[k] =", ("negSamplingLossAndGradient",), "outsideVectors"
    ),
    "a tiny constant in the logarithm": Case(
        GUARDED, "return dx / len(self.t)", "return dx", ("SoftmaxWithLoss.backward",), "gradient of x"
    ),
    "a Jacobian": Case(ARM, "0.7 * c, 0.7 * c]]", "0.7 * c, c]]", ("forward_kinematics",), ""),
    "a basis": Case(BASIS, "2 - 4 * t", "2 - 2 * t", ("basis",), "gradient of t"),
    "an operator by its text": Case(REGISTERED, "(ctx.x) * ctx.s", "(ctx.x)", ("sin_scaled",), "gradient of x"),
    "one number per sample": Case(CRITIC, " / len(fake_logits)", "", ("discriminator_loss",), "of fake_logits"),
}  # fmt: skip
