#!/usr/bin/python3
"""Reference values of src/kernels/rectangle.h: writes rectangle.csv, by mpmath with 40 digits; SciPy's multivariate
normal confirms those of rectangles without tails.

    python3 tests/reference/rectangle.py        (made with mpmath 1.2, SciPy 1.10)
"""
import csv
import math
import os

import mpmath as mp
import numpy as np
import scipy.stats

mp.mp.dps = 40
inf = math.inf
here = os.path.dirname(os.path.abspath(__file__))


def lower(df, x):
    if math.isinf(x):
        return mp.mpf(x > 0)
    if df == inf:
        return mp.erfc(-x / mp.sqrt(2)) / 2
    tail = mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + x * x), regularized=True) / 2
    return tail if x < 0 else 1 - tail


def interval(df, low, high):
    return lower(df, -low) - lower(df, -high) if low > 0 else lower(df, high) - lower(df, low)


def density(df, z):
    if df == inf:
        return mp.npdf(z)
    return (mp.gamma((df + 1) / 2) / mp.gamma(df / 2) / mp.sqrt(df * mp.pi)
            * mp.power(1 + z * z / df, -(df + 1) / 2))


def rectangle(df, r, s, low, high, low2, high2):
    df, r, s = mp.mpf(df), mp.mpf(r), mp.mpf(s)

    def scale(z):
        return s if df == inf else s * mp.sqrt((df + z * z) / (df + 1))

    def slice(z):
        return density(df, z) * interval(df + 1, (low2 - r * z) / scale(z), (high2 - r * z) / scale(z))

    ends = [mp.mpf(x) for x in (low, high)]
    points = {x for x in ends}
    for c in [0] + [c for b in (low2, high2) if math.isfinite(b) for c in ([r * b, b / r] if r else [r * b])]:
        points |= {c + sign * k * scale(c) for sign in (-1, 1) for k in (0, .5, 2, 5, 12, 30, 100, 1000)}
    for b in (low, high):
        if math.isfinite(b):
            points |= {b + sign * k for sign in (-1, 1) for k in (.02, .05, .1, .2, .5, 1, 3)}
    points = sorted(x for x in points if low <= x <= high)
    if df == inf:
        points = sorted({max(min(x, mp.mpf(60)), mp.mpf(-60)) for x in points})
    unit = max(slice(x) for x in points if mp.isfinite(x))
    return mp.quad(lambda z: slice(z) / unit, points) * unit


rows = []
for df in inf, 3, 2.1, 10:
    for r in 0, 0.3, -0.9, 0.999999, -0.999999:
        s = math.sqrt((1 - r) * (1 + r))
        rows += [(df, r, s, -inf, .5, -inf, .2), (df, r, s, .125, 1.25, -.75, 1), (df, r, s, -inf, 1, 1, inf)]
rows += [(df, r, math.sqrt((1 - r) * (1 + r)), *bounds) for df, r, *bounds in (
    (inf, .9, -5, inf, 20, inf), (inf, .5, 30, inf, -1, 1), (inf, .5, 30, inf, 30, inf), (inf, .5, -inf, -30, -inf, -30),
    (inf, -.3, -30, -29, 10, inf), (inf, 0, 30, inf, -inf, -10), (inf, .1, -inf, inf, 25, 26),
    (inf, .75, 1, 1 + 2.**-20, -1, -1 + 2.**-20), (3, .9, 1e6, inf, 1e5, inf), (5, -.5, -inf, -100, 50, inf),
    (3, .5, 30, inf, 30, inf), (100, .5, 20, inf, 20, inf), (inf, 1 - 1e-10, -inf, 1, .5, 1.5))]
rows += [(inf, 1, 1e-9, -1, 1, 0, 2), (inf, -1, 1e-9, -1, 1, 0, 2), (5, 1, 1e-9, -1, 1, 0, 2)]

with open(os.path.join(here, "rectangle.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["df", "r", "s", "low", "high", "low2", "high2", "probability"])
    for row in rows:
        p = rectangle(*row)
        df, r, s, low, high, low2, high2 = row
        if df == inf and abs(r) < .99 and p > 1e-3:
            wanted = scipy.stats.multivariate_normal.cdf([high, high2], cov=[[1, r], [r, 1]], lower_limit=[low, low2])
            assert abs(wanted - p) < 1e-9, row
        # a CSV file has no infinities
        writer.writerow([repr(float(np.clip(x, -1e300, 1e300))) for x in row] + [repr(float(p))])
