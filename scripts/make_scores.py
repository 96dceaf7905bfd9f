#!/usr/bin/env python3
"""Print the scores that tests/unit/test_metrics.c expects, as scikit-learn computes them.

The data are made of whole numbers by formulas that the test repeats; all are exact in float32.
"""
import numpy as np
from sklearn import metrics

N, K = 1000, 3
i = np.arange(N)[:, None]
k = np.arange(5)[None, :]


def show(name, *values):
    print(f"{name}: " + ", ".join(f"{v:.17g}" for v in values))


def softmax(o):
    e = np.exp(o - o.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# Five classes
o, label = (i * (13 + k * 7) + k * 31) % 113 / 8, np.arange(N) * 29 % 23 % 5
show("classes", metrics.log_loss(label, softmax(o)), metrics.accuracy_score(label, o.argmax(1)))

# Two classes, by one output (bce) or by two of which the first is 0
z, so = (np.arange(N) * 37 % 101 - 50) / 16, np.arange(N) * 53 % 97 < 40
said = z > 0
scores = metrics.precision_recall_fscore_support(so, said, average="binary")[:3]
show("two", metrics.log_loss(so, 1 / (1 + np.exp(-z))), metrics.accuracy_score(so, said), *scores)

# Three truths at once
z3, so3 = z[:, None] - k[:, :K] / 2, (np.arange(N)[:, None] * 53 + k[:, :K] * 11) % 97 < 40
p = 1 / (1 + np.exp(-z3))
show(
    "truths",
    np.mean([metrics.log_loss(so3[:, j], p[:, j]) for j in range(K)]),
    metrics.accuracy_score(so3.ravel(), (z3 > 0).ravel()),
)

# Numbers, far from 0
y = 100000 * k[:, :K] + i * (k[:, :K] + 3) * 17 % 211 / 32
o = y + ((i * 41 + k[:, :K] * 7) % 31 - 15) / 64
numbers = metrics.root_mean_squared_error, metrics.mean_absolute_error, metrics.r2_score
show("numbers", metrics.mean_squared_error(y, o), *(score(y, o) for score in numbers))

# The same with errors 4 and 16 times as large in the second and third target
o = y + (o - y) * 4 ** k[:, :K]
show("apart", metrics.mean_squared_error(y, o), *(score(y, o) for score in numbers))
for score in numbers:
    show("apart, each target", *score(y, o, multioutput="raw_values"))

# Quantiles of the same numbers, of which the second is o; and o as means with a variance each
levels, off = np.array([0.25, 0.375, 0.75]), np.array([-0.25, 0, 0.5])
show(
    "quantiles",
    np.mean([metrics.mean_pinball_loss(y, o + d, alpha=q) for q, d in zip(levels, off)]),
)
v = np.maximum(np.log1p(np.exp((i + k[:, :K]) % 7 / 2 - 1)), 1e-6)
show("gaussian", 0.5 * np.mean(np.log(v) + (o - y) ** 2 / v))
