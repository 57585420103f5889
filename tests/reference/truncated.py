#!/usr/bin/python3
"""Reference values of tril_truncate and tril_truncate_two in src/kernels/rectangle.h: writes truncated.csv, by mpmath
with 60 digits. Of one number the second bounds and the last sums are 0.

    python3 tests/reference/truncated.py        (made with mpmath 1.2)
"""
import csv
import math
import os

import mpmath as mp

mp.mp.dps = 60
inf = math.inf
here = os.path.dirname(os.path.abspath(__file__))


def lower(x):
    return mp.mpf(x > 0) if mp.isinf(x) else mp.erfc(-x / mp.sqrt(2)) / 2


def one(low, high):
    """P, and P times the mean and E u^2 - 1."""
    low, high = mp.mpf(low), mp.mpf(high)
    p = lower(-low) - lower(-high) if low > 0 else lower(high) - lower(low)
    ends = [(mp.mpf(0), mp.mpf(0)) if mp.isinf(z) else (mp.npdf(z), z * mp.npdf(z)) for z in (low, high)]
    return p, ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]


def two(r, s, low, high, low2, high2):
    r, s = mp.mpf(r), mp.mpf(s)

    def slices(z):
        p, mean, second = one((low2 - r * z) / s, (high2 - r * z) / s)
        return [mp.npdf(z) * x for x in (p, p * z, p * (z * z - 1), mean * z, mean, second)]

    # pieces next to where the integrand is largest, on a grid of its logarithm
    first, last = max(low, -40), min(high, 40)
    if low > 30 or low2 > 30:
        first, last = max(low, -300), min(high, 300)
    grid = [first + (last - first) * mp.mpf(k) / 4000 for k in range(4001)]
    logs = [mp.log(slices(z)[0] + mp.mpf(10) ** -100000) for z in grid]
    top = max(range(4001), key=lambda k: logs[k])
    marks = {first, last}
    for k in range(-30, 5):
        for side in (-1, 1):
            z = grid[top] + side * mp.mpf(2) ** k
            if first < z < last:
                marks.add(z)
    marks = sorted(marks)
    return [mp.quad(lambda z, i=i: slices(z)[i], marks) for i in range(6)]


rows = []
for low, high in [(-inf, 0.3), (0.3, inf), (-1, 2), (5, inf), (-inf, -9.9), (-inf, -10.1), (30, inf), (-inf, -1e4),
                  (1e4, inf), (1e8, inf), (2, 2.5), (2, 2.0001), (-3, -3 + 1e-9), (1e4, 1e4 + 1e-3), (1e4, 1e4 + 1e-7),
                  (-1e-6, 1e-6), (-inf, inf), (40, 41), (-12, -11), (8, inf)]:
    p, mean, second = one(low, high)
    rows.append([0, 0, low, high, 0, 0, mp.log(p), mean / p, second / p, 0, 0, 0])
for r, low, high, low2, high2 in [(0.5, -inf, 0.2, -inf, -0.3), (-0.7, 0.1, 1, -1, inf), (0.9, 1, inf, 1, inf),
                                  (0.3, -inf, -6, -inf, -5), (-0.5, 6, inf, 6, inf), (0.999, -inf, 0, 0.1, 1),
                                  (0, -1, 1, 0, 2), (0.6, 1, 1.001, -inf, 0), (0.6, 1, 1.0001, 0.5, 0.5001),
                                  (-0.95, -inf, inf, -inf, -2), (0.8, 50, inf, 20, inf), (0.5, 60, inf, 60, inf),
                                  (-0.2, -inf, 3, -inf, 3)]:
    s = math.sqrt((1 - r) * (1 + r))
    p, *sums = two(r, s, low, high, low2, high2)
    rows.append([r, s, low, high, low2, high2, mp.log(p)] + [x / p for x in (sums[0], sums[1], sums[3], sums[2], sums[4])])

with open(os.path.join(here, 'truncated.csv'), 'w', newline='') as f:
    w = csv.writer(f, lineterminator='\n')
    w.writerow(['r', 's', 'low', 'high', 'low2', 'high2', 'log_prob', 'mean', 'second', 'mean2', 'second12', 'second2'])
    for row in rows:  # infinities as 1e300
        w.writerow(['%.17g' % float(max(min(x, 1e300), -1e300)) for x in row])
