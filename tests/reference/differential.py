#!/usr/bin/python3
"""Random programs of Tril's operations, distributions and heads, with their values and gradients by PyTorch in float64.

    differential.py COUNT SEED > differential.txt

tests/differential.c runs them. A program opens with a line "program SEED"; every further line is a call that makes a
register, a tensor or a distribution, of registers (counted from 0) and whole numbers:

    grad n 0 2 3 : 1.5 0           a leaf [2, 3] of numbers of kind n that wants a gradient; see leaf()
    tanh 0 = 2 3 : 0.25 1          the shape of the result, and a number
    mvn 1 2 = 4 | 3                a distribution: batch | event shape

The number is the sum of the result, or of the leaf's gradient, times weights that weights() says. The loss is the sum
of the numbers of all tensors that no call takes. The exponent behind a number is log2 of its condition: how much it
moves, in units of E, when every leaf and every result is changed by a relative E at random. An implementation that
rounds each result to a relative E is off by about as much. A number that depends on what PyTorch cannot know (draws by
rejection) has a - instead and is not compared; programs of a worse condition are not written.
"""
import math
import random
import sys

import numpy as np
import torch
import torch.distributions as td
from scipy.special import digamma, polygamma, stdtr

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
td.Distribution.set_default_validate_args(False)
F = torch.nn.functional
JITTER, TRIES, MAX_SIZE = 2.0**-24, 6, 40000
# of conditions: the rounding errors of numbers of size 1 do not fall with what they are multiplied by in the end
FLOOR = 2.0**-3


class Skip(Exception):
    """What was proposed is no valid program, or one that tells nothing."""


# ---- numbers that C makes too

def uniform(seed, line, n):
    """n numbers k / 2^24 in [0, 1), by the finaliser of splitmix64."""
    x = np.uint64(((seed << 12) | line) << 24) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(40)).astype(float) / 2**24


def weights(seed, line, shape):
    return 4 * uniform(seed, line + 1024, math.prod(shape)).reshape(shape) - 2


def leaf(seed, line, kind, e, *shape):
    """Kinds: n in [-2, 2) times 2^e; p in [0.5, 2); l lower triangular factors and s symmetric positive definite
    matrices with numbers above the diagonal that nobody may read; f degrees of freedom; c one of e classes; m as n,
    of which in a row none, a third, two thirds or all are missing."""
    u = uniform(seed, line, math.prod(shape)).reshape(shape)
    if kind == "p":
        return 0.5 + 1.5 * u
    if kind == "f":
        return 2.5 + 8 * u
    if kind == "c":
        return np.floor(u * e)
    x = (4 * u - 2) * 2.0**e
    if kind == "m":
        rows = shape[:-1] + (1,) if shape else ()
        row = np.floor(4 * uniform(seed, line + 2048, math.prod(rows))).reshape(rows)
        x = np.where(uniform(seed, line + 3072, math.prod(shape)).reshape(shape) < row / 3, np.nan, x)
    if kind in "ls":
        d = shape[-1]
        small = 2.0**-math.ceil(math.log2(d)) if d > 1 else 1
        x *= np.where(np.tri(d) > 0, small if kind == "l" else small / 4, 1)
        i = np.arange(d)
        x[..., i, i] = (0.5 if kind == "l" else 1) + 1.5 * u[..., i, i]
    return x


def philox(seed, stream, n):
    """n blocks of Philox 4x32-10, as two arrays of 64 bits."""
    mask, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c = [np.arange(n, dtype=np.uint64), np.zeros(n, np.uint64), np.full(n, stream, np.uint64), np.zeros(n, np.uint64)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> shift) ^ c[1] ^ np.uint64(key[0]), b & mask, (a >> shift) ^ c[3] ^ np.uint64(key[1]), a & mask]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c[1] << shift | c[0], c[3] << shift | c[2]


def normals(seed, line, n):
    """What tril_random_normal draws from that stream."""
    a, b = (((x >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52 for x in philox(seed, line, (n + 1) // 2))
    radius = np.sqrt(-2 * np.log(a))
    return np.stack([radius * np.cos(2 * np.pi * b), radius * np.sin(2 * np.pi * b)], 1).reshape(-1)[:n]


# ---- distributions that PyTorch lacks, or has in part

def tri(x):
    return torch.tril(x)


def symmetric(x):
    """Of which only the lower triangle is read, with the gradient of (x + x') / 2."""
    y = (x + x.mT) / 2
    return (tri(x) + torch.tril(x, -1).mT - y).detach() + y


def solve(factor, x, transpose=False):
    factor = tri(factor).mT if transpose else tri(factor)
    return torch.linalg.solve_triangular(factor, x, upper=transpose)


def lq(x):
    r = torch.linalg.qr(x.mT).R
    return (torch.sign(r.diagonal(dim1=-2, dim2=-1)).unsqueeze(-1) * r).mT


class MVN(td.MultivariateNormal):
    """PyTorch's own log_prob takes no batch of zero."""

    def standardised(self, y):
        """And the logarithm of the determinant of scale_tril."""
        r = (y - self.loc).unsqueeze(-1)
        z = solve(self.scale_tril.expand(r.shape[:-1] + r.shape[-2:-1]), r).squeeze(-1)
        return z, self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, y):
        z, log_det = self.standardised(y)
        return -z.square().sum(-1) / 2 - log_det - self.event_shape[0] / 2 * math.log(2 * math.pi)


class Digamma(torch.autograd.Function):
    """That of PyTorch has a derivative of nine digits."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.as_tensor(digamma(x.numpy()))

    @staticmethod
    def backward(context, grad):
        return grad * torch.as_tensor(polygamma(1, context.saved_tensors[0].numpy()))


def student_log_prob(df, d, z2, log_det):
    constant = torch.lgamma((df + d) / 2) - torch.lgamma(df / 2) - d / 2 * torch.log(df * math.pi)
    return constant - log_det - (df + d) / 2 * torch.log1p(z2 / df)


def student_entropy(df, d, log_det):
    a, b = (df + d) / 2, df / 2
    constant = torch.lgamma(b) - torch.lgamma(a) + d / 2 * torch.log(df * math.pi)
    return a * (Digamma.apply(a) - Digamma.apply(b)) + constant + log_det


class StudentT(td.StudentT):
    has_draws = True

    def log_prob(self, y):
        return student_log_prob(self.df, 1, ((y - self.loc) / self.scale)**2, self.scale.log())

    def entropy(self):
        return student_entropy(self.df, 1, self.scale.log())

    def cdf(self, y):
        if self.df.requires_grad:
            raise Skip
        z = (y - self.loc) / self.scale
        slope = student_log_prob(self.df, 1, z**2, 0).exp().detach()
        return torch.as_tensor(stdtr(self.df.numpy(), z.detach().numpy())) + slope * (z - z.detach())


class Family(td.Distribution):
    """Of numbers, by parameters that are stretched to the batch."""

    def __init__(self, *params):
        self.params = torch.broadcast_tensors(*params)
        super().__init__(self.params[0].shape)

    def expand(self, shape):
        return type(self)(*[x.expand(shape) for x in self.params])


def gamma_entropy(a):
    return a + torch.lgamma(a) + (1 - a) * Digamma.apply(a)


class Gamma(Family):
    def log_prob(self, y):
        a, b = self.params
        return a * b.log() - torch.lgamma(a) + (a - 1) * y.log() - b * y

    def entropy(self):
        return gamma_entropy(self.params[0]) - self.params[1].log()


class Beta(Family):
    def log_prob(self, y):
        a, b = self.params
        return (a - 1) * y.log() + (b - 1) * torch.log1p(-y) + torch.lgamma(a + b) - torch.lgamma(a) - torch.lgamma(b)

    def entropy(self):
        a, b = self.params
        return gamma_entropy(a) + gamma_entropy(b) - gamma_entropy(a + b) - Digamma.apply(a + b)


class Poisson(Family):
    def log_prob(self, y):
        return y * self.params[0].log() - self.params[0] - torch.lgamma(y + 1)


class NegativeBinomial(Family):
    def log_prob(self, y):
        m, r = self.params
        chosen = torch.lgamma(y + r) - torch.lgamma(r) - torch.lgamma(y + 1)
        return chosen + y * (m / r).log() - (y + r) * torch.log1p(m / r)


class VonMises(Family):
    def log_prob(self, y):
        loc, k = self.params
        return k * (torch.cos(y - loc) - 1) - torch.special.i0e(k).log() - math.log(2 * math.pi)

    def entropy(self):
        k = self.params[1]
        ratio = torch.special.i1e(k) / torch.special.i0e(k)
        return math.log(2 * math.pi) + torch.special.i0e(k).log() + k * (1 - ratio)


class MVT(td.Distribution):
    has_draws = True

    def __init__(self, df, loc, factor):
        batch = torch.broadcast_shapes(df.shape, loc.shape[:-1], factor.shape[:-2])
        d = loc.shape[-1]
        self.df, self.normal = df.expand(batch), MVN(loc.expand(batch + (d,)), scale_tril=factor.expand(batch + (d, d)))
        super().__init__(batch, loc.shape[-1:])

    def expand(self, shape):
        q = MVT(self.df.expand(shape), self.normal.loc.expand(shape + self.event_shape), self.normal.scale_tril)
        q.has_draws = self.has_draws
        return q

    def log_prob(self, y):
        z, log_det = self.normal.standardised(y)
        return student_log_prob(self.df, self.event_shape[0], z.square().sum(-1), log_det)

    def entropy(self):
        return student_entropy(self.df, self.event_shape[0], self.normal.standardised(self.normal.loc)[1])

    mean = property(lambda self: self.normal.mean)
    variance = property(lambda self: self.normal.variance * (self.df / (self.df - 2)).unsqueeze(-1))
    covariance_matrix = property(
        lambda self: self.normal.covariance_matrix * (self.df / (self.df - 2))[..., None, None])


class LowRank(MVN):
    """As a normal of a full covariance, but its draws are loc + W e + sqrt(D) e'."""

    def __init__(self, loc, factor, diag):
        self.batch = torch.broadcast_shapes(loc.shape[:-1], factor.shape[:-2], diag.shape[:-1])
        self.parts = loc, factor, diag
        super().__init__(loc.expand(self.batch + loc.shape[-1:]),
                         scale_tril=torch.linalg.cholesky(factor @ factor.mT + torch.diag_embed(diag)))

    def expand(self, shape):
        loc, factor, diag = self.parts
        return LowRank(loc.expand(shape + loc.shape[-1:]), factor, diag)


class Precision(MVN):
    """By the factor T of the precision, whose log-density and draws take no inverse."""

    def __init__(self, loc, factor):
        self.factor = tri(factor)
        inverse = solve(factor, torch.eye(factor.shape[-1]).expand(factor.shape))
        super().__init__(loc, scale_tril=lq(inverse.mT))

    def expand(self, shape):
        return Precision(self.loc.expand(shape + self.event_shape), self.factor)

    def standardised(self, y):
        z = (self.factor.mT @ (y - self.loc).unsqueeze(-1)).squeeze(-1)
        return z, -self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


class Natural(MVN):
    """A head whose log-density has the natural gradient of nn.h in the raw outputs."""

    def expand(self, shape):
        return head(self.raw.expand(shape + self.raw.shape[-1:]), *self.opts)

    def log_prob(self, y):
        raw, make = self.raw, lambda x: head(x, *self.opts[:-1], 0)
        with torch.enable_grad():
            shape = torch.broadcast_shapes(y.shape[:-1], raw.shape[:-1])
            at = raw.detach().expand(shape + raw.shape[-1:]).clone().requires_grad_()
            natural = natural_gradient(at, make(at), y.detach().expand(shape + y.shape[-1:]), *self.opts).detach()
        return make(raw.detach()).log_prob(y) + (natural * (raw - raw.detach())).sum(-1)


def positive(s, diagonal, floor):
    f = (torch.where(s > 0, 1 + s, torch.exp(s.clamp(max=0))), torch.exp(s),
         torch.relu(s) + torch.log1p(torch.exp(-s.abs())))[max(diagonal - 1, 0)]
    return f + (1e-6, 0, 0.0625)[floor]


def strict_lower(x, d):
    i, j = np.tril_indices(d, -1)
    out = torch.zeros(x.shape[:-1] + (d, d))
    out[..., i, j] = x
    return out


FULL, DIAGONAL, PRECISION, LOW_RANK, SHARED, MIXTURE, STUDENT = range(7)


def head_width(d, form, rank=1, components=0, component=0):
    full = d + d * (d + 1) // 2
    if form == MIXTURE:
        return components * (1 + head_width(d, component, rank))
    return (full, 2 * d, full, d * (rank + 2), d, None, full + 1)[form]


def natural_gradient(raw, q, y, d, form, diagonal, scaled, floor, rank, *unused):
    """The first gradient of q's log-density in raw, and what nn.h makes of it."""
    g, = torch.autograd.grad(q.log_prob(y).sum(), raw)
    s = raw[..., -d:].detach().requires_grad_()
    v = positive(s, diagonal, floor)
    slope, = torch.autograd.grad(v.sum(), s)
    if form == LOW_RANK:
        of_w = g[..., d:-d].reshape(g.shape[:-1] + (d, rank)) * v.unsqueeze(-1)**2
        return torch.cat([y - q.loc, of_w.flatten(-2), g[..., -d:] * v**2 / slope**2 / 2], -1)
    z = solve(q.scale_tril, (y - q.loc).unsqueeze(-1))
    m = z @ z.mT
    i = np.arange(d)
    m = torch.tril(m, -1) + torch.diag_embed((m[..., i, i] - 1) / 2)
    if form == DIAGONAL:
        return torch.cat([y - q.loc, v * m[..., i, i] / slope], -1)
    move = q.scale_tril @ m
    of_v = move[..., i, i]
    if scaled:
        move = (move - q.scale_tril / v.unsqueeze(-1) * of_v.unsqueeze(-1)) / v.unsqueeze(-1)
    a, b = np.tril_indices(d, -1)
    return torch.cat([y - q.loc, move[..., a, b], of_v / slope], -1)


def head(raw, d, form, diagonal, scaled, floor, rank, components, component, natural, shared=None):
    if natural:
        opts = d, form, diagonal, scaled, floor, rank, components, component
        plain = head(raw, *opts, 0)
        q = Natural(plain.loc, scale_tril=plain.scale_tril)
        q.raw, q.opts, q.plain = raw, opts + (1,), plain
        return q
    if form == MIXTURE:
        rows = raw[..., components:].reshape(raw.shape[:-1] + (components, -1))
        return td.MixtureSameFamily(td.Categorical(logits=raw[..., :components]),
                                    head(rows, d, component, diagonal, scaled, floor, rank, 0, 0, 0))
    loc, rest = raw[..., :d], raw[..., d:]
    if form == SHARED:
        rest = shared
    df = 2.01 + 1000 * torch.sigmoid(rest[..., -1]) if form == STUDENT else None
    rest = rest[..., :-1] if form == STUDENT else rest
    v = positive(rest[..., -d:], diagonal, floor)
    if form == DIAGONAL:
        return MVN(loc, scale_tril=torch.diag_embed(v))
    if form == LOW_RANK:
        return LowRank(loc, rest[..., :-d].reshape(rest.shape[:-1] + (d, rank)), v**2)
    lower = strict_lower(rest[..., :-d], d)
    if form == PRECISION:
        t = (lower / v.unsqueeze(-2) if scaled else lower) + torch.diag_embed(1 / v)
        return Precision(loc, t)
    factor = (lower * v.unsqueeze(-1) if scaled else lower) + torch.diag_embed(v)
    if form != STUDENT:
        return MVN(loc, scale_tril=factor)
    q = MVT(df, loc, factor)
    q.has_draws = False
    return q


def log_prob_missing(q, y):
    gone = torch.isnan(y)
    if isinstance(q, td.Independent):
        n = q.reinterpreted_batch_ndims
        return log_prob_missing(q.base_dist, y).sum(tuple(range(-n, 0))) if n else log_prob_missing(q.base_dist, y)
    if isinstance(q, td.MixtureSameFamily):
        y = y.unsqueeze(-1 - len(q.event_shape))
        log_w = torch.log_softmax(q.mixture_distribution.logits, -1)
        return torch.logsumexp(log_w + log_prob_missing(q.component_distribution, y), -1)
    if isinstance(q, td.Normal):
        return torch.where(gone, torch.zeros(()), q.log_prob(torch.where(gone, q.loc.detach(), y)))
    # what is missing becomes independent of the rest, standard normal, and is at its mean
    there = (~gone).to(torch.float64)
    p = normal_of(q)
    covariance = p.covariance_matrix * there.unsqueeze(-1) * there.unsqueeze(-2) + torch.diag_embed(1 - there)
    r = torch.where(gone, torch.zeros(()), y - p.loc)
    p = MVN(torch.zeros_like(r), covariance_matrix=covariance)
    if isinstance(q, MVT):
        z, log_det = p.standardised(r)
        return student_log_prob(q.df, there.sum(-1), z.square().sum(-1), log_det)
    return p.log_prob(r) + 0.5 * math.log(2 * math.pi) * gone.sum(-1)


def log_interval(z, width, side):
    """log P of a standard normal below z, above it, or from z on as far as width."""
    below, above = torch.special.log_ndtr(z), torch.special.log_ndtr(-z)
    if side < 2:
        return above if side else below
    further = torch.special.log_ndtr(z + width), torch.special.log_ndtr(-z - width)
    a, b = torch.where(z > 0, above, further[0]), torch.where(z > 0, further[1], below)
    return a + torch.log(-torch.expm1(b - a))


def log_prob_censored(q, y, bound, side):
    """The first number that y lacks in a row of an event is below its bound (side 0), above it (1), or from it on as
    far as 1 (2); the others are missing."""
    y, bound = torch.broadcast_tensors(y.detach(), bound.detach())
    gone = torch.isnan(y)
    if q.event_shape:
        gone = gone & (gone.cumsum(-1) == 1)
    return with_bounds(q, y, torch.where(gone, bound, torch.full((), math.nan)), side)


def with_bounds(q, y, bound, side):
    zero, gone, within = torch.zeros(()), torch.isnan(y), ~torch.isnan(bound)
    if isinstance(q, td.Independent):
        n = q.reinterpreted_batch_ndims
        each = with_bounds(q.base_dist, y, bound, side)
        return each.sum(tuple(range(-n, 0))) if n else each
    if isinstance(q, td.MixtureSameFamily):
        y, bound = (x.unsqueeze(-1 - len(q.event_shape)) for x in (y, bound))
        log_w = torch.log_softmax(q.mixture_distribution.logits, -1)
        return torch.logsumexp(log_w + with_bounds(q.component_distribution, y, bound, side), -1)
    if isinstance(q, td.Normal):
        z = (torch.where(within, bound, zero) - q.loc) / q.scale
        p = torch.where(gone, zero, q.log_prob(torch.where(gone, zero, y)))
        return torch.where(within, log_interval(z, 1 / q.scale, side), p)
    if not isinstance(q, MVN):
        raise Skip
    # the conditional normal of the number that is within bounds
    there, own = (~gone).to(torch.float64), within.to(torch.float64)
    known = q.covariance_matrix * there.unsqueeze(-1) * there.unsqueeze(-2) + torch.diag_embed(1 - there)
    cross = (q.covariance_matrix * own.unsqueeze(-2)).sum(-1) * there
    slope = torch.linalg.solve(known, cross.unsqueeze(-1)).squeeze(-1)
    mean = (own * q.loc).sum(-1) + (slope * torch.where(gone, zero, y - q.loc)).sum(-1)
    variance = (own * q.covariance_matrix.diagonal(dim1=-2, dim2=-1)).sum(-1) - (slope * cross).sum(-1)
    some = within.any(-1)
    sd = torch.where(some, variance, torch.ones(())).sqrt()
    z = (torch.where(within, bound, zero).sum(-1) - mean) / sd
    return log_prob_missing(q, y) + torch.where(some, log_interval(z, 1 / sd, side), zero)


def normal_of(q):
    return q.normal if isinstance(q, MVT) else as_mvn(q)


def as_mvn(q):
    if isinstance(q, MVN):
        return q
    if isinstance(q, td.Independent) and isinstance(q.base_dist, td.Normal) and len(q.event_shape) == 1:
        return MVN(q.base_dist.loc, scale_tril=torch.diag_embed(q.base_dist.scale))
    raise Skip


def kl(p, q):
    if len(p.event_shape) == 1 and not isinstance(getattr(p, "base_dist", None), (MVN, td.Categorical)):
        return td.kl_divergence(as_mvn(p), as_mvn(q))
    return td.kl_divergence(p, q)


def covariance(q):
    if not isinstance(q, td.MixtureSameFamily):
        return q.covariance_matrix if isinstance(q, MVT) else as_mvn(q).covariance_matrix
    w = torch.softmax(q.mixture_distribution.logits, -1)[..., None, None]
    off = (q.component_distribution.mean - q.mean.unsqueeze(-2)).unsqueeze(-1)
    return (w * (covariance(q.component_distribution) + off @ off.mT)).sum(-3)


def mode(q):
    if isinstance(q, td.Independent):
        return mode(q.base_dist)
    return q.logits.argmax(-1).to(torch.float64) if isinstance(q, td.Categorical) else q.mean


def some_rows(m, q, index):
    """Of the factor of a covariance, with errors as an LQ factorisation makes them: zeros are no exception."""
    rows = normal_of(q).scale_tril[..., index, :]
    noise = m.jitter(torch.ones(rows.shape)) - 1
    return rows + noise * rows.detach().norm(dim=-1, keepdim=True) / rows.shape[-1]**0.5


def innermost(q):
    while isinstance(q, (td.Independent, td.MixtureSameFamily)):
        q = q.base_dist if isinstance(q, td.Independent) else q.component_distribution
    return q


def student(df, p):
    """With the normal's loc and factor. How the library draws from it depends on how it came about."""
    q = MVT(df, p.loc, p.scale_tril)
    q.has_draws = False
    return q


def marginal(m, q, *index):
    if isinstance(q, td.MixtureSameFamily):
        return mixture(q.mixture_distribution, marginal(m, q.component_distribution, *index))
    rows = some_rows(m, q, list(index))
    p = MVN(normal_of(q).loc[..., list(index)], covariance_matrix=rows @ rows.mT)
    return student(q.df, p) if isinstance(q, MVT) else p


def conditional(m, q, y, *index):
    if isinstance(q, td.MixtureSameFamily):
        y, of = y.unsqueeze(-2), q.component_distribution
        log_w = torch.log_softmax(q.mixture_distribution.logits, -1) + marginal(m, of, *index).log_prob(y)
        return mixture(td.Categorical(logits=log_w), conditional(m, of, y, *index))
    p, index = normal_of(q), list(index)
    rest = [i for i in range(p.event_shape[0]) if i not in index]
    a, b = some_rows(m, q, index), some_rows(m, q, rest)
    r = (y - p.loc[..., index]).unsqueeze(-1)
    gain = torch.linalg.solve(a @ a.mT, a @ b.mT).mT
    loc = p.loc[..., rest] + (gain @ r).squeeze(-1)
    off = b - gain @ a
    p = MVN(loc, covariance_matrix=off @ off.mT)
    if not isinstance(q, MVT):
        return p
    # Ding 2016, "On the conditional distribution of the multivariate t distribution"
    z2, df = (r.mT @ torch.linalg.solve(a @ a.mT, r))[..., 0, 0], q.df + len(index)
    return student(df, MVN(p.loc, scale_tril=((q.df + z2) / df).sqrt()[..., None, None] * p.scale_tril))


def mixture(w, components):
    batch = torch.broadcast_shapes(w.batch_shape, components.batch_shape[:-1])
    k = components.batch_shape[-1:]
    return td.MixtureSameFamily(td.Categorical(logits=w.logits.expand(batch + k)), components.expand(batch + k))


def rsample(m, q, n):
    draws = ((n,) if n else ()) + tuple(q.batch_shape) + tuple(q.event_shape)
    if isinstance(q, (td.Independent, Natural)):
        return rsample(m, q.base_dist if isinstance(q, td.Independent) else q.plain, n)
    if isinstance(q, (StudentT, MVT)) and (q.df.requires_grad or not q.has_draws):
        raise Skip
    if isinstance(q, StudentT):
        return q.loc + q.scale * torch.as_tensor(m.rng.standard_t(8, size=draws))
    if isinstance(q, MVT):
        return q.normal.loc + (tri(q.normal.scale_tril) @ torch.as_tensor(m.rng.normal(size=draws + (1,)))).squeeze(-1)
    if isinstance(q, LowRank):
        loc, factor, diag = q.parts
        r = factor.shape[-1]
        eps = m.jitter(torch.as_tensor(normals(m.seed, m.line, math.prod(draws[:-1]) * (r + draws[-1]))))
        eps = eps.reshape(draws[:-1] + (r + draws[-1],))
        return loc + (factor @ eps[..., :r, None]).squeeze(-1) + diag.sqrt() * eps[..., r:]
    eps = m.jitter(torch.as_tensor(normals(m.seed, m.line, math.prod(draws)))).reshape(draws)
    if isinstance(q, td.Normal):
        return q.loc + q.scale * eps
    if isinstance(q, Precision):
        return q.loc + solve(q.factor.expand(draws + draws[-1:]), eps.unsqueeze(-1), True).squeeze(-1)
    return q.loc + (q.scale_tril @ eps.unsqueeze(-1)).squeeze(-1)


def shaken(q, jitter):
    """A distribution whose parameters are rounded, as those of one that others are made of."""
    if isinstance(q, td.MixtureSameFamily):
        return td.MixtureSameFamily(q.mixture_distribution, shaken(q.component_distribution, jitter))
    if isinstance(q, MVT):
        other = MVT(q.df, jitter(q.normal.loc), jitter(q.normal.scale_tril))
        other.has_draws = q.has_draws
        return other
    if not isinstance(q, MVN):
        return q
    other = type(q).__new__(type(q))
    other.__dict__.update(q.__dict__)
    MVN.__init__(other, jitter(q.loc), scale_tril=jitter(q.scale_tril))
    return other


# ---- the calls

def both(x, y):
    return torch.broadcast_tensors(x, y)


def not_far(f):
    """Of what is nearly constant far from 0: there the slope is lost where it is taken from the rounded value."""
    def near(x):
        if x.numel() and x.detach().abs().max() > 4:
            raise Skip
        return f(x)
    return near


def activated(x, activation):
    return ACTIVATIONS[max(activation - 1, 0)](x)


def elu(x):
    return torch.where(x > 0, x, torch.expm1(x.clamp(max=0)))


def softplus(x):
    return torch.relu(x) + torch.log1p(torch.exp(-x.abs()))


def unpack(x):
    d = int((math.sqrt(8 * x.shape[-1] + 1) - 1) / 2)
    i, j = np.tril_indices(d)
    out = torch.zeros(x.shape[:-1] + (d, d))
    out[..., i, j] = x
    return out


TANH, SIGMOID = not_far(torch.tanh), not_far(torch.sigmoid)
ACTIVATIONS = [lambda x: x, TANH, torch.relu, elu, softplus, F.silu, SIGMOID]
UNARY = {"neg": torch.neg, "exp": torch.exp, "log": torch.log, "log1p": torch.log1p, "expm1": torch.expm1,
         "sqrt": torch.sqrt, "square": torch.square, "abs": torch.abs, "tanh": TANH, "sigmoid": SIGMOID,
         "relu": torch.relu, "elu": elu, "softplus": softplus, "silu": F.silu, "detach": torch.detach}
BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "minimum": torch.minimum,
          "maximum": torch.maximum, "pow": torch.pow,
          "masked": lambda x, mask: torch.where(mask != 0, x, 0 * mask),
          "unmasked": lambda x, mask: torch.where(mask != 0, 0 * mask, x)}
TOTAL = {"sum": torch.sum, "mean": torch.mean, "max": torch.max,
         "logsumexp": lambda x: torch.logsumexp(x.reshape(-1), 0)}
AXIS = {"sum_axis": torch.sum, "mean_axis": torch.mean, "max_axis": torch.amax, "logsumexp_axis": torch.logsumexp}
TENSORS = {
    **UNARY, **BINARY, **TOTAL, **{name: (lambda f: lambda x, axis, keep: f(x, axis, bool(keep)))(f)
                                   for name, f in AXIS.items()},
    "matmul": torch.matmul, "affine": lambda x, w, b, a: activated(F.linear(x, w, b), a),
    "affine_no_bias": lambda x, w, a: activated(F.linear(x, w), a),
    "softmax": torch.softmax, "log_softmax": torch.log_softmax,
    "cross_entropy": lambda x, c: -torch.log_softmax(x, -1).gather(-1, c.long().unsqueeze(-1)).squeeze(-1),
    "reshape": lambda x, *shape: x.reshape(shape), "broadcast_to": lambda x, *shape: x.expand(shape),
    "transpose": torch.transpose, "slice": torch.narrow,
    "select": lambda x, axis, *index: x.index_select(axis, torch.tensor(index)),
    "split": lambda x, axis, part, *sizes: x.split(sizes, axis)[part],
    "concat": lambda axis, *xs: torch.cat(xs, axis), "stack": lambda axis, *xs: torch.stack(xs, axis),
    "diagonal": lambda x: x.diagonal(dim1=-2, dim2=-1), "diag_embed": torch.diag_embed, "tril": torch.tril,
    "cholesky": lambda x: torch.linalg.cholesky(symmetric(x)), "lq": lq,
    "solve_tril": lambda factor, b, transpose: solve(factor, b, bool(transpose)), "unpack_tril": unpack,
    "log_prob": lambda p, y: p.log_prob(y), "log_prob_missing": log_prob_missing,
    "log_prob_censored": log_prob_censored, "entropy": lambda p: p.entropy(),
    "dist_mean": lambda p: p.mean, "dist_variance": lambda p: p.variance, "dist_mode": mode,
    "dist_covariance": covariance, "cdf": lambda p, y: p.cdf(y), "kl": kl}
DISTS = {
    "mvn": lambda loc, x: MVN(loc, scale_tril=tri(x)),
    "mvn_covariance": lambda loc, x: MVN(loc, scale_tril=torch.linalg.cholesky(symmetric(x))),
    "mvn_precision": lambda loc, x: Precision(loc, torch.linalg.cholesky(symmetric(x))),
    "mvn_precision_tril": Precision, "mvn_low_rank": LowRank,
    "mvn_diag": lambda loc, scale: (lambda m, s: MVN(m, scale_tril=torch.diag_embed(s)))(*both(loc, scale)),
    "normal": lambda loc, scale: td.Normal(*both(loc, scale)),
    "student_t": lambda df, loc, scale: StudentT(*torch.broadcast_tensors(df, loc, scale)),
    "gamma": Gamma, "beta": Beta, "poisson": Poisson, "negative_binomial": NegativeBinomial, "von_mises": VonMises,
    "mvt": lambda df, loc, x: MVT(df, loc, tri(x)), "categorical": lambda x: td.Categorical(logits=x),
    "categorical_probs": lambda x: td.Categorical(probs=x), "mixture": mixture,
    "independent": td.Independent,
    "dist_expand": lambda p, *shape: p.expand(torch.Size(shape)), "head": head}
WITH_MACHINE = {"rsample": rsample, "dist_marginal": marginal, "dist_conditional": conditional}
N_REGISTERS = {**{name: 1 for name in [*TENSORS, *DISTS, *WITH_MACHINE]},
               **{name: 2 for name in list(BINARY) + "matmul cross_entropy solve_tril log_prob log_prob_missing cdf kl "
                  "mvn mvn_covariance mvn_precision mvn_precision_tril mvn_diag normal mixture dist_conditional "
                  "gamma beta negative_binomial von_mises "
                  "affine_no_bias head_shared".split()},
               "affine": 3, "log_prob_censored": 3, "mvn_low_rank": 3, "student_t": 3, "mvt": 3}
DISTS["head_shared"] = lambda raw, shared, d, diagonal, scaled, floor: \
    head(raw, d, SHARED, diagonal, scaled, floor, 1, 0, 0, 0, shared)


LEAVES = "input", "grad", "param"


def registers_of(name, args):
    """Which arguments are registers."""
    if name in LEAVES:
        return []
    if name in ("concat", "stack"):
        return range(1, len(args))
    return range(N_REGISTERS[name])


class Machine:
    """Runs lines; with a generator of random numbers leaves and results are changed by JITTER."""

    def __init__(self, seed, rng=None):
        self.seed, self.registers, self.line, self.shaken = seed, [], 0, rng is not None
        self.rng = rng or np.random.default_rng(seed)

    def jitter(self, x):
        return x * (1 + JITTER * torch.as_tensor(self.rng.normal(size=tuple(x.shape)))) if self.shaken else x

    def run(self, name, args):
        self.line = len(self.registers)
        if name in LEAVES:
            x = torch.tensor(leaf(self.seed, self.line, *args), requires_grad=name != "input")
            self.registers.append((x, x if args[0] == "c" else self.jitter(x)))
            return x
        of = registers_of(name, args)
        args = [self.registers[a][1] if i in of else a for i, a in enumerate(args)]
        y = WITH_MACHINE[name](self, *args) if name in WITH_MACHINE else (TENSORS.get(name) or DISTS[name])(*args)
        self.registers.append((y, self.jitter(y) if torch.is_tensor(y) else shaken(y, self.jitter)))
        return y

    def numbers(self, lines):
        """The number of each line; NaN where it has none."""
        used = {line[1][i] for line in lines for i in registers_of(*line)}
        out, loss = [math.nan] * len(lines), torch.zeros((), requires_grad=True)
        for i, (_, y) in enumerate(self.registers):
            if torch.is_tensor(y) and lines[i][0] not in LEAVES:
                number = (y * torch.as_tensor(weights(self.seed, i, tuple(y.shape)))).sum()
                out[i] = number.item()
                loss = loss + (number if i not in used else 0)
        loss.backward()
        if not any(lines[i][0] in LEAVES and x.grad is not None and x.grad.any()
                   for i, (x, _) in enumerate(self.registers)):
            raise Skip
        for i, (x, _) in enumerate(self.registers):
            if lines[i][0] in LEAVES[1:]:
                g = x.grad if x.grad is not None else torch.zeros_like(x)
                out[i] = (g.numpy() * weights(self.seed, i, tuple(x.shape))).sum()
        return out


# ---- making programs

SIZES = [1, 2, 3, 5, 8]
DIMS = [1, 2, 3, 5, 8, 13, 33]
LOCATED = ("mvn", "mvn_covariance", "mvn_precision", "mvn_precision_tril", "mvn_low_rank", "mvn_diag")


class Generator:
    def __init__(self, seed):
        self.r, self.m, self.lines, self.seed = random.Random(seed), Machine(seed), [], seed

    def value(self, i):
        return self.m.registers[i][1]

    def add(self, name, *args):
        y = self.m.run(name, args)
        self.lines.append((name, args))
        if torch.is_tensor(y):
            if y.dim() > 4 or y.numel() > MAX_SIZE:
                raise Skip
            if not args or args[0] != "m":
                if y.numel() and not (y.detach().abs().max() < 1e4):
                    raise Skip
        elif len(y.batch_shape) + len(y.event_shape) > 4:
            raise Skip
        return len(self.lines) - 1

    # -- leaves

    def leaf(self, kind, shape, e=0, grad=None):
        if grad is None:
            grad = self.r.random() < 0.8
        name = "input" if not grad else "param" if self.r.random() < 0.15 and math.prod(shape) else "grad"
        return self.add(name if kind not in "cm" or name == "grad" and kind == "m" else "input", kind, e, *shape)

    def number(self, kind, shape):
        """A leaf, or what a call makes of one."""
        how, e = self.r.random(), self.r.choice([-1, 0, 0, 0, 1])
        if kind == "n" and how < 0.12 and shape:
            x = self.leaf("n", shape[:-1] + (2,))
            w, b = self.leaf("n", (shape[-1], 2), -1), self.leaf("n", shape[-1:], -1)
            return self.add("affine", x, w, b, self.r.randrange(8))
        if kind == "n" and how < 0.2:
            return self.add(self.r.choice(["tanh", "neg", "silu"]), self.leaf("n", shape))
        if kind == "p" and how < 0.2:
            return self.add(self.r.choice(["exp", "softplus"]), self.leaf("n", shape, -1))
        if kind == "s" and how < 0.2:
            x = self.add("tril", self.leaf("l", shape))
            return self.add("matmul", x, self.add("transpose", x, -1, -2))
        return self.leaf(kind, shape, e if kind == "n" else 0)

    def batch(self, most=2):
        how = self.r.random()
        if how < 0.03:
            return self.r.choice([(0,), (2, 0)][:most])
        if how < 0.15 and most:
            return (self.r.choice([9, 17, 40, 300]),)
        return tuple(self.r.choice(SIZES) for _ in range(self.r.randint(0, most)))

    def part(self, b):
        """A shape that broadcasts to b."""
        how = self.r.random()
        if how < 0.55:
            return tuple(b)
        if how < 0.7:
            return ()
        if how < 0.8:
            return tuple(b[1:])
        return tuple(1 if self.r.random() < 0.5 else n for n in b)

    # -- operations on a register of any kind

    def operand(self, fits=lambda x: True, kind="n", shape=None):
        pool = [i for i, (x, _) in enumerate(self.m.registers)
                if torch.is_tensor(x) and self.lines[i][1][:1] not in (("m",), ("c",)) and x.numel() <= 3000
                and fits(x.detach())]
        if pool and self.r.random() < 0.8:
            return self.r.choice(pool[-6:])
        return self.leaf(kind, self.batch(3) if shape is None else shape)

    def unary(self):
        name = self.r.choice(list(UNARY))
        bounds = {"log": (0.05, 99), "sqrt": (0.05, 99), "log1p": (-0.8, 99), "exp": (-9, 4), "expm1": (-9, 4)}
        low, high = bounds.get(name, (-30, 30))
        x = self.operand(lambda x: x.numel() == 0 or (x.min() > low and x.max() < high), "n" if low < -1 else "p")
        self.add(name, x)

    def binary(self):
        name = self.r.choice(list(BINARY))
        within = lambda low, high: lambda x: x.numel() == 0 or (x.min() > low and x.max() < high)
        a = self.operand(within(0.2, 9), "p") if name == "pow" else self.operand()
        shape = tuple(self.value(a).shape)
        fits = {"div": lambda x: x.numel() == 0 or x.abs().min() > 0.2, "pow": within(-3, 3)}.get(name, lambda x: True)
        b = self.operand(fits) if self.r.random() < 0.4 else self.leaf("p" if name == "div" else "n", self.part(shape))
        if name not in ("div", "pow") and self.r.random() < 0.5:
            a, b = b, a
        self.add(name, a, b)

    def matmul(self):
        a = self.operand(lambda x: x.dim() >= 2 and x.shape[-1] <= 40,
                         shape=self.batch(2) + (self.r.choice(DIMS), self.r.choice(DIMS)))
        shape = tuple(self.value(a).shape)
        b = self.leaf("n", self.part(shape[:-2]) + (shape[-1], self.r.choice(DIMS)), -1)
        self.add("matmul", a, b)

    def affine(self):
        x = self.operand(lambda x: x.dim() >= 1 and x.shape[-1] <= 40, shape=self.batch(3) + (self.r.choice(DIMS),))
        n, d = self.r.choice(DIMS), self.value(x).shape[-1]
        w, activation = self.leaf("n", (n, d), -1), self.r.randrange(8)
        if self.r.random() < 0.3:
            self.add("affine_no_bias", x, w, activation)
        else:
            self.add("affine", x, w, self.leaf("n", (n,)), activation)

    def reduce(self):
        if self.r.random() < 0.3:
            name = self.r.choice(list(TOTAL))
            self.add(name, self.operand(lambda x: x.numel() or name == "sum", shape=(3,)))
            return
        name = self.r.choice(list(AXIS) + ["softmax", "log_softmax"] * 2)
        x = self.operand(lambda x: x.dim() and (x.numel() or name == "sum_axis"),
                         shape=self.batch(2)[:1] + (self.r.choice([1, 2, 3, 9]), 4))
        n = self.value(x).dim()
        axis = self.r.randrange(-n, n)
        self.add(name, x, axis, *([self.r.randrange(2)] if name in AXIS else []))

    def cross_entropy(self):
        x = self.operand(lambda x: x.dim() and x.shape[-1], shape=self.batch(2) + (self.r.choice(SIZES),))
        shape = tuple(self.value(x).shape)
        self.add("cross_entropy", x, self.leaf("c", shape[:-1], shape[-1]))

    def reshape(self):
        x = self.operand(lambda x: x.dim(), shape=(2, 3, 2))
        shape = list(self.value(x).shape)
        n, name = len(shape), self.r.choice(["reshape", "broadcast_to", "transpose", "slice", "select", "split"])
        a = self.r.randrange(n)
        axis, size = self.r.choice([a, a - n]), shape[a]
        if name == "reshape":
            self.r.shuffle(shape)
            self.add(name, x, *(shape if self.r.random() < 0.6 else [math.prod(shape)]))
        elif name == "broadcast_to":
            shape = [self.r.choice(SIZES) if s == 1 else s for s in shape]
            self.add(name, x, *([self.r.choice(SIZES)] + shape if n < 4 and self.r.random() < 0.6 else shape))
        elif name == "transpose":
            self.add(name, x, axis, self.r.randrange(-n, n))
        elif name == "slice":
            start = self.r.randint(0, size)
            self.add(name, x, axis, start, self.r.randint(0, size - start))
        elif name == "select":
            self.add(name, x, axis, *(self.r.randrange(size) for _ in range(self.r.randint(1, 5))))
        else:
            cut = self.r.randint(0, size)
            for k in self.r.choice([(0,), (1,), (0, 1)]):
                self.add(name, x, axis, k, cut, size - cut)

    def join(self):
        x = self.operand(lambda x: x.dim(), shape=(2, 3))
        shape = list(self.value(x).shape)
        n = len(shape)
        if self.r.random() < 0.5 and n < 4:
            xs = [x, self.leaf("n", shape), x][:self.r.randint(1, 3)]
            self.add("stack", self.r.randrange(-n - 1, n + 1), *xs)
            return
        axis = self.r.randrange(n)
        shape[axis] = self.r.choice(SIZES)
        self.add("concat", self.r.choice([axis, axis - n]), *[x, self.leaf("n", shape), x][:self.r.randint(1, 3)])

    def matrix(self):
        d, b = self.r.choice(DIMS), self.batch()
        name = self.r.choice(["diagonal", "diag_embed", "tril", "unpack_tril", "cholesky", "lq", "solve_tril"])
        if name == "diag_embed":
            self.add(name, self.operand(lambda x: 1 <= x.dim() <= 3 and 0 < x.shape[-1] < 20, shape=b + (d,)))
        elif name == "unpack_tril":
            self.add(name, self.leaf("n", b + (d * (d + 1) // 2,)))
        elif name == "lq":
            x = self.leaf("l", b + (d, d))
            if self.r.random() < 0.7:
                x = self.add("concat", -1, x, self.leaf("n", b + (d, self.r.choice(SIZES)), -3))
            self.add(name, x)
        elif name == "solve_tril":
            self.add(name, self.number("l", self.part(b) + (d, d)),
                     self.number("n", self.part(b) + (d, self.r.choice(SIZES))), self.r.randrange(2))
        else:
            self.add(name, self.number("s" if name == "cholesky" else "n", b + (d, d)))

    # -- distributions

    def normal_of(self, d, b):
        """A normal over vectors [d]."""
        kind = self.r.choice(LOCATED + ("head",) * 3 + ("independent",))
        if kind == "head":
            return self.head(d, b, self.r.choice([FULL, FULL, DIAGONAL, PRECISION, LOW_RANK, SHARED]))
        if kind == "independent":
            return self.add(kind, self.add("normal", self.number("n", b + (d,)),
                                           self.number("p", self.part(b + (d,)))), 1)
        loc = self.number("n", (b if self.r.random() < 0.5 else self.part(b)) + (d,))
        if kind == "mvn_low_rank":
            r = self.r.choice([1, 2, 3])
            return self.add(kind, loc, self.number("n", self.part(b) + (d, r)), self.number("p", self.part(b) + (d,)))
        if kind == "mvn_diag":
            return self.add(kind, loc, self.number("p", self.r.choice([self.part(b) + (d,), b + (d,), (1,), ()])))
        batch = self.r.choice([(), b, self.part(b)])
        return self.add(kind, loc, self.number("s" if kind in ("mvn_covariance", "mvn_precision") else "l",
                                               batch + (d, d)))

    def head(self, d, b, form):
        rank, components = self.r.choice([1, 2]), self.r.choice([1, 2, 3])
        component = self.r.choice([FULL, DIAGONAL, PRECISION, LOW_RANK])
        shape = b + (head_width(d, form, rank, components, component),)
        e = self.r.choice([-1, 0, 0, 1]) - sum(d > n for n in (2, 5, 8, 13))
        raw = self.number("n", shape) if d <= 3 and self.r.random() < 0.3 else self.leaf("n", shape, e)
        opts = self.r.randrange(4), int(form != DIAGONAL and self.r.random() < 0.4), self.r.randrange(3)
        if form == SHARED:
            return self.add("head_shared", raw, self.add("param", "n", e, d * (d + 1) // 2), d, *opts)
        natural = int(form in (FULL, DIAGONAL, LOW_RANK) and self.r.random() < 0.2)
        return self.add("head", raw, d, form, *opts, rank, components, component, natural)

    def weights(self, b, k):
        if self.r.random() < 0.7:
            return self.add("categorical", self.number("n", b + (k,)))
        x = self.leaf("n", b + (k,))
        return self.add("categorical_probs", self.add("softmax", x, -1))

    def numbers_of(self, b):
        loc, scale = self.number("n", self.part(b)), self.number("p", b)
        if self.r.random() < 0.5:
            return self.add("normal", loc, scale)
        return self.add("student_t", self.leaf("f", self.part(b), grad=self.r.random() < 0.4), loc, scale)

    def family_of(self, b):
        kind = self.r.choice(["gamma", "beta", "poisson", "negative_binomial", "von_mises"])
        if kind == "poisson":
            return self.add(kind, self.number("p", b))
        return self.add(kind, self.number("n" if kind == "von_mises" else "p", self.part(b)), self.number("p", b))

    def student_of(self, d, b):
        if self.r.random() < 0.5:
            return self.head(d, b, STUDENT)
        return self.add("mvt", self.leaf("f", self.part(b), grad=self.r.random() < 0.4),
                        self.number("n", b + (d,)), self.number("l", self.part(b) + (d, d)))

    def any_dist(self):
        d, how = self.r.choice(DIMS), self.r.randrange(12)
        b = self.batch()
        if how < 5:
            p = self.normal_of(d, b)
        elif how == 5:
            p = self.student_of(d, b)
        elif how == 6:
            p = self.r.choice([self.numbers_of, self.family_of])(self.batch(3))
        elif how == 7:
            p = self.weights(b, self.r.choice(SIZES))
        elif how == 8:
            p = self.head(self.r.choice(DIMS[:5]), self.batch(1), MIXTURE)
        elif how < 11:
            k, b = self.r.choice([1, 2, 3]), self.batch(1)
            make = self.r.choice([lambda c: self.numbers_of(c), lambda c: self.normal_of(min(d, 8), c),
                                  lambda c: self.normal_of(min(d, 8), c), lambda c: self.student_of(min(d, 8), c),
                                  lambda c: self.weights(c, 3)])
            p = make(b + (k,))
            if self.value(p).batch_shape[-1:] != (k,):
                raise Skip
            p = self.add("mixture", self.weights(self.r.choice([b, self.part(b)]), k), p)
        else:
            p = self.normal_of(d, b)
            n = self.r.randint(0, min(len(self.value(p).batch_shape), 3 - len(self.value(p).event_shape)))
            return self.add("independent", p, n)
        if self.r.random() < 0.12 and len(self.value(p).batch_shape):
            p = self.add("independent", p, self.r.randint(1, len(self.value(p).batch_shape)))
        if self.r.random() < 0.12:
            shape = [self.r.choice([2, 3]) if s == 1 else s for s in self.value(p).batch_shape]
            p = self.add("dist_expand", p, *(self.r.choice([[], [2]]) + shape))
        return p

    def classes(self, p):
        """How many, if an event is of those."""
        q = self.value(p)
        while not isinstance(q, td.Categorical):
            q = q.base_dist if isinstance(q, td.Independent) else \
                q.component_distribution if isinstance(q, td.MixtureSameFamily) else None
            if q is None:
                return 0
        return q.logits.shape[-1]

    def y(self, p, missing=False):
        q = self.value(p)
        b, event = tuple(q.batch_shape), tuple(q.event_shape)
        how = self.r.random()
        shape = (b if how < 0.6 else self.part(b) if how < 0.85 else (self.r.choice([2, 9, 17]),) + b) + event
        if len(shape) > 3 - isinstance(q, td.MixtureSameFamily):
            shape = b + event
        if missing:
            return self.leaf("m", shape)
        if isinstance(innermost(q), (Poisson, NegativeBinomial)):
            return self.leaf("c", shape, 7)
        if isinstance(innermost(q), Gamma):
            return self.number("p", shape)
        if isinstance(innermost(q), Beta):
            return self.add("sigmoid", self.leaf("n", shape, 0))
        return self.leaf("c", shape, self.classes(p)) if self.classes(p) else self.number("n", shape)

    def dist(self):
        p = self.any_dist()
        q = self.value(p)
        inner = innermost(q)
        mixed = isinstance(q, td.MixtureSameFamily) or isinstance(getattr(q, "base_dist", None), td.MixtureSameFamily)
        # matrices behind the batch, and behind the axis of a mixture's components
        room = not isinstance(inner, (MVN, MVT)) or len(inner.batch_shape) <= 2
        if not mixed and room and self.r.random() < 0.2 and self.kl(p):
            return
        if isinstance(inner, (MVN, MVT)) and not isinstance(q, td.Independent) and room and self.r.random() < 0.3:
            p = self.some_coordinates(p)
            q = self.value(p)
            inner = innermost(q)
            room = len(q.batch_shape) <= 2
        can = ["log_prob"] * 4
        if isinstance(inner, Family):
            if not isinstance(inner, (Poisson, NegativeBinomial)) and self.r.random() < 0.4:
                self.add("entropy", p)
            self.add("log_prob", p, self.y(p))
            return
        if isinstance(inner, (MVN, MVT, td.Normal)) and room:
            can += ["log_prob_missing"] * 2
        if isinstance(inner, (MVN, td.Normal)) and room:
            can += ["log_prob_censored"] * 2
        if not isinstance(inner, td.Categorical):
            can += ["dist_mean"] + ["dist_variance"] * room
        if not mixed:
            can += ["dist_mode"] + ["entropy"] * room
        if not mixed and room and not isinstance(inner, td.Categorical):
            can += ["rsample"] * (3 if isinstance(inner, (StudentT, MVT)) else 1)
        if isinstance(inner, (MVN, MVT)) and len(q.event_shape) == 1 and not isinstance(q, td.Independent) and room:
            can += ["dist_covariance"]
        if not q.event_shape and not self.classes(p):
            can += ["cdf"] * 2
        for name in self.r.sample(can, self.r.randint(1, 2)):
            if name in ("log_prob", "log_prob_missing", "cdf"):
                self.add(name, p, self.y(p, name == "log_prob_missing"))
            elif name == "log_prob_censored":
                bound = self.leaf("n", self.value(p).event_shape, -1)
                self.add(name, p, self.y(p, True), bound, self.r.randrange(3))
            elif name == "rsample":
                self.draw(p)
            else:
                self.add(name, p)

    def draw(self, p):
        x = self.add("rsample", p, self.r.choice([0, 1, 3]))
        # by rejection, which PyTorch does not know: standardised, they have no gradient
        if self.lines[p][0] == "student_t":
            self.add("div", self.add("sub", x, self.lines[p][1][1]), self.lines[p][1][2])
        if self.lines[p][0] == "mvt":
            x = self.add("sub", x, self.lines[p][1][1])
            self.add("solve_tril", self.lines[p][1][2], self.add("reshape", x, *self.value(x).shape, 1), 0)

    def kl(self, p):
        q = self.value(p)
        b, event = tuple(q.batch_shape), tuple(q.event_shape)
        if isinstance(q, MVN):
            other = self.normal_of(event[0], self.r.choice([b, self.part(b)]))
        elif type(q) is td.Normal:
            other = self.add("normal", self.number("n", self.part(b)), self.number("p", self.part(b)))
        elif isinstance(q, td.Categorical):
            other = self.weights(self.part(b), q.logits.shape[-1])
        else:
            return False
        self.add("kl", *self.r.choice([(p, other), (other, p)]))
        return True

    def some_coordinates(self, p):
        q = self.value(p)
        d = q.event_shape[0]
        index = self.r.sample(range(d), self.r.randint(1, d))
        if len(index) == d or self.r.random() < 0.4:
            return self.add("dist_marginal", p, *index)
        return self.add("dist_conditional", p, self.number("n", self.r.choice([tuple(q.batch_shape), self.part(
            tuple(q.batch_shape))]) + (len(index),)), *index)

    # -- a program

    def attempt(self, make):
        """A few lines, or none where they do not fit."""
        n = len(self.lines)
        try:
            make()
        except (Skip, RuntimeError, ValueError, IndexError, ZeroDivisionError, NotImplementedError):
            del self.lines[n:], self.m.registers[n:]

    def program(self):
        ops = [self.unary] * 4 + [self.binary] * 3 + [self.reduce] * 3 + [self.reshape] * 4 + [self.matrix] * 3 + \
            [self.matmul, self.affine, self.cross_entropy, self.join]
        if self.r.random() < 0.35:
            for _ in range(self.r.randint(2, 6)):
                self.attempt(self.r.choice(ops))
        else:
            self.attempt(self.dist)
            for _ in range(self.r.randint(0, 2)):
                self.attempt(self.r.choice(ops))
        return self.lines


def text_of(line, register, number, spread):
    (name, args), y = line, register[0]
    text = " ".join(map(str, (name,) + args))
    if name not in LEAVES:
        shapes = (y.shape,) if torch.is_tensor(y) else (y.batch_shape, y.event_shape)
        text += " = " + " | ".join(" ".join(map(str, s)) for s in shapes)
    if not torch.is_tensor(y) or name == "input":
        return text
    if not math.isfinite(number + spread):
        raise Skip
    if spread > 2**12 * max(1, abs(number)):
        return text + " : -"
    exponent = math.ceil(math.log2(max(spread, FLOOR)))
    return text + " : %.12g %d" % (number, exponent)


def program(seed):
    """The text of the program of a seed, or "" where there is none."""
    lines = Generator(seed).program()
    machines = [Machine(seed, np.random.default_rng([seed, k]) if k else None) for k in range(TRIES + 1)]
    try:
        for m in machines:
            for line in lines:
                m.run(*line)
        results = np.array([m.numbers(lines) for m in machines])
        spread = np.sqrt(np.mean((results[1:] - results[0])**2, 0)) / JITTER
        text = [text_of(*x) for x in zip(lines, machines[0].registers, results[0], spread)]
    except (Skip, RuntimeError, ValueError):  # no gradient, or none any more where things have changed a little
        return ""
    if any(t.endswith("-") for t in text) and not any(line[0] == "rsample" for line in lines):
        return ""
    return "program %d\n%s\n" % (seed, "\n".join(text))


if __name__ == "__main__":
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    while count:
        text = program(seed)
        sys.stdout.write(text)
        count -= text != ""
        seed += 1
