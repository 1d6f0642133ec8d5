#!/usr/bin/python3
"""Works out the figures in golden.h with scikit-learn, from data that the tests generate in C the same way.

Usage: golden.py > golden.h      (needs numpy and scikit-learn; some minutes)
"""
import numpy as np
from sklearn import metrics
from sklearn.cluster import KMeans

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def mix(z):
    z &= MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Rng:
    """src/trainer/rng.c"""

    def __init__(self, seed, stream):
        self.key = mix(mix(seed + GAMMA) ^ ((stream * GAMMA + 1) & MASK))
        self.counter = 0

    def double(self):
        self.counter += 1
        return (mix(self.key + self.counter * GAMMA) >> 11) * 2.0**-53


def generate(kind, n, d):
    """test_data.h: the same draws in the same order."""
    rng = Rng(2026, kind)
    x = np.empty((n, d))
    for i in range(n):
        for j in range(d):
            u = rng.double()
            if kind == 0:  # three blobs of unequal size with a bell-like spread
                blob = 0 if i % 10 < 7 else 1 if i % 10 < 9 else 2
                x[i, j] = (blob * 7 * (j + 1)) % 11 + (u + rng.double() + rng.double() - 1.5) * 3
            elif kind == 1:  # uniform: many local optima close together
                x[i, j] = u
            elif kind == 2:  # a long tail
                x[i, j] = 1 / (u + 0.01)
            else:  # few distinct values, many duplicates
                x[i, j] = float(int(u * 6))
    return x


def z_scores(kind, n, d):
    x = generate(kind, n, d)
    return (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)


print("/* Written by golden.py with scikit-learn. Do not edit. */")
print("/* The best of 1000 starts, tol = 0. */")
print("static const struct golden_fit {\n    int kind;\n    size_t rows, cols, k;\n    double inertia;\n} golden_fits[] = {")
for kind, n, d, k in [(0, 600, 3, 3), (1, 1000, 2, 8), (2, 800, 3, 5), (3, 500, 2, 4)]:
    best = KMeans(k, n_init=1000, random_state=1, tol=0, max_iter=1000).fit(z_scores(kind, n, d))
    print("    {%d, %d, %d, %d, %.9g}," % (kind, n, d, k, best.inertia_))
print("};\n\n/* Of the labels by row number that test_label gives. */")
print("static const struct golden_quality {\n    int kind;\n    size_t rows, cols;\n    double silhouette, "
      "davies_bouldin, calinski_harabasz;\n} golden_qualities[] = {")
for kind, n, d in [(0, 600, 3), (1, 1000, 2), (2, 800, 3), (3, 500, 2)]:
    z = z_scores(kind, n, d)
    label = np.array([0 if i % 10 < 7 else 1 if i % 10 < 9 else 2 for i in range(n)])
    figures = [measure(z, label) for measure in
               (metrics.silhouette_score, metrics.davies_bouldin_score, metrics.calinski_harabasz_score)]
    print("    {%d, %d, %d, %s}," % (kind, n, d, ", ".join("%.9g" % f for f in figures)))
print("};")
