"""Density networks for Python: ctypes and NumPy over the shared library of Tril.

    from tril import DensityNetwork
    model = DensityNetwork(hidden=(64, 64), seed=7).fit(X, Y)
    loc, covariance = model.predict(X, return_cov=True)
    model.log_prob(X, Y); model.sample(X, 10); model.score(X, Y); model.save("m.safetensors")

The library is found by TRIL_LIBRARY (a path), or by its name. Arrays are converted to its precision.
"""
import ctypes as c
import ctypes.util
import os

import numpy as np


def _struct(name, *fields, reserved=0):
    fields = [(n, t) for line, t in fields for n in line.split()]
    if reserved:
        fields.append(("reserved", c.c_uint64 * reserved))
    return type(name, (c.Structure,), {"_fields_": fields})


P, N, D, B, I, U = c.c_void_p, c.c_size_t, c.c_double, c.c_bool, c.c_int, c.c_uint64
S = c.c_char_p
Shape = _struct("Shape", ("rank", N), ("dim", N * 4))
Var = _struct("Var", ("tape", P), ("index epoch", c.c_uint32))
Dist = _struct("Dist", ("kind", P), ("param", Var * 3), ("batch event", Shape), ("attrs", P))
Param = _struct("Param", ("params", P), ("index", N))
CtxOpts = _struct("CtxOpts", ("seed", U), ("resize user", P), ("no_validation", B), reserved=4)
MlpOpts = _struct("MlpOpts", ("inputs", N), ("hidden", N * 16), ("outputs", N), ("activation init", I), reserved=4)
HeadOpts = _struct("HeadOpts", ("kind", P), ("diagonal", I), ("relative_off_diagonal", B), ("floor", D), ("rank", N),
                   ("shared", Param), ("components", N), ("component", P), ("natural", B), ("classes", N), reserved=3)
Network = _struct("Network", ("mlp", P), ("targets", N), ("head", HeadOpts), ("weight bias scale", Param), reserved=4)
Batch = _struct("Batch", ("x y", P), ("n", N), ("w", P))
Clip = _struct("Clip", ("value norm", D), reserved=2)
Schedule = _struct("Schedule", ("kind", I), ("warmup factor", D), ("every", N), ("floor", D), reserved=2)
FitOpts = _struct(
    "FitOpts", ("epochs batch", N), ("seed", U), ("threads", N), ("optim", P), ("lr momentum weight_decay", D),
    ("clip", Clip), ("schedule", Schedule), ("average", D), ("loss", P), ("beta", D), ("warmup_epochs", N),
    ("validation", Batch), ("validation_share", D), ("group", P), ("patience", N), ("keep_last", B),
    ("input_noise target_noise", D), ("missing flat no_init", B), ("ctx", P), reserved=8)
Evaluation = _struct("Evaluation", ("nll mean sd covariance spread pit level levels", P), ("n_levels", N),
                     ("quantile correlation weight crps energy", P), reserved=8)
Scaler = _struct("Scaler", ("ctx", P), ("width", N), ("mean scale", P), reserved=2)

_SIGNATURES = {  # result, arguments
    "ctx_new": (P, c.POINTER(CtxOpts)), "ctx_free": (None, P), "ctx_failed": (B, P), "ctx_message": (S, P),
    "ctx_clear": (None, P), "version": (S,),
    "params_new": (P, P), "params_free": (None, P), "tape_new": (P, P), "tape_free": (None, P),
    "tape_record": (None, P, B), "input": (Var, P, P, Shape), "value": (P, Var), "sample": (Var, Dist, N),
    "network_new": (Network, P, N, c.POINTER(MlpOpts), c.POINTER(HeadOpts)),
    "network_dist": (Dist, c.POINTER(Network), Var),
    "fit_new": (P, c.POINTER(Network), Batch, c.POINTER(FitOpts)), "fit_run": (B, P, P, P), "fit_free": (None, P),
    "evaluate": (B, c.POINTER(Network), N, Batch, c.POINTER(Evaluation)),
    "scaler_fit": (B, P, c.POINTER(Scaler), P, P, N, N, P), "scaler_free": (None, c.POINTER(Scaler)),
    "scaler_apply": (None, c.POINTER(Scaler), P, N), "scaler_undo": (None, c.POINTER(Scaler), P, N),
    "scaler_log_scale": (D, c.POINTER(Scaler)),
    "tensors_new": (P, P), "tensors_free": (None, P), "tensors_write": (B, P, S), "tensors_read": (P, P, S),
    "tensors_put_params": (B, P, S, P), "tensors_get_params": (B, P, S, P),
    "tensors_put_scaler": (B, P, S, c.POINTER(Scaler)), "tensors_get_scaler": (B, P, S, c.POINTER(Scaler)),
    "tensors_set_metadata": (B, P, S, S), "tensors_metadata": (S, P, S),
}


class Library:
    """The functions of one library, of the precision that it has."""

    def __init__(self, path=None):
        path = path or os.environ.get("TRIL_LIBRARY") or ctypes.util.find_library("tril") or "libtril.so.0"
        self._c = c.CDLL(path)
        single = hasattr(self._c, "tril_version_f32")
        self._suffix = "_f32" if single else "_f64"
        self.dtype = np.float32 if single else np.float64
        for name, (result, *arguments) in _SIGNATURES.items():
            function = getattr(self._c, "tril_" + name + self._suffix)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def kind(self, name):
        """Where a head, a loss or an optimizer of that name is: "head_mixture", "loss_beta", "optim_sgd"."""
        return c.addressof(c.c_char.in_dll(self._c, "tril_" + name + self._suffix))


_LIBRARY = None


def library():
    global _LIBRARY
    _LIBRARY = _LIBRARY or Library()
    return _LIBRARY


class DensityNetwork:
    """A regressor with scikit-learn's conventions whose answer is a distribution of all columns of Y.

    head: full, diagonal, precision, lowrank, mixture or student; rank and components are for lowrank and mixture.
    Columns are scaled inside; all that comes out is in the units of X and Y.
    """

    def __init__(self, hidden=(64, 64), head="full", rank=0, components=0, epochs=100, batch=64, lr=1e-3,
                 weight_decay=0.0, validation_share=0.0, patience=0, threads=1, seed=0):
        self.hidden, self.head, self.rank, self.components = hidden, head, rank, components
        self.epochs, self.batch, self.lr, self.weight_decay = epochs, batch, lr, weight_decay
        self.validation_share, self.patience, self.threads, self.seed = validation_share, patience, threads, seed

    def get_params(self, deep=True):
        names = type(self).__init__.__code__.co_varnames[1:type(self).__init__.__code__.co_argcount]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params):
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"DensityNetwork has no parameter {name}")
            setattr(self, name, value)
        return self

    # ---- what the library holds

    def _begin(self, inputs, targets):
        self._end()
        t = self._t = library()
        self.n_features_in_, self.n_outputs_ = inputs, targets
        self._ctx = t.ctx_new(CtxOpts(seed=self.seed))
        self._params = t.params_new(self._ctx)
        self._x, self._y = Scaler(), Scaler()
        head = HeadOpts(kind=t.kind("head_" + self.head), rank=self.rank, components=self.components)
        mlp = MlpOpts(inputs=inputs, hidden=(N * 16)(*self.hidden))
        self._net = t.network_new(self._params, targets, mlp, head)
        self._check()

    def _end(self):
        if getattr(self, "_ctx", None):
            t = self._t
            t.scaler_free(self._x), t.scaler_free(self._y)
            t.params_free(self._params), t.ctx_free(self._ctx)
        self._ctx = None

    def __del__(self):
        self._end()

    def _check(self):
        if self._t.ctx_failed(self._ctx):
            message = self._t.ctx_message(self._ctx).decode()
            self._t.ctx_clear(self._ctx)
            raise ValueError(message)

    def _rows(self, values, width=None):
        """A copy of rows in the library's precision."""
        rows = np.array(values, dtype=library().dtype, order="C", ndmin=1)
        rows = rows.reshape(len(rows), -1)
        if width is not None and rows.shape[1] != width:
            raise ValueError(f"rows have {rows.shape[1]} columns instead of {width}")
        return rows

    def _scaled(self, X):
        if not getattr(self, "_ctx", None):
            raise ValueError("this DensityNetwork is not fitted: call fit or load first")
        x = self._rows(X, self.n_features_in_)
        self._t.scaler_apply(self._x, x.ctypes.data, len(x))
        return x

    def _evaluate(self, X, Y=None, **wanted):
        x, y = self._scaled(X), None
        if Y is not None:
            y = self._rows(Y, self.n_outputs_)
            if len(y) != len(x):
                raise ValueError(f"X has {len(x)} rows, Y has {len(y)}")
            self._t.scaler_apply(self._y, y.ctypes.data, len(y))
        out = Evaluation(**{name: array.ctypes.data for name, array in wanted.items()})
        self._t.evaluate(self._net, 1, Batch(x.ctypes.data, y.ctypes.data if y is not None else None, len(x)), out)
        self._check()

    def _scale(self):
        return np.ctypeslib.as_array(c.cast(self._y.scale, c.POINTER(D)), (self.n_outputs_,))

    # ---- scikit-learn's

    def fit(self, X, Y, sample_weight=None):
        """sample_weight [n]: how often each row counts."""
        x, y = self._rows(X), self._rows(Y)
        w = None if sample_weight is None else self._rows(sample_weight, 1)
        if len(x) != len(y) or (w is not None and len(w) != len(x)):
            raise ValueError(f"X has {len(x)} rows, Y has {len(y)}" + ("" if w is None else f", sample_weight has {len(w)}"))
        try:
            self._train(x, y, w.ctypes.data if w is not None else None)
        except ValueError:
            self._end()
            raise
        return self

    def _train(self, x, y, w):
        self._begin(x.shape[1], y.shape[1])
        t = self._t
        for scaler, rows in (self._x, x), (self._y, y):
            t.scaler_fit(self._ctx, scaler, rows.ctypes.data, w, *rows.shape, None)
            self._check()
            t.scaler_apply(scaler, rows.ctypes.data, len(rows))
        opts = FitOpts(epochs=self.epochs, batch=self.batch, seed=self.seed, threads=self.threads, lr=self.lr,
                       weight_decay=self.weight_decay, validation_share=self.validation_share, patience=self.patience)
        fit = t.fit_new(self._net, Batch(x.ctypes.data, y.ctypes.data, len(x), w), opts)
        t.fit_run(fit, None, None)
        t.fit_free(fit)
        self._check()

    def predict(self, X, return_std=False, return_cov=False):
        """Means [n, targets]; and, if asked for, standard deviations or covariances [n, targets, targets]."""
        n, d = len(X), self.n_outputs_ if getattr(self, "_ctx", None) else 0
        mean, sd, cov = np.empty((n, d)), np.empty((n, d)), np.empty((n, d, d))
        self._evaluate(X, mean=mean, sd=sd, covariance=cov)
        scale = self._scale()
        mean = mean * scale + np.ctypeslib.as_array(c.cast(self._y.mean, c.POINTER(D)), (d,))
        return (mean, sd * scale) if return_std else (mean, cov * np.outer(scale, scale)) if return_cov else mean

    def log_prob(self, X, Y):
        """Log-densities [n], in nats, in the units of Y."""
        nll = np.empty(len(X))
        self._evaluate(X, Y, nll=nll)
        return -nll - self._t.scaler_log_scale(self._y)

    def score(self, X, Y):
        """The mean log-density: the larger, the better."""
        return float(self.log_prob(X, Y).mean())

    def sample(self, X, n_samples=1):
        """Draws [n_samples, n, targets]."""
        x, t = self._scaled(X), self._t
        tape = t.tape_new(self._ctx)
        t.tape_record(tape, False)
        rows = t.input(tape, x.ctypes.data, Shape(2, (N * 4)(*x.shape)))
        values = t.value(t.sample(t.network_dist(self._net, rows), n_samples))
        shape = (n_samples, len(x), self.n_outputs_)
        draws = None
        if values:
            real = c.c_float if t.dtype == np.float32 else D
            draws = np.ctypeslib.as_array(c.cast(values, c.POINTER(real)), shape).copy()
            t.scaler_undo(self._y, draws.ctypes.data, n_samples * len(x))
        t.tape_free(tape)
        self._check()
        return draws

    # ---- files, in the safetensors format

    def save(self, path):
        if not getattr(self, "_ctx", None):
            raise ValueError("this DensityNetwork is not fitted: call fit or load first")
        t, tensors = self._t, self._t.tensors_new(self._ctx)
        t.tensors_put_params(tensors, b"", self._params)
        t.tensors_put_scaler(tensors, b"inputs", self._x)
        t.tensors_put_scaler(tensors, b"targets", self._y)
        note = dict(self.get_params(), inputs=self.n_features_in_, targets=self.n_outputs_)
        t.tensors_set_metadata(tensors, b"DensityNetwork", repr(note).encode())
        t.tensors_write(tensors, os.fsencode(path))
        t.tensors_free(tensors)
        self._check()

    @classmethod
    def load(cls, path):
        import ast

        t = library()
        ctx = t.ctx_new(None)
        tensors = t.tensors_read(ctx, os.fsencode(path))
        note = t.tensors_metadata(tensors, b"DensityNetwork") if tensors else None
        message = t.ctx_message(ctx).decode() if not tensors else f"{path}: no DensityNetwork has written this file"
        try:
            if not note:
                raise ValueError(message)
            params = ast.literal_eval(note.decode())
            inputs, targets = params.pop("inputs"), params.pop("targets")
            model = cls(**params)
            model._begin(inputs, targets)
        finally:
            t.tensors_free(tensors), t.ctx_free(ctx)
        tensors = t.tensors_read(model._ctx, os.fsencode(path))
        t.tensors_get_params(tensors, b"", model._params)
        t.tensors_get_scaler(tensors, b"inputs", model._x)
        t.tensors_get_scaler(tensors, b"targets", model._y)
        t.tensors_free(tensors)
        model._check()
        return model
