#!/usr/bin/python3
"""The optimum battery: does the trainer's search find centroids at least as good as scikit-learn's best of 300 starts?

battery.py golden [--restarts N]   scikit-learn's best inertia of each data set → battery_golden.json (minutes)
battery.py run --build DIR         the trainer's search on the same data sets from several seeds, as a Markdown table;
                                   exit 1 if one is above x 1.000001, or if a data set is not the golden figure's

All data are generated, from fixed seeds. "restarts" beside each figure tells how many starts it is the best of: 300,
and a twentieth of that for the sets of 100,000 rows and 50 clusters. --only TEXT picks the sets whose name holds TEXT
(several: with commas), --max-rows N those of at most N rows. docs/battery.md has the table of a whole run.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import sklearn  # noqa: F401
except ImportError:
    print("SKIP: Debian's python3-sklearn is not installed")
    sys.exit(77)

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


def chosen(args):
    for name, points, k in sets():
        if any(text in name + " " for text in args.only.split(",")) and len(points) <= args.max_rows:
            yield name, np.ascontiguousarray((points - points.mean(0)) / points.std(0, ddof=1)), k


def golden(args):
    from sklearn.cluster import KMeans

    figures = {}
    if args.only and os.path.exists(GOLDEN):
        with open(GOLDEN, encoding="utf-8") as file:
            figures = json.load(file)
    for name, points, k in chosen(args):
        restarts = args.restarts if len(points) < LARGE or k < 50 else max(3, args.restarts // 20)
        began = time.monotonic()
        inertia = KMeans(k, n_init=restarts, random_state=0).fit(points).inertia_
        print(f"{name:22s} {inertia:.10g} {time.monotonic() - began:.1f} s", flush=True)
        figures[name] = {"rows": len(points), "columns": points.shape[1], "k": k, "restarts": restarts,
                         "inertia": float(inertia), "checksum": float(np.abs(points).sum())}
        with open(GOLDEN + ".part", "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
        os.replace(GOLDEN + ".part", GOLDEN)
    return 0


def search(args, folder, points, k):
    """The trainer's fits of one data set, one per seed."""
    data = os.path.join(folder, "points.f64")
    points.tofile(data)
    first, seeds = args.seed, args.seeds if len(points) < LARGE else args.large_seeds
    command = [os.path.join(args.build, "tests", "bench_battery"), data, str(len(points)), str(points.shape[1]), str(k),
               str(args.threads)] + [str(first + i) for i in range(seeds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(args):
    with open(GOLDEN, encoding="utf-8") as file:
        figures = json.load(file)
    worse, other, fits, cpu = [], [], 0, 0.0
    print("| data set | rows | k | restarts | scikit-learn's best | seeds | worst seed | best seed | CPU s a seed | |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, points, k in chosen(args):
            figure = figures.get(name)
            if figure is None or abs(figure["checksum"] - np.abs(points).sum()) > 1e-6 * figure["checksum"]:
                other.append(name)  # not made yet, or another numpy or scikit-learn makes other data
                continue
            found = search(args, folder, points, k)
            # With as many clusters as distinct points both are rounding alone.
            tiny = 1e-9 * len(points)
            ratios = [f["inertia"] / figure["inertia"] if figure["inertia"] > tiny else 1.0 for f in found]
            took = sum(f["cpu_seconds"] for f in found)
            fits, cpu = fits + len(found), cpu + took
            if max(ratios) > WORSE:
                worse.append(name)
            print(f"| {name.split()[0]} | {len(points):,} | {k} | {figure['restarts']} | {figure['inertia']:.8g} "
                  f"| {len(found)} | x {max(ratios):.7f} | x {min(ratios):.7f} | {took / len(found):.2f} "
                  f"| {'WORSE' if max(ratios) > WORSE else ''} |", flush=True)
    print(f"\n{fits} fits, {cpu:.0f} s of processor time; worse than scikit-learn's best x {WORSE}: "
          f"{', '.join(worse) or 'none'}; with other data than the golden figure's: {', '.join(other) or 'none'}")
    return 1 if worse or other or fits == 0 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("golden", "run"))
    parser.add_argument("--restarts", type=int, default=300)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build"))
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: %(default)s)")
    parser.add_argument("--large-seeds", type=int, default=3, help="and of large sets (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--max-rows", type=int, default=10**9)
    args = parser.parse_args()
    return golden(args) if args.what == "golden" else run(args)


sys.exit(main())
