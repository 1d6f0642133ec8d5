"""What all benchmarks share: running a side and measuring it, alternating sides, ports, clean-up, the table."""

import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

EX_UNAVAILABLE = 69
EX_SOFTWARE = 70
BATCH_RECORDS = 10000  # of batch files made without a broker


class BenchError(Exception):
    """A side did not do its work, so there is nothing to compare."""

    def __init__(self, message, status=EX_SOFTWARE):
        super().__init__(message)
        self.status = status


@dataclass
class Sample:
    """One run of one side."""

    seconds: float
    cpu_seconds: float
    rss_bytes: int
    stdout: str = ""


@dataclass
class Row:
    """One line of the table: what Pasar does, what the reference does, and what was promised."""

    id: str
    what: str
    unit: str
    pasar: list  # one value per repeat
    reference: list
    goal: float = None  # least ratio
    higher_is_better: bool = True
    note: str = ""

    @property
    def ratio(self):
        """How many times as fast as the reference: medians of both."""
        pasar, reference = statistics.median(self.pasar), statistics.median(self.reference)
        return pasar / reference if self.higher_is_better else reference / pasar


@dataclass
class Limit:
    """A value that must not be exceeded: peak memory, a latency."""

    id: str
    what: str
    unit: str
    value: float
    limit: float = None
    note: str = ""


@dataclass
class Results:
    rows: list = field(default_factory=list)
    limits: list = field(default_factory=list)
    facts: list = field(default_factory=list)  # sentences about how it was measured

    def as_json(self):
        rows = [dict(id=r.id, what=r.what, unit=r.unit, pasar=statistics.median(r.pasar), pasar_samples=r.pasar,
                     reference=statistics.median(r.reference), reference_samples=r.reference, ratio=r.ratio,
                     goal=r.goal, met=None if r.goal is None else r.ratio >= r.goal,
                     higher_is_better=r.higher_is_better, note=r.note)
                for r in self.rows]
        limits = [dict(id=m.id, what=m.what, unit=m.unit, value=m.value, limit=m.limit,
                       met=None if m.limit is None else m.value <= m.limit, note=m.note)
                  for m in self.limits]
        return {"rows": rows, "limits": limits, "facts": self.facts}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def number(value):
    """Three or four digits that a person can compare."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.2f}" if size >= 1 \
        else f"{value:.3f}"


def mark(met):
    return "" if met is None else "met" if met else "MISSED"


def print_table(results, out=sys.stdout):
    def lines(header, body):
        widths = [max(len(row[i]) for row in [header] + body) for i in range(len(header))]
        for row in [header, ["-" * w for w in widths]] + body:
            cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
            print("| " + " | ".join(cells) + " |", file=out)

    if results.rows:
        lines(["what", "unit", "Pasar", "reference", "ratio", "goal", ""],
              [[r.what, r.unit, number(statistics.median(r.pasar)), number(statistics.median(r.reference)),
                f"{number(r.ratio)} x", "" if r.goal is None else f">= {r.goal:g} x",
                mark(None if r.goal is None else r.ratio >= r.goal)] for r in results.rows])
        print(file=out)
    if results.limits:
        lines(["what", "unit", "value", "limit", ""],
              [[m.what, m.unit, number(m.value), "" if m.limit is None else f"<= {number(m.limit)}",
                mark(None if m.limit is None else m.value <= m.limit)] for m in results.limits])
        print(file=out)
    for fact in results.facts:
        print(f"- {fact}", file=out)
    for note in dict.fromkeys(f"{r.what}: {r.note}" for r in results.rows + results.limits if r.note):
        print(f"- {note}", file=out)


class Bench:
    """One run of scripts/bench: its build, its scratch folder, its processes, its time limit."""

    def __init__(self, source, build, args):
        self.source, self.args = source, args
        self.bin, self.tools = os.path.join(build, "bin"), os.path.join(build, "tests")
        self.here = os.path.join(source, "tests", "bench")
        self.stack = contextlib.ExitStack()
        self.deadline = time.monotonic() + args.max_seconds
        os.makedirs(args.work, exist_ok=True)
        self.work = tempfile.mkdtemp(prefix="bench-", dir=args.work)
        self.stack.callback(shutil.rmtree, self.work, ignore_errors=True)
        # The daemons read PASAR_<OPTION> and KAFKA_BOOTSTRAP_SERVERS: a benchmark decides those itself.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PASAR_", "KAFKA_"))}
        self.results = Results()

    def close(self):
        self.stack.close()

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def program(self, name):
        path = os.path.join(self.bin if name.startswith("pasar-") and name != "pasar-mock-broker" else self.tools, name)
        if not os.access(path, os.X_OK):
            raise BenchError(f"{path} is missing: the build has not made it")
        return path

    def left(self, wanted):
        """Seconds that a step may take: what it wants, but no more than the whole run has left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise BenchError(f"time is up (--max-seconds {self.args.max_seconds:g})")
        return min(wanted, left)

    def port(self, index):
        """The index-th of the benchmark's ports; one that is taken is named."""
        port = self.args.port + index
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise BenchError(f"port {port} is taken ({error.strerror}): choose other ports with --port",
                                 EX_UNAVAILABLE) from None
        return port

    def measure(self, command, stdout=None, stdin=None, timeout=600, env=None):
        """Runs a command to its end. stdout: a path, or None to return it as text."""
        usage = self.path("usage.json")
        with contextlib.ExitStack() as files:
            out = files.enter_context(open(stdout or self.path("stdout"), "wb"))
            log = files.enter_context(open(self.path("stderr"), "wb"))
            source = files.enter_context(open(stdin, "rb")) if stdin else subprocess.DEVNULL
            child = subprocess.Popen([self.program("bench_run"), usage] + command, stdin=source, stdout=out, stderr=log,
                                     env={**self.env, **(env or {})}, start_new_session=True)
            try:
                status = child.wait(self.left(timeout))
            except subprocess.TimeoutExpired:
                raise BenchError(f"{command[0]}: not done after {self.left(timeout):.0f} s") from None
            finally:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        if status != 0:
            with open(self.path("stderr"), errors="replace") as log:
                raise BenchError(f"{' '.join(command)}: status {status}\n{log.read()[-2000:]}")
        with open(usage) as file:
            took = json.load(file)
        text = ""
        if stdout is None:
            with open(self.path("stdout"), errors="replace") as file:
                text = file.read()
        return Sample(took["seconds"], took["cpu_seconds"], took["rss_bytes"], text)

    @contextlib.contextmanager
    def daemon(self, command, name, stdin=None):
        """Runs a command for the length of a with-block; it is asked to stop, then made to."""
        with open(self.path(name + ".out"), "wb") as out, open(self.path(name + ".log"), "wb") as log:
            child = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=log, env=self.env,
                                     start_new_session=True)
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def wait_for(self, what, is_ready, child=None, name=None, timeout=60):
        """Polls until is_ready() is true; a daemon that ends meanwhile is an error with its log."""
        end = time.monotonic() + self.left(timeout)
        while not is_ready():
            ended = child is not None and child.poll() is not None
            if ended or time.monotonic() > end:
                log = ""
                if name:
                    with open(self.path(name + ".log"), errors="replace") as file:
                        log = file.read()[-2000:]
                raise BenchError(f"{what}: {'ended' if ended else 'not ready'}\n{log}", EX_UNAVAILABLE)
            time.sleep(0.02)

    def alternate(self, repeats, *sides):
        """Calls each side in turn, `repeats` times over, so that all meet the same machine. One list per side."""
        samples = [[] for _ in sides]
        for repeat in range(repeats):
            for values, side in zip(samples, sides):
                self.left(1)
                values.append(side(repeat))
        return samples

    @staticmethod
    def answer(sample):
        """The JSON object that a helper printed."""
        return json.loads(sample.stdout)

    def generate(self, rows):
        """A seeded catalogue of `rows` rows, made once."""
        path = self.path(f"catalogue-{rows}.csv")
        if os.path.exists(path):
            return path
        say(f"making {rows:,} rows")
        self.measure([os.path.join(self.source, "scripts", "generate"), "--rows", str(rows), "--seed", "1",
                      "--output", path], env=os.environ)
        return path

    def json_lines(self, csv, name):
        """The records of a CSV as the producer would send them."""
        path = self.path(name)
        self.measure([self.program("pasar-producer"), "-q", "--sink", "stdout", csv], stdout=path)
        return path

    def batches(self, csv, name):
        """The same as batch files, without a broker."""
        lines = self.json_lines(csv, name + ".jsonl")
        os.mkdir(self.path(name))
        self.measure([self.program("bench_make_batches"), self.path(name), str(BATCH_RECORDS)], stdin=lines)
        os.remove(lines)
        return self.path(name)


def cpu_seconds(pid):
    """Processor time of a running process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss(pid):
    """Peak resident memory of a running process so far, in bytes."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
