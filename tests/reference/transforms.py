#!/usr/bin/python3
"""Reference values of transforms of targets, by SciPy: writes transforms.csv and transforms_moments.csv next to this file.

transforms.csv: a kind with parameters a and b (0 log, 1 logit(a,b), 2 yeo-johnson(a)), a number t, z = g(t), and log dz/dt.
SciPy says the densities too: those of log-normal and logit-normal, whose differences to the normal's are log dz/dt.

transforms_moments.csv: for a pair (z1, z2) of normals or Student's t (df 0: normals) with locations m1, m2, scales s1, s2
and the correlation r, and for kinds as above: means, variances and covariance of the t of each, by scipy.integrate.
"""
import csv
import os

import numpy as np
from scipy import integrate, special, stats

rng = np.random.default_rng(20261129)
here = os.path.dirname(os.path.abspath(__file__))


def write(name, header, rows):
    with open(os.path.join(here, name), "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([[repr(float(v)) for v in row] for row in rows])


def forward(kind, a, b, t):
    if kind == 0:
        return np.log(t)
    if kind == 1:
        return special.logit((t - a) / (b - a))
    return stats.yeojohnson(np.array([t]), lmbda=a)[0]


def log_slope(kind, a, b, t):
    if kind == 0:  # log p(t) - log p(z) of a standard normal z
        return stats.lognorm.logpdf(t, 1) - stats.norm.logpdf(np.log(t))
    if kind == 1:
        return np.log(b - a) - np.log(t - a) - np.log(b - t)
    # what yeojohnson_llf adds to the normal's likelihood: n/2 log(var z) of two numbers, added back
    data = np.array([t, 0.25])
    llf = stats.yeojohnson_llf(a, data) + 2 / 2 * np.log(stats.yeojohnson(data, lmbda=a).var())
    return llf - (a - 1) * np.log1p(0.25)


rows = []
for t in np.concatenate([10 ** rng.uniform(-6, 6, 12), [1, 0.5]]):
    rows.append((0, 0, 0, t))
for a, b in ((0, 1), (-3, 5), (0, 100)):
    for t in a + (b - a) * np.concatenate([special.expit(rng.normal(0, 4, 8)), [0.5]]):
        rows.append((1, a, b, t))
for a in (0, 0.1, 0.5, 1, 1.3, 2):
    for t in np.concatenate([rng.normal(0, 1, 4), rng.normal(0, 100, 4), [0.125, 0]]):
        rows.append((2, a, 0, t))
write("transforms.csv", ("kind", "a", "b", "t", "z", "log_slope"),
      [(*row, forward(*row), log_slope(*row)) for row in rows])


def inverse(kind, a, b, z):
    if kind == 0:
        return np.exp(z)
    if kind == 1:
        return a + (b - a) * special.expit(z)
    up, down = np.maximum(z, 0), np.maximum(-z, 0)
    return (np.expm1(np.log1p(a * up) / a) if a else np.expm1(up)) - (
        np.expm1(np.log1p((2 - a) * down) / (2 - a)) if a < 2 else np.expm1(down))


def moments(df, m, s, r, kinds):
    p, far = (stats.t(df), np.inf) if df else (stats.norm(), 30)

    def t(j, u):
        return inverse(*kinds[j], m[j] + s[j] * u)

    def line(f):
        return sum(integrate.quad(lambda u: f(u) * p.pdf(u), *ends, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
                   for ends in ((-far, -3), (-3, 0), (0, 3), (3, far)))

    mean = [line(lambda u, j=j: t(j, u)) for j in range(2)]
    variance = [line(lambda u, j=j: (t(j, u) - mean[j]) ** 2) for j in range(2)]

    # of two numbers: given the first, u, the second is the same again, with df + 1
    def inner(u):
        scale = np.sqrt((1 - r * r) * ((df + u * u) / (df + 1) if df else 1))
        q = stats.t(df + 1) if df else stats.norm()
        v = np.linspace(-1, 1, 2001) * 5.5
        x = np.sinh(v) if df else v * 2
        w = q.pdf(x) * (np.cosh(v) if df else 2) * (v[1] - v[0])
        return np.sum(w * (t(1, r * u + scale * x) - mean[1])) / np.sum(w)

    return (*mean, *variance, line(lambda u: (t(0, u) - mean[0]) * inner(u)))


rows = []
log, share, wide, root, plain = (0, 0, 0), (1, 0, 1), (1, -3, 5), (2, 0.5, 0), (2, 1, 0)
for df, m, s, r, first, second in (
        (0, (0.3, -1), (0.5, 0.8), 0.7, log, log),
        (0, (2, 1), (1.2, 0.4), -0.9, log, share),
        (0, (-2, 1), (0.7, 1.5), 0.5, share, share),
        (0, (4, -1), (2.5, 0.3), -0.95, wide, share),
        (0, (0.2, 3), (0.6, 1), 0.3, root, log),
        (0, (-0.4, 0.1), (2, 1), 0.99, root, (2, 1.6, 0)),
        (0, (1, 2), (0.3, 0.4), -0.2, plain, share),
        (8, (-2, 1), (0.7, 1.5), 0.5, share, wide),
        (4.5, (1, 0.5), (0.4, 0.6), -0.8, share, (2, 1.2, 0)),
        (12, (0.5, -0.5), (0.5, 0.7), 0.6, root, (2, 0.8, 0)),
        (6, (0.5, -0.5), (0.5, 0.7), 0.6, plain, share)):
    rows.append((df, *m, *s, r, *first, *second, *moments(df, m, s, r, (first, second))))
write("transforms_moments.csv",
      ("df", "m1", "m2", "s1", "s2", "r", "kind1", "a1", "b1", "kind2", "a2", "b2", "mean1", "mean2", "variance1",
       "variance2", "covariance"), rows)
