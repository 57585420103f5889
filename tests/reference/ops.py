#!/usr/bin/python3
"""Reference values of the operations in src/ops, by PyTorch in float64: writes ops.csv next to this file.

Each op has blocks of numbers, one number a line: op, block, and the number. Block a, b, c: inputs; y: value; w: weights
of the sum whose gradient is taken; da, db, dc: gradients of sum(w y). The shapes stand in tests/ops/reference.c. Inputs
are rounded to float32 first, so that both builds of the library read the same numbers.
"""
import csv
import os

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20240607)
lines = []


def given(values, shape=None):
    array = np.asarray(values, dtype=np.float32).astype(np.float64)
    return torch.tensor(array if shape is None else array.reshape(shape))


def drawn(*shape):
    return given(rng.uniform(-2, 2, shape))


def put(op, block, tensor):
    for number in tensor.detach().contiguous().reshape(-1).tolist():
        lines.append((op, block, repr(number)))


def op(name, f, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    w = given(rng.uniform(0.5, 1.5, tuple(y.shape)))
    (w * y).sum().backward()
    for letter, x in zip("abc", inputs):
        put(name, letter, x)
    put(name, "y", y)
    put(name, "w", w)
    for letter, x in zip("abc", inputs):
        put(name, "d" + letter, x.grad)


F = torch.nn.functional
common = [-3, -1, -0.5, -1e-4, 1e-4, 0.25, 1, 3]
far = [-80, 80, -30, 30, -17, 17]
any_number = given(common + far)
small = given([-1e-30, 1e-30, -1e-10, 1e-10] + common[:6])
positive = given([1e-30, 1e-6, 0.5, 0.999, 1.001, 2, 80, 1e30])

op("neg", torch.neg, any_number)
op("exp", torch.exp, any_number)
op("log", torch.log, positive)
op("log1p", torch.log1p, given([-0.999, -0.5, -1e-10, 1e-30, 1e-10, 1e-4, 1, 80, 1e30]))
op("expm1", torch.expm1, torch.cat([small, given(far)]))
op("sqrt", torch.sqrt, positive)
op("square", torch.square, any_number)
op("abs", torch.abs, torch.cat([any_number, given([0])]))
op("tanh", torch.tanh, torch.cat([small, given([-80, 80, -2, 2])]))
op("sigmoid", torch.sigmoid, any_number)
op("relu", torch.relu, torch.cat([any_number, given([0])]))
# PyTorch's own elu, softplus and silu lose digits near 0 or far out
op("elu", lambda x: torch.where(x > 0, x, torch.expm1(x)), torch.cat([small, given(common[6:] + far + [0])]))
op("softplus", lambda x: torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x))), any_number)
op("silu", lambda x: x * torch.sigmoid(x), any_number)

op("add", torch.add, drawn(2, 3), drawn(3))
op("sub", torch.sub, drawn(2, 1), drawn(1, 3))
op("mul", torch.mul, drawn(2, 3), drawn(2, 1))
op("div", torch.div, drawn(2, 3), given([0.5, -0.25, 80]))
op("matmul", torch.matmul, drawn(2, 2, 3), drawn(3, 4))
op("affine", lambda x, w, b: torch.tanh(F.linear(x, w, b)), drawn(4, 3), drawn(2, 3), drawn(2))

cube = lambda: drawn(2, 3, 2)
apart = given(rng.permutation(12) * 0.37 - 2, (2, 3, 2))
op("sum", lambda x: x.sum(1), cube())
op("mean", lambda x: x.mean(1), cube())
op("max", lambda x: x.amax(1), apart)
rows = given([[0, 0, 0], [1, 2, 3], [-80, 80, 0], [80, 80, 79], [-80, -80, -80], [10000, -700, 0], [1e-4, 0, -1e-4],
              [-10000, -10001, -10002]])
op("logsumexp", lambda x: torch.logsumexp(x, 1), rows)
op("softmax", lambda x: torch.softmax(x, 1), rows)
op("log_softmax", lambda x: torch.log_softmax(x, 1), rows)
op("cross_entropy", lambda x: F.cross_entropy(x, torch.tensor([2, 0, 1, 2, 1, 0, 0, 2]), reduction="none"), rows)

op("reshape", lambda x: x.reshape(3, 4), cube())
op("transpose", lambda x: x.transpose(0, 2), cube())
op("slice", lambda x: x[:, 1:3], cube())
op("concat", lambda a, b: torch.cat([a, b], 1), drawn(2, 1), drawn(2, 3))
op("stack", lambda a, b: torch.stack([a, b], 1), drawn(2, 3), drawn(2, 3))
op("diagonal", lambda x: torch.diagonal(x, dim1=-2, dim2=-1), drawn(2, 3, 3))
op("diag_embed", torch.diag_embed, drawn(2, 3))
op("tril", torch.tril, drawn(2, 3, 3))


def unpack(packed):
    i, j = np.tril_indices(3)
    matrix = torch.zeros(packed.shape[:-1] + (3, 3))
    matrix[..., i, j] = packed
    return matrix


op("unpack_tril", unpack, drawn(2, 6))
op("cholesky", lambda x: torch.linalg.cholesky(x @ x.mT + 2 * torch.eye(3)), drawn(2, 3, 3))
op("solve_tril", lambda l, b: torch.linalg.solve_triangular(torch.tril(l), b, upper=False),
   drawn(3, 3) + 3 * torch.eye(3), drawn(2, 3, 2))
op("broadcast_to", lambda x: x.expand(2, 2, 3), drawn(2, 1))
op("select", lambda x: x[:, [2, 0, 0]], cube())


def lq(a):
    r = torch.linalg.qr(a.mT).R
    return (torch.sign(torch.diagonal(r, dim1=-2, dim2=-1))[..., None] * r).mT


op("lq", lq, drawn(2, 3, 4))
op("bounded", torch.nan_to_num, any_number)
op("minimum", torch.minimum, given([1, 2, 3, -1, 0.5, 80], (2, 3)), given([2, 2, -3]))
op("maximum", torch.maximum, given([1, 2, 3, -1, 0.5, 80], (2, 3)), given([2, 2, -3]))
op("pow", torch.pow, given([0.5, 2, 0, 3, 7, 0], (2, 3)), given([2.5, -1.5, 2]))
op("masked", lambda x, mask: torch.where(mask != 0, x, 0 * mask), given([1, 2, 3, -1, 0.5, 80], (2, 3)), given([2, 0, -3]))
op("unmasked", lambda x, mask: torch.where(mask != 0, 0 * mask, x), given([1, 2, 3, -1, 0.5, 80], (2, 3)), given([2, 0, -3]))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["op", "block", "number"])
    writer.writerows(lines)
