#!/usr/bin/python3
"""Reference values of the natural step, by NumPy in float64: writes natural.csv next to this file.

Two normals in three dimensions. Each line: case, step, and one number of loc (2 x 3) and then of the lower triangles of
scale_tril (2 x 6), after that step. Start and gradients are formulas, so that tests/optim/natural.c has the same ones.
"""
import csv
import os

import numpy as np

K, D, STEPS = 2, 3, (1, 2, 3, 10, 25)
# rate of scale_tril, rate of loc, kl_clip, scale of the gradients
CASES = [(0.01, 0.02, 0.5, 1), (0.5, 0.25, 0.001, 1), (100, 0.001, 0.01, 50)]
lower = np.tril_indices(D)


def gradient(loc, factor, step, scale):
    """Every fourth step has a large one."""
    w = np.concatenate([loc.ravel(), factor[:, lower[0], lower[1]].ravel()])
    g = scale * (1 if step % 4 else 16) * np.sin(3 * w + step + np.arange(len(w)))
    g_factor = np.zeros((K, D, D))
    g_factor[:, lower[0], lower[1]] = g[K * D:].reshape(K, -1)
    return g[:K * D].reshape(K, D), g_factor


def limited(step, norm2, kl_clip, memory):
    """norm2 / 2 is the divergence; memory is in units of the longest step allowed, longest in mind."""
    ratio = np.sqrt(norm2 / kl_clip)
    scale = 1 / max(1, ratio, memory)
    return step * scale, max(min(ratio, 10 * max(memory, 1)), 0.975 * memory)


rows = []
for number, (lr, lr_loc, kl_clip, scale) in enumerate(CASES):
    loc = np.array([[0.5, -1.25, 2], [0.75, -0.5, 1.5]])
    factor = np.array([[[1, 0, 0], [0.5, 0.75, 0], [-0.25, 1, 2]], [[0.25, 0, 0], [-1, 1.5, 0], [0, 0.5, 0.5]]], float)
    memory = np.zeros((2, K))
    for step in range(1, max(STEPS) + 1):
        g_loc, g_factor = gradient(loc, factor, step, scale)
        for i in range(K):
            delta = -lr_loc * factor[i].T @ g_loc[i]
            m = -lr * np.tril(factor[i].T @ g_factor[i])
            m[np.diag_indices(D)] /= 2
            delta, memory[0, i] = limited(delta, delta @ delta, kl_clip, memory[0, i])
            norm2 = (np.tril(m, -1) ** 2).sum() + 2 * (np.diag(m) ** 2).sum()
            m, memory[1, i] = limited(m, norm2, kl_clip, memory[1, i])
            loc[i] += factor[i] @ delta
            factor[i] = factor[i] @ (np.tril(m, -1) + np.diag(np.exp(np.diag(m))))
        if step in STEPS:
            values = np.concatenate([loc.ravel(), factor[:, lower[0], lower[1]].ravel()])
            rows += [[number, step, repr(v)] for v in values.tolist()]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "natural.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["case", "step", "number"])
    writer.writerows(rows)
