#!/usr/bin/python3
"""Reference values of Student's t: writes student_t.csv, mvt.csv, special.csv and student_tails.csv.

student_t.csv: one distribution and one number y a line, by PyTorch's StudentT in float64; entropy and cdf by SciPy's
functions, the cdf's derivatives by its density. Inputs are float32 numbers.

mvt.csv: PyTorch's autograd of the formula written out, which SciPy's multivariate_t confirms. One number a row, tensors
one behind the other; the C test has the same table of cases. Inputs are multiples of 1/64, exact in float too.

special.csv, student_tails.csv: the functions of src/kernels/special.h over their whole range, by mpmath with 60 digits,
where PyTorch and SciPy lose theirs (df = 1e12); SciPy confirms them where it has digits.

    python3 tests/reference/student_t.py        (made with PyTorch 1.13, SciPy 1.10, mpmath 1.2)
"""
import csv
import itertools
import math
import os

import mpmath
import numpy as np
import scipy.special
import scipy.stats
import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20240702)
rng = np.random.default_rng(20240702)
mpmath.mp.dps = 60
here = os.path.dirname(os.path.abspath(__file__))


class Digamma(torch.autograd.Function):
    """SciPy's, because PyTorch 1.13's has ten digits."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tensor(scipy.special.psi(x.detach().numpy()))

    @staticmethod
    def backward(ctx, g):
        return g * torch.tensor(scipy.special.polygamma(1, ctx.saved_tensors[0].numpy()))


def entropy_of_standard(df, d):
    constant = torch.lgamma(df / 2) - torch.lgamma((df + d) / 2) + d / 2 * torch.log(df * math.pi)
    return (df + d) / 2 * (Digamma.apply((df + d) / 2) - Digamma.apply(df / 2)) + constant


def write(name, columns):
    with open(os.path.join(here, name), "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[repr(float(v)) for v in row] for row in zip(*columns.values())])


# ---- numbers

def given(array):
    return torch.tensor(np.asarray(array, np.float32).astype(np.float64), requires_grad=True)


n = 48
df, scale = given(10 ** rng.uniform(-1, 2, n)), given(10 ** rng.uniform(-2, 2, n))
loc = given(rng.normal(0, 2, n))
z = np.concatenate([rng.standard_t(1.5, n - 8), [0, -6, 6, -30, 30, 1e3, -1e3, 0.01]])
y = given((loc + scale * torch.tensor(z)).detach().numpy())
p = torch.distributions.StudentT(df, loc, scale)
inputs = {"df": df, "loc": loc, "scale": scale, "y": y}
log_prob, entropy = p.log_prob(y), entropy_of_standard(df, 1) + scale.log()
assert torch.allclose(entropy, p.entropy(), rtol=1e-8)
columns = {**inputs, "log_prob": log_prob, "entropy": entropy}
for name, f, of in (("log_prob", log_prob, inputs), ("entropy", entropy, {"df": df, "scale": scale})):
    for x, g in zip(of, torch.autograd.grad(f.sum(), of.values())):
        columns[f"d{name}_d{x}"] = g
columns = {name: column.detach().numpy() for name, column in columns.items()}
standard = (columns["y"] - columns["loc"]) / columns["scale"]
density = scipy.stats.t.pdf(standard, columns["df"]) / columns["scale"]
columns["cdf"] = scipy.stats.t.cdf(standard, columns["df"])
columns.update(dcdf_dloc=-density, dcdf_dscale=-density * standard, dcdf_dy=density)
write("student_t.csv", columns)

# ---- vectors

out = []


def put(*tensors):
    for tensor in tensors:
        out.extend(tensor.detach().reshape(-1).tolist())


def dyadic(*shape):
    return torch.round(torch.randn(shape) * 64) / 64


def factor(batch, d):
    lower = torch.tril(torch.round(torch.randn(*batch, d, d) / d**0.5 * 64) / 64, -1)
    diagonal = torch.round((0.25 + torch.rand((*batch, d)) * 1.5) * 64) / 64
    return lower + torch.diag_embed(diagonal)


def mvt_log_prob(df, loc, scale_tril, y):
    d = loc.shape[-1]
    batch = torch.broadcast_shapes(df.shape, loc.shape[:-1], scale_tril.shape[:-2], y.shape[:-1])
    difference = (y - loc).expand(*batch, d).unsqueeze(-1)
    solved = torch.linalg.solve_triangular(scale_tril.expand(*batch, d, d), difference, upper=False)
    m = solved.squeeze(-1).square().sum(-1)
    log_det = scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    constant = torch.lgamma((df + d) / 2) - torch.lgamma(df / 2) - d / 2 * torch.log(df * math.pi)
    return constant - log_det - (df + d) / 2 * torch.log1p(m / df)


def mvt_entropy(df, scale_tril):
    d = scale_tril.shape[-1]
    return entropy_of_standard(df, d) + scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def confirm(df, loc, scale_tril, y, log_prob):
    batch = log_prob.shape
    for i in np.ndindex(*batch):
        one = [torch.broadcast_to(x.detach(), (*batch, *x.shape[x.dim() - k:]))[i].numpy()
               for x, k in ((df, 0), (loc, 1), (scale_tril, 2), (y, 1))]
        wanted = scipy.stats.multivariate_t.logpdf(one[3], one[1], one[2] @ one[2].T, df=float(one[0]))
        assert abs(wanted - log_prob[i].item()) < 1e-9 * max(1, abs(wanted))


def case(d, *batches):
    df = (torch.round((2.25 + 8 * torch.rand(batches[0])) * 64) / 64).requires_grad_()
    loc = dyadic(*batches[1], d).requires_grad_()
    scale_tril = factor(batches[2], d).requires_grad_()
    y = (dyadic(*batches[3], d) * 2).requires_grad_()
    lower = torch.tril(scale_tril)
    put(df, loc, scale_tril, y)
    log_prob = mvt_log_prob(df, loc, lower, y)
    confirm(df, loc, lower, y, log_prob)
    spread = (df / (df - 2)).unsqueeze(-1)
    batch = torch.broadcast_shapes(df.shape, loc.shape[:-1], scale_tril.shape[:-2])
    methods = [(log_prob, (df, loc, scale_tril, y)),
               (torch.broadcast_to(mvt_entropy(df, lower), batch), (df, scale_tril))]
    if d < 8:
        variance, covariance = lower.square().sum(-1) * spread, lower @ lower.mT * spread.unsqueeze(-1)
        methods += [(torch.broadcast_to(variance, (*batch, d)), (df, scale_tril)),
                    (torch.broadcast_to(covariance, (*batch, d, d)), (df, scale_tril))]
    for value, of in methods:
        seed = dyadic(*value.shape)
        put(seed, value, *torch.autograd.grad(value, of, seed, retain_graph=True))


for batches in itertools.product(((), (2,)), repeat=4):
    case(2, *batches)
for d in 1, 3, 8:
    case(d, (), (), (), ())
    case(d, (2,), (2,), (2,), (2,))
    case(d, (2,), (), (), (2,))
case(2, (3, 1), (1, 2), (1,), (2,))
case(3, (2,), (1, 2), (2, 1), ())
case(33, (2,), (), (), (2,))
write("mvt.csv", {"value": out})

# ---- special functions

dfs = [0.01, 0.1, 0.5, 1, 1.5, 2, 3, 4.75, 10, 31, 33, 100, 1e4, 1e6, 1e9, 1e12]


def log_kernel(df, d, m):
    a, h = mpmath.mpf(df) / 2, mpmath.mpf(d) / 2
    return mpmath.loggamma(a + h) - mpmath.loggamma(a) - h * mpmath.log(a) - (a + h) * mpmath.log1p(m / (2 * a))


def log_kernel_slope(df, d, m):
    a, h = mpmath.mpf(df) / 2, mpmath.mpf(d) / 2
    u = m / (2 * a)
    return (mpmath.psi(0, a + h) - mpmath.psi(0, a) - h / a - mpmath.log1p(u) + (a + h) * u / a / (1 + u)) / 2


def entropy_of(df, d):
    a, h = mpmath.mpf(df) / 2, mpmath.mpf(d) / 2
    return ((a + h) * (mpmath.psi(0, a + h) - mpmath.psi(0, a)) + mpmath.loggamma(a) - mpmath.loggamma(a + h)
            + h * mpmath.log(2 * a * mpmath.pi))


def entropy_slope(df, d):
    a, h = mpmath.mpf(df) / 2, mpmath.mpf(d) / 2
    return (h / a + (a + h) * (mpmath.psi(1, a + h) - mpmath.psi(1, a))) / 2


def lower_tail(df, t):
    """P(T <= -t), t >= 0."""
    nu, t = mpmath.mpf(df), mpmath.mpf(t)
    if df < 1e5:
        return mpmath.betainc(nu / 2, mpmath.mpf(1) / 2, 0, nu / (nu + t * t), regularized=True) / 2
    constant = mpmath.loggamma((nu + 1) / 2) - mpmath.loggamma(nu / 2) - mpmath.log(nu * mpmath.pi) / 2
    ratio = lambda s: mpmath.exp(-(nu + 1) / 2 * (mpmath.log1p(s * s / nu) - mpmath.log1p(t * t / nu)))
    density = mpmath.exp(constant - (nu + 1) / 2 * mpmath.log1p(t * t / nu))
    return density * mpmath.quad(ratio, [t + k / (1 + t) for k in range(0, 150, 3)])


table = [(df, d, m) for df in dfs for d in (1, 2, 33) for m in (0, 1e-6, 0.3, 4, 1e12)]
rows = [(df, d, m, log_kernel(df, d, m), log_kernel_slope(df, d, m), entropy_of(df, d), entropy_slope(df, d))
        for df, d, m in table]
write("special.csv", dict(zip(("df", "d", "m", "log", "log_slope", "entropy", "entropy_slope"), zip(*rows))))

times = (0, 1e-8, 0.1, 0.7, 1.2, 1.7, 1.75, 2.5, 6, 20, 1e3, 1e8)
tails = [(df, t, lower_tail(df, t)) for df in dfs for t in times if df < 1e5 or t <= 20]
tails = [(df, t, tail) for df, t, tail in tails if tail > 1e-300]
for df, t, tail in tails:
    assert df > 1e5 or abs(scipy.stats.t.cdf(-t, df) - tail) < 1e-9 * tail, (df, t)
write("student_tails.csv", dict(zip(("df", "t", "tail"), zip(*tails))))
