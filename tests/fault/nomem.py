#!/usr/bin/env python3
"""Memory runs out: at each place where a program allocates, its first and its last allocation fails, one a run.

The program must say so and end with 71, or do without and give the very same result; never a crash, a hang, a wrong
result or a half one. Needs a build without sanitizers (they bring an allocator of their own): the one under test, or
build/release, which scripts/test builds.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess

from drill import BIN, Drill, check, finish, skip

OUT_OF_MEMORY = 71


def library():
    """(the shim, its programs' folder), or a skip."""
    for build in (BIN.parent, pathlib.Path(os.environ["PASAR_SOURCE"]) / "build" / "release"):
        shim = build / "tests" / "libpasar-nomem.so"
        if shim.exists():
            return shim, build / "bin"
    return skip("no build without sanitizers")


class Program:
    def __init__(self, drill, name, arguments, result=lambda folder: None):
        """`arguments(folder)` are those of a run; `result(folder)` reads what it has left behind."""
        self.drill, self.name, self.arguments, self.result = drill, name, arguments, result

    def run(self, number, log=None):
        """(status, stdout, stderr, result) of a run whose allocation `number` fails."""
        folder = self.drill.dir / f"{self.name}-{number}"
        folder.mkdir()
        environment = {**os.environ, "LD_PRELOAD": str(SHIM), "PASAR_NOMEM_AT": str(number), "OPENBLAS_NUM_THREADS": "1"}
        if log:
            environment["PASAR_NOMEM_LOG"] = str(log)
        done = subprocess.run([PROGRAMS / self.name, *self.arguments(folder)], env=environment, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        result = self.result(folder)
        shutil.rmtree(folder)
        return done.returncode, unstamped(done.stdout), done.stderr, result

    def wrong(self, number, good):
        """What is wrong when allocation `number` fails, or None."""
        try:
            status, stdout, stderr, result = self.run(number)
        except subprocess.TimeoutExpired:
            return f"allocation {number}: hangs"
        if status == 0 and stdout == good[1] and result == good[3]:
            return None
        if status == OUT_OF_MEMORY and "out of memory" in stderr.lower() and result in (None, good[3]):
            return None
        return f"allocation {number}: status {status}, result {result!r}, {stderr[-300:]!r}"

    def check(self):
        log = self.drill.dir / f"{self.name}.places"
        good = self.run(0, log)
        check(good[0] == 0, f"{self.name} fails with memory enough: {good}")
        numbers = sorted({int(line) for line in log.read_text().split()})
        check(len(numbers) > 20, f"{self.name}: only {len(numbers)} allocations found")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [w for w in pool.map(lambda n: self.wrong(n, good), numbers) if w]
        print(f"{self.name}: {len(numbers)} failures, {len(wrong)} of them handled wrongly")
        for line in wrong:
            print(f"  {line}")
        return wrong


def unstamped(text):
    """Without what differs from run to run."""
    return re.sub(r'"timestamp":"[^"]*"', "", text)


def generation(folder):
    """The model files of the published generation, or None; a half one is neither."""
    current = folder / "models" / "current"
    return [(current / f"model_{n}.json").read_text() for n in (1, 2, 3)] if current.exists() else None


SHIM, PROGRAMS = library()


def main(drill):
    csv, batches = drill.catalogue(60), drill.dir / "batches"
    broker = drill.broker(partitions=2)
    finish(drill.producer(broker.brokers, "--no-journal", csv), 60)
    finish(drill.consumer(broker.brokers, "--batch-records", "20", "--exit-at-end", out=batches), 60)
    programs = [
        Program(drill, "pasar-producer", lambda folder: ["--sink", "stdout", csv]),
        Program(drill, "pasar-consumer", lambda folder: ["--verify", "-o", batches]),
        Program(drill, "pasar-trainer", lambda folder: ["--batches", batches, "--models", folder / "models",
                                                        "--threads", "1"], generation),
    ]
    check(not [w for p in programs for w in p.check()], "see above")


with Drill() as the_drill:
    main(the_drill)
