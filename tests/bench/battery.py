#!/usr/bin/python3
"""The optimum battery: does the trainer's search find centroids at least as good as scikit-learn's best of 300 starts?

battery.py golden [--restarts N]       scikit-learn's best inertia of each data set → battery_golden.json (minutes)
battery.py run --build DIR [--seed N]  the trainer's search on the same data sets; exit 1 if one is above x 1.000001

All data are generated, from fixed seeds. Sets of 100,000 rows get a twentieth of the restarts; "restarts" beside each
figure tells. --only TEXT picks the sets whose name holds TEXT.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "battery_golden.json")
WORSE = 1.000001
LARGE = 50_000


def sets():
    """(name, points, k); one generator for all, so the order matters."""
    from sklearn.datasets import make_blobs

    draw = np.random.default_rng(5)
    for k in (2, 3, 5, 10, 20, 50):
        for n in (1000, 5000):
            yield f"blobs n{n} k{k}", make_blobs(n, 3, centers=k, cluster_std=1.5, random_state=k)[0], k
            stretch = draw.normal(size=(3, 3))
            yield f"aniso n{n} k{k}", make_blobs(n, 3, centers=k, random_state=k + 100)[0] @ stretch, k
            yield f"uniform n{n} k{k}", draw.uniform(size=(n, 2)), k
            yield f"heavy n{n} k{k}", draw.standard_t(1.5, size=(n, 3)), k
            yield f"logn n{n} k{k}", np.exp(draw.normal(size=(n, 3)) * 1.5), k
            sizes = draw.multinomial(n, draw.dirichlet(np.ones(k) * 0.3))
            centres = draw.uniform(-10, 10, size=(k, 4))
            yield (f"unequal n{n} k{k}",
                   np.vstack([centre + draw.normal(size=(size, 4)) for centre, size in zip(centres, sizes)]), k)
            yield f"dups n{n} k{k}", draw.integers(0, 8, size=(n, 2)).astype(float), k
    for k in (5, 20, 50):
        yield f"uniform n100k k{k}", draw.uniform(size=(100_000, 3)), k
        yield f"heavy n100k k{k}", draw.standard_t(2, size=(100_000, 3)), k


def chosen(only):
    for name, points, k in sets():
        if only in name:
            yield name, np.ascontiguousarray((points - points.mean(0)) / points.std(0, ddof=1)), k


def golden(args):
    from sklearn.cluster import KMeans

    figures = {}
    if args.only and os.path.exists(GOLDEN):
        with open(GOLDEN, encoding="utf-8") as file:
            figures = json.load(file)
    for name, points, k in chosen(args.only):
        restarts = args.restarts if len(points) < LARGE else max(3, args.restarts // 20)
        began = time.monotonic()
        inertia = KMeans(k, n_init=restarts, random_state=0).fit(points).inertia_
        print(f"{name:22s} {inertia:.10g} {time.monotonic() - began:.1f} s", flush=True)
        figures[name] = {"rows": len(points), "columns": points.shape[1], "k": k, "restarts": restarts,
                         "inertia": float(inertia), "checksum": float(np.abs(points).sum())}
        with open(GOLDEN + ".part", "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
        os.replace(GOLDEN + ".part", GOLDEN)
    return 0


def run(args):
    program = os.path.join(args.build, "tests", "bench_battery")
    with open(GOLDEN, encoding="utf-8") as file:
        figures = json.load(file)
    worse, count, seconds = [], 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "points.f64")
        for name, points, k in chosen(args.only):
            figure = figures.get(name)
            if figure is None:
                print(f"{name}: no golden figure, left out")
                continue
            if abs(figure["checksum"] - np.abs(points).sum()) > 1e-6 * figure["checksum"]:
                print(f"{name}: other data than the golden figure's (another numpy or scikit-learn?), left out")
                continue
            points.tofile(data)
            found = json.loads(subprocess.run(
                [program, data, str(len(points)), str(points.shape[1]), str(k), str(args.seed), str(args.threads)],
                capture_output=True, text=True, check=True).stdout)
            count, seconds = count + 1, seconds + found["seconds"]
            # With as many clusters as distinct points both are rounding alone.
            tiny = 1e-9 * len(points)
            ratio = found["inertia"] / figure["inertia"] if figure["inertia"] > tiny else 1.0
            if ratio > WORSE:
                worse.append(name)
            print(f"{name:22s} x {ratio:.8f}  {found['seconds']:.3f} s{'  WORSE' if ratio > WORSE else ''}", flush=True)
    print(f"{count} data sets, {len(worse)} worse than scikit-learn's best x {WORSE}: {', '.join(worse) or 'none'}; "
          f"{seconds:.1f} s of search")
    return 1 if worse or count == 0 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("golden", "run"))
    parser.add_argument("--restarts", type=int, default=300)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build"))
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    return golden(args) if args.what == "golden" else run(args)


sys.exit(main())
