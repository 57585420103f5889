"""The same as u1.c in Python, then what tril.py has: predictions, draws, files, errors."""
import os
import tempfile

import numpy as np
from tril import DensityNetwork

n = 500
i = np.arange(n)
u, v, a, b, e = ((i * step % n + 0.5) / n for step in (1, 229, 63, 137, 209))
x = np.stack([u, v], 1)
y = np.stack([u * v + 0.2 * a, u * u - v + (0.1 + u) * b, u * u - v + (0.1 + u) * b + np.sin(6 * u) + 0.3 * e], 1)

model = DensityNetwork(hidden=(32,), epochs=50, lr=1e-2, seed=7).fit(x, y)
print(f"NLL {-model.score(x, y):.3f}")

mean, cov = model.predict(x, return_cov=True)
_, sd = model.predict(x, return_std=True)
assert np.allclose(sd**2, np.diagonal(cov, axis1=1, axis2=2), rtol=1e-4)
by_hand = [-0.5 * (r @ np.linalg.solve(c, r) + np.linalg.slogdet(2 * np.pi * c)[1]) for r, c in zip(y - mean, cov)]
assert np.allclose(model.log_prob(x, y), by_hand, atol=2e-3)
draws = model.sample(x[:5], 4000)
assert draws.shape == (4000, 5, 3)
assert np.all(np.abs(draws.mean(0) - mean[:5]) < 5 * sd[:5] / np.sqrt(4000))
twice = DensityNetwork(hidden=(), epochs=1).fit(np.vstack([x, x[:9]]), np.vstack([y, y[:9]]))
weighed = DensityNetwork(hidden=(), epochs=1).fit(x, y, sample_weight=1 + (i < 9))
assert np.allclose(twice.predict(x), weighed.predict(x), atol=0.05)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.safetensors")
    model.save(path)
    again = DensityNetwork.load(path)
    assert np.array_equal(again.predict(x), mean) and again.get_params() == model.get_params()
    for wrong in (
        lambda: DensityNetwork.load(path + "x"),
        lambda: model.fit(x, y[:, :1] * 0),
        lambda: model.fit(x, y, sample_weight=np.ones(3)),
        lambda: model.predict(x),
    ):
        try:
            wrong()
        except ValueError as error:
            print(error)
        else:
            raise AssertionError("no error")
