"""The yardstick for the trainer: scikit-learn's Lloyd on the files that bench_kmeans reads.

sklearn_lloyd.py make DATA START --rows N --cols N --k N --seed N    writes data (float64, row-major) and start
sklearn_lloyd.py run  DATA START --rows N --cols N --k N ITERATIONS...   prints one JSON line per run, as bench_kmeans
"""

import argparse
import json
import time
import warnings

import numpy as np


def make(args):
    """Correlated columns with long tails, z-scored: no clear clusters, so that Lloyd goes on for long."""
    rng = np.random.default_rng(args.seed)
    common = rng.standard_normal((args.rows, 1))
    data = 0.5 * common + rng.standard_normal((args.rows, args.cols)) + rng.exponential(1.0, (args.rows, args.cols))
    data = (data - data.mean(axis=0)) / data.std(axis=0, ddof=1)
    data -= data.mean(axis=0)
    data.tofile(args.data)
    data[rng.choice(args.rows, args.k, replace=False)].tofile(args.start)


def run(args):
    from sklearn.cluster import KMeans  # slow to import, and not needed to make data

    warnings.filterwarnings("ignore", category=UserWarning)
    data = np.fromfile(args.data).reshape(args.rows, args.cols)
    start = np.fromfile(args.start).reshape(args.k, args.cols)
    for iterations in args.iterations:
        model = KMeans(args.k, init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd", copy_x=True)
        begin = time.perf_counter()
        model.fit(data)
        seconds = time.perf_counter() - begin
        print(json.dumps({"iterations": model.n_iter_, "seconds": seconds, "inertia": model.inertia_}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("make", "run"))
    parser.add_argument("data")
    parser.add_argument("start")
    parser.add_argument("iterations", type=int, nargs="*")
    for name in ("rows", "cols", "k"):
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_intermixed_args()
    {"make": make, "run": run}[args.what](args)


if __name__ == "__main__":
    main()
