#!/usr/bin/env python3
"""Makes golden.json: the figures that the pipeline must show, by scikit-learn over rows cleaned by harness.py.

Needs python3-sklearn; run it by hand when data/sample.csv changes: tests/e2e/golden.py >tests/e2e/golden.json
The figures of the second catalogue are those of the project's contract, and are kept as they are.
"""
import json
import os
import sys

import numpy
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

FEATURES = ('discounted_price', 'rating_count', 'rating')
AMAZON = {'rows': 1465, 'products': 1351, 'models': [
    {'rows': 489, 'inertia': 745.3228, 'silhouette': 0.4844, 'davies_bouldin': 0.7655, 'calinski_harabasz': 234.31,
     'sizes': [20, 69, 400]},
    {'rows': 978, 'inertia': 1556.2358, 'silhouette': 0.5306, 'davies_bouldin': 0.7639, 'calinski_harabasz': 430.65,
     'sizes': [39, 102, 837]},
    {'rows': 1465, 'inertia': 2363.972, 'silhouette': 0.5835, 'davies_bouldin': 0.7105, 'calinski_harabasz': 627.12,
     'sizes': [42, 110, 1313]}]}


def model(rows):
    x = numpy.array([[numpy.nan if r[f] is None else r[f] for f in FEATURES] for r in rows], dtype=float)
    mean = numpy.nanmean(x, axis=0)
    x = numpy.where(numpy.isnan(x), mean, x)
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    best = KMeans(3, n_init=200, tol=0, max_iter=1000, random_state=1).fit(z)
    return {'rows': len(rows), 'inertia': round(best.inertia_, 4), 'silhouette': round(silhouette_score(z, best.labels_), 4),
            'davies_bouldin': round(davies_bouldin_score(z, best.labels_), 4),
            'calinski_harabasz': round(calinski_harabasz_score(z, best.labels_), 2),
            'sizes': sorted(int(n) for n in numpy.bincount(best.labels_))}


def figures(path):
    rows = [harness.clean_row(r) for r in harness.read_csv(path)]
    third = -(-len(rows) // 3)
    products = harness.products_of(rows)
    return {'rows': len(rows), 'products': len(products),
            'models': [model(rows[:min(third * n, len(rows))]) for n in (1, 2, 3)]}


if __name__ == '__main__':
    json.dump({'sample': figures(harness.SAMPLE), 'amazon': AMAZON}, sys.stdout, indent=2)
    print()
