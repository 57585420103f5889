#!/usr/bin/python3
"""Reference values of distributions of one number: writes families.csv.

One distribution and one number y a line, by mpmath with 60 digits; SciPy and PyTorch confirm them where they have the
digits. Families: 0 gamma(a, b), 1 beta(a, b), 2 poisson(a), 3 negative_binomial(a, b), 4 von_mises(a, b). Inputs are
float32 numbers, extreme ones among them; what a family lacks is 0.

    /usr/bin/python3 tests/reference/families.py        (made with PyTorch 1.13, SciPy 1.10, mpmath 1.2)
"""
import csv
import math
import os

import mpmath as mp
import numpy as np
import scipy.stats
import torch
import torch.distributions as td

mp.mp.dps = 60
rng = np.random.default_rng(20261129)
here = os.path.dirname(os.path.abspath(__file__))
log, psi, lgamma = mp.log, lambda x: mp.psi(0, x), mp.loggamma


def double(x):
    return torch.tensor(x, dtype=torch.float64)


def gamma(a, b, y):
    density = a * log(b) - lgamma(a) + (a - 1) * log(y) - b * y
    return {"log_prob": density, "da": log(b) - psi(a) + log(y), "db": a / b - y, "dy": (a - 1) / y - b,
            "cdf": mp.gammainc(a, 0, b * y, regularized=True) if a < 1e5 else normal_cdf(gamma, a, b, y),
            "entropy": a - log(b) + lgamma(a) + (1 - a) * psi(a), "entropy_da": 1 + (1 - a) * mp.psi(1, a),
            "entropy_db": -1 / b, "mean": a / b, "variance": a / b**2, "mode": max(a - 1, 0) / b}


def beta(a, b, y):
    n = a + b
    log_b = lgamma(a) + lgamma(b) - lgamma(n)
    inside = a > 1 and b > 1
    return {"log_prob": (a - 1) * log(y) + (b - 1) * log(1 - y) - log_b, "da": log(y) - psi(a) + psi(n),
            "db": log(1 - y) - psi(b) + psi(n), "dy": (a - 1) / y - (b - 1) / (1 - y),
            "cdf": mp.betainc(a, b, 0, y, regularized=True) if n < 1e4 or min(a, b) < 100 else normal_cdf(beta, a, b, y),
            "entropy": log_b - (a - 1) * psi(a) - (b - 1) * psi(b) + (n - 2) * psi(n),
            "entropy_da": -(a - 1) * mp.psi(1, a) + (n - 2) * mp.psi(1, n),
            "entropy_db": -(b - 1) * mp.psi(1, b) + (n - 2) * mp.psi(1, n),
            "mean": a / n, "variance": a * b / n**2 / (n + 1), "mode": (a - 1) / (n - 2) if inside else int(a > b)}


def poisson(a, b, y):
    return {"log_prob": y * log(a) - a - lgamma(y + 1), "da": y / a - 1,
            "cdf": mp.gammainc(y + 1, a, mp.inf, regularized=True) if y < 1e5 else 1 - normal_cdf(gamma, y + 1, mp.mpf(1), a),
            "mean": a, "variance": a, "mode": mp.floor(a)}


def negative_binomial(m, r, y):
    p = r / (r + m)
    probability = lgamma(y + r) - lgamma(r) - lgamma(y + 1) + r * log(p) + y * log(1 - p)
    return {"log_prob": probability, "da": y / m - (r + y) / (r + m),
            "db": psi(y + r) - psi(r) + log(p) + 1 - (r + y) / (r + m),
            "cdf": mp.betainc(r, y + 1, 0, p, regularized=True) if r + y < 1e4 or min(r, y) < 100 else normal_cdf(beta, r, y + 1, p),
            "mean": m, "variance": m + m**2 / r, "mode": mp.floor(m * (r - 1) / r) if r > 1 else 0}


def von_mises(mu, k, y):
    i0, i1 = mp.besseli(0, k), mp.besseli(1, k)
    ratio = i1 / i0
    slope = 1 - ratio / k - ratio**2 if k else mp.mpf(1) / 2
    part = mp.quad(lambda t: mp.exp(k * (mp.cos(t) - 1)), points(-mp.pi, y - mu, 0, 1 / mp.sqrt(k + 1)))
    return {"log_prob": k * mp.cos(y - mu) - log(2 * mp.pi * i0), "da": k * mp.sin(y - mu),
            "db": mp.cos(y - mu) - ratio, "dy": -k * mp.sin(y - mu), "cdf": part / (2 * mp.pi * i0 * mp.exp(-k)),
            "entropy": log(2 * mp.pi * i0) - k * ratio, "entropy_db": -k * slope, "mean": mu, "mode": mu}


def points(low, high, centre, scale):
    between = [centre + s * scale for s in (-24, -12, -6, -3, -1, 0, 1, 3, 6, 12, 24)]
    return [low] + [x for x in between if low < x < high] + [high]


def normal_cdf(of, a, b, y):
    """By quadrature, where series are too slow."""
    mean, sd = (a / b, mp.sqrt(a) / b) if of is gamma else (a / (a + b), mp.sqrt(a * b / (a + b + 1)) / (a + b))
    def log_density(t):
        if of is gamma:
            return a * log(b) - constant + (a - 1) * log(t) - b * t
        return (a - 1) * log(t) + (b - 1) * mp.log1p(-t) - constant
    constant = lgamma(a) if of is gamma else lgamma(a) + lgamma(b) - lgamma(a + b)
    mp.mp.dps = 30
    part = mp.quad(lambda t: mp.exp(log_density(t)), points(max(mean - 40 * sd, mp.mpf(10)**-30), y, mean, sd))
    mp.mp.dps = 60
    return part


def confirm(family, a, b, y, values):
    peer = [lambda: (scipy.stats.gamma(a, scale=1 / b), td.Gamma(double(a), double(b))),
            lambda: (scipy.stats.beta(a, b), td.Beta(double(a), double(b))),
            lambda: (scipy.stats.poisson(a), td.Poisson(double(a))),
            lambda: (scipy.stats.nbinom(b, b / (b + a)),
                     td.NegativeBinomial(double(b), logits=double(math.log(a) - math.log(b)))),
            lambda: (scipy.stats.vonmises(b or 1e-300, loc=a), td.VonMises(double(a), double(b or 1e-300)))][family]()
    of = peer[0].logpmf if family in (2, 3) else peer[0].logpdf
    digits = 1e-9 * max(1, abs(values["log_prob"]), abs(a), abs(b), y)
    if b < 1e4 or family < 4:
        assert abs(of(y) - values["log_prob"]) < digits * (1e4 if family == 3 else 1), (family, a, b, y)
        assert abs(peer[1].log_prob(double(y)).item() - values["log_prob"]) < digits * 1e4, (family, a, b, y)
    assert abs(peer[0].cdf(y) - values["cdf"]) < 1e-7 + (0.03 if family == 4 and b >= 50 else 0), (family, a, b, y)


def single(x):
    return float(np.float32(x))


def inputs(family):
    """A distribution with a number of it, parameters from 0.01 to 1e6 and a few at the edge."""
    edge = [[(1e-3, 2, 1e-9), (1e6, 1e3, 1e3), (1e6, 1, 1.001e6), (1e4, 1e-6, 1e10), (0.3, 1e6, 1e-9)],
            [(1e-3, 1e-3, 0.25), (1e6, 1e6, 0.5003), (1e-2, 1e5, 1e-20), (3e5, 2, 0.99999), (1, 1, 0.7)],
            [(1e-6, 1, 0), (1e-6, 1, 2), (1e6, 1, 1e6), (1e7, 1, 10003000), (40, 1, 0)],
            [(1e-3, 1e-3, 0), (3, 1e6, 4), (1e6, 1e6, 1000500), (1e5, 0.1, 70), (1e5, 0.1, 3e5)],
            [(1, 0, 2), (1, 1e6, 1.001), (0, 1e6, 0), (-2, 1e-6, 1), (0.5, 50, 0.75)]][family]
    rows = list(edge)
    while len(rows) < 24:
        a, b = 10 ** rng.uniform(-2, 3), 10 ** rng.uniform(-2, 3)
        if family == 0:
            y = rng.gamma(a) / b
        elif family == 1:
            y = rng.beta(a, b)
        elif family == 2:
            y = rng.poisson(a)
        elif family == 3:
            y = rng.negative_binomial(b, b / (a + b))
        else:
            a = rng.uniform(-3, 3)
            y = a + rng.vonmises(0, b)
        y = single(y)
        if family > 1 or (1e-20 < y < (1 - 1e-7 if family == 1 else math.inf)):
            rows.append((a, b, y))
    return [tuple(single(x) for x in row) for row in rows]


columns = ["log_prob", "da", "db", "dy", "cdf", "entropy", "entropy_da", "entropy_db", "mean", "variance", "mode"]
with open(os.path.join(here, "families.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["family", "a", "b", "y", *columns])
    for family, of in enumerate((gamma, beta, poisson, negative_binomial, von_mises)):
        for a, b, y in inputs(family):
            values = of(*(mp.mpf(x) for x in (a, b, y)))
            confirm(family, a, b, y, values)
            writer.writerow([family] + [repr(x) for x in (a, b, y)] + [repr(float(values.get(c, 0))) for c in columns])
