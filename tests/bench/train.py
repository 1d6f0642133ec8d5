"""The trainer's Lloyd iteration against scikit-learn's, its memory, and the whole program."""

import json
import os

from harness import BenchError, Limit, Row, say

PYTHON = "/usr/bin/python3"  # Debian's, which has scikit-learn
MIB = 1 << 20
# columns, clusters, goal, and two numbers of iterations: their difference is free of what is paid once
CASES = ((3, 3, 8, (5, 45)), (5, 8, 5, (5, 35)), (5, 64, 4, (2, 12)))


def run(bench):
    rows = bench.args.train_rows
    bench.results.facts.append(
        f"trainer: {rows:,} rows, {bench.args.threads} threads on both sides, time per iteration = (time of the longer "
        "run - time of the shorter) / difference in iterations; same data, same start, results compared")
    for cols, k, goal, iterations in CASES:
        lloyd(bench, rows, cols, k, goal, iterations)
    memory(bench)
    if bench.args.whole:
        whole(bench)


def threads(bench):
    """Environment that gives scikit-learn as many threads as the trainer gets."""
    return {"OMP_NUM_THREADS": str(bench.args.threads), "OPENBLAS_NUM_THREADS": str(bench.args.threads)}


def lloyd(bench, rows, cols, k, goal, iterations):
    name = f"{rows / 1e6:g}M x {cols}, k={k}"
    say(f"trainer, {name}")
    data, start = bench.path("data.f64"), bench.path("start.f64")
    shape = ["--rows", str(rows), "--cols", str(cols), "--k", str(k)]
    script = os.path.join(bench.here, "sklearn_lloyd.py")
    counts = ["1"] + [str(i) for i in iterations]  # the first run of one iteration only warms up
    bench.measure([PYTHON, script, "make", data, start] + shape)

    def fits(sample):
        runs = [json.loads(line) for line in sample.stdout.splitlines()][1:]
        done = [r["iterations"] for r in runs]
        if done[1] - done[0] < 5:
            raise BenchError(f"{name}: {done} iterations, too few to compare: more --train-rows converge later")
        return runs

    ours, theirs = bench.alternate(
        bench.args.repeats,
        lambda _: fits(bench.measure([bench.program("bench_kmeans"), "--data", data, "--start", start, "--threads",
                                     str(bench.args.threads)] + shape + counts)),
        lambda _: fits(bench.measure([PYTHON, script, "run", data, start] + shape + counts, env=threads(bench))))
    for mine, other in zip(ours[0], theirs[0]):
        if abs(mine["inertia"] - other["inertia"]) > 1e-6 * other["inertia"]:
            raise BenchError(f"{name}: inertia {mine['inertia']} here, {other['inertia']} there")

    def per_iteration(runs):
        short, long = runs
        return 1000 * (long["seconds"] - short["seconds"]) / (long["iterations"] - short["iterations"])

    id = f"trainer.{cols}.{k}"
    bench.results.rows.append(Row(id, f"trainer: {name}, per iteration, against scikit-learn", "ms",
                                  [per_iteration(r) for r in ours], [per_iteration(r) for r in theirs], goal, False))
    bench.results.rows.append(Row(id + ".fit", f"trainer: {name}, whole fit of {iterations[1]} iterations", "ms",
                                  [1000 * r[1]["seconds"] for r in ours], [1000 * r[1]["seconds"] for r in theirs],
                                  None, False))
    os.remove(data)


def train(bench, batches, name):
    return bench.measure([bench.program("pasar-trainer"), "-q", "--batches", batches, "--models", bench.path(name),
                          "--threads", str(bench.args.threads)])


def memory(bench):
    """Bytes a row beyond a constant: the slope between two sizes."""
    say("trainer, memory")
    large = bench.args.rows
    small = large // 4
    batches = {rows: bench.batches(bench.generate(rows), f"batches-{rows}") for rows in (small, large)}
    peak = {rows: train(bench, batches[rows], f"models-{rows}").rss_bytes for rows in batches}
    bench.results.limits.append(Limit(
        "memory.trainer", f"trainer, memory a row ({small:,} to {large:,} rows)", "bytes",
        max(0, (peak[large] - peak[small]) / (large - small)), 64, f"peak {peak[large] / MIB:.0f} MiB"))


def whole(bench):
    """From batch files to models, against a pandas and scikit-learn script that does the same job; one run of each."""
    rows = bench.args.train_rows
    say(f"trainer, whole program on {rows:,} rows")
    batches = bench.path(f"batches-{rows}")
    if not os.path.exists(batches):
        batches = bench.batches(bench.generate(rows), f"batches-{rows}")
    script = os.path.join(bench.here, "sklearn_whole.py")
    ours, theirs = bench.alternate(
        1,
        lambda _: train(bench, batches, "whole"),
        lambda _: bench.measure([PYTHON, script, batches, bench.path("whole-sklearn")], env=threads(bench)))
    name = f"trainer: {rows:,} rows, batches to three models, against pandas + scikit-learn"
    bench.results.rows.append(Row("trainer.whole", name, "s", [s.seconds for s in ours], [s.seconds for s in theirs],
                                  5, False))
    bench.results.rows.append(Row("trainer.whole.cpu", name + ", processor time", "s", [s.cpu_seconds for s in ours],
                                  [s.cpu_seconds for s in theirs], None, False))
    bench.results.limits.append(Limit("memory.sklearn", "pandas + scikit-learn, peak memory", "MiB",
                                      max(s.rss_bytes for s in theirs) / MIB))
