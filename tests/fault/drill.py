"""What the fault drills share: a mock broker, the daemons as processes, a catalogue with known rows, and the check that each
row of it stands in exactly one batch."""

import collections
import contextlib
import csv
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(os.environ["PASAR_BIN"])
TESTBIN = pathlib.Path(os.environ["PASAR_TESTBIN"])
TOPIC = "drill"
GROUP = "drillers"
COLUMNS = (
    "product_id product_name category discounted_price actual_price discount_percentage rating rating_count about_product "
    "user_id user_name review_id review_title review_content img_link product_link"
).split()
BATCH = re.compile(r"^(.+)\+(\d{5})\+(\d{20})\+(\d{20})\.(csv|end\.json)$")

csv.field_size_limit(1 << 27)


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def check(condition, what):
    if not condition:
        raise SystemExit(f"FAIL: {what}")


class Drill:
    """A scratch directory and every process started in it; all of it is gone at the end."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pasar-drill-"))
        self.out = self.dir / "batches"
        self.processes = []
        self.logs = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        if kind is not None:
            for log in sorted(self.dir.glob("*.log"))[-16:]:
                print(f"--- {log.name} (end)\n" + "\n".join(log.read_text(errors="replace").splitlines()[-25:]))
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, *command, name=None, **kwargs):
        self.logs += 1
        log = self.dir / f"{self.logs:03d}-{name or pathlib.Path(str(command[0])).name}.log"
        with open(log, "wb") as stderr:
            process = subprocess.Popen([str(c) for c in command], stderr=stderr, **kwargs)
        process.log = log
        self.processes.append(process)
        return process

    def broker(self, *options, port=0, partitions=4):
        broker = self.start(
            TESTBIN / "pasar-mock-broker", "--port", port, "--partitions", partitions, "--topic", TOPIC, *options,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = broker.stdout.readline().split()
        check(words[:1] == ["ready"], f"the mock broker does not start: {broker.log.read_text()}")
        broker.brokers = words[1]
        return broker

    def producer(self, brokers, *options, **kwargs):
        return self.start(BIN / "pasar-producer", "-b", brokers, "-t", TOPIC, *options, **kwargs)

    def consumer(self, brokers, *options, out=None, group=GROUP, **kwargs):
        return self.start(BIN / "pasar-consumer", "-b", brokers, "-t", TOPIC, "-G", group, "-o", out or self.out,
                          *options, **kwargs)

    def catalogue(self, rows, name="catalogue.csv", start=1):
        """Row n has product_id P<n> and a name with everything that CSV quotes."""
        path = self.dir / name
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for n in range(start, start + rows):
                writer.writerow([
                    f"P{n}", f'Näme "{n}", with\nnewline', "Home|Kitchen|Pans", f"₹{n % 5000 + 1:,}", f"₹{n % 5000 + 99}",
                    f"{n % 100}%", f"{n % 50 / 10}", f"{n % 30000:,}", "about " + "x" * (n % 200), "u", "un", "r", "rt",
                    "rc", f"https://example.invalid/{n}.jpg", f"https://example.invalid/p/{n}"])
        return path


class Kafka:
    """Apache Kafka (scripts/kafka) in the drill's directory."""

    def __init__(self, drill, port):
        source = pathlib.Path(os.environ.get("PASAR_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
        self.dir, self.script = drill.dir / "kafka", source / "scripts/kafka"
        self.port = port

    def order(self, *words):
        result = subprocess.run([str(w) for w in (self.script, *words, "--dir", self.dir)], capture_output=True, text=True)
        check(result.returncode == 0, f"scripts/kafka {words[0]}: {result.stderr}")

    def start(self):
        self.order("start", "--port", self.port, "--controller-port", self.port + 1)
        return f"localhost:{self.port}"

    def pid(self):
        return int((self.dir / "pid").read_text())

    def kill(self):
        os.kill(self.pid(), signal.SIGKILL)

    def stop(self):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(self.pid(), signal.SIGCONT)
        self.order("stop")


def command(broker, text):
    """One command to the mock broker."""
    broker.stdin.write(text + "\n")
    broker.stdin.flush()
    answer = broker.stdout.readline().strip()
    check(answer == "ok", f"broker answers '{answer}' to '{text}'")


def records(brokers, topic, form):
    """All records of a topic, by kcat's format. (By default kcat waits half a second at the end of each partition.)"""
    return subprocess.run(["kcat", "-b", brokers, "-t", topic, "-C", "-e", "-q", "-X", "fetch.wait.max.ms=10", "-f", form],
                          check=True, capture_output=True, text=True).stdout.splitlines()


def finish(process, timeout, status=0):
    """Waits for the end of a process and checks its exit status; returns its log."""
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"FAIL: {process.args[0]} did not end within {timeout} s:\n{tail(process)}")
    if status is not None:
        check(process.returncode == status, f"{process.args[0]} ended with {process.returncode}, not {status}:\n{tail(process)}")
    return process.log.read_text(errors="replace")


def tail(process, lines=20):
    return "\n".join(process.log.read_text(errors="replace").splitlines()[-lines:])


def terminate(process, status, most=2.0):
    """SIGTERM; checks status and that it took less than `most` seconds."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    log = finish(process, 10, status)
    took = time.monotonic() - started
    check(took < most, f"{process.args[0]} took {took:.2f} s to stop:\n{tail(process)}")
    return log


def await_(condition, what, timeout=20):
    deadline = time.monotonic() + timeout
    while not condition():
        check(time.monotonic() < deadline, f"waited {timeout} s in vain for {what}")
        time.sleep(0.02)


def await_log(process, text, timeout=20):
    def seen():
        check(process.poll() is None or text in process.log.read_text(errors="replace"),
              f"{process.args[0]} ended with {process.returncode} before it said '{text}':\n{tail(process)}")
        return text in process.log.read_text(errors="replace")
    await_(seen, f"'{text}' in the log of {process.args[0]}", timeout)


def numbers(log):
    """The counts of a summary line, by name."""
    line = [l for l in log.splitlines() if "done:" in l][-1]
    return {name.strip(): int(value) for name, value in re.findall(r"([a-z ]+?) (\d+)(?=[,;]| |$)", line.split("done:")[1])}


def batches(out):
    return sorted(name for name in os.listdir(out) if BATCH.match(name)) if out.exists() else []


def rows(out):
    """All published rows as dicts, after checking that ranges neither overlap nor leave gaps."""
    last = {}
    found = []
    for name in batches(out):
        topic, partition, first, end, kind = BATCH.match(name).groups()
        expected = last.get((topic, partition), -1) + 1
        check(int(first) == expected, f"{name}: starts at {int(first)}, not at {expected}")
        check(int(end) >= int(first), f"{name}: ends before it starts")
        last[topic, partition] = int(end)
        if kind == "csv":
            with open(out / name, newline="", encoding="utf-8") as file:
                found += list(csv.DictReader(file))
    return found


def check_exactly_once(out, count, start=1):
    """Each of the catalogue's rows stands in exactly one batch."""
    ids = collections.Counter(row["product_id"] for row in rows(out))
    wanted = {f"P{n}" for n in range(start, start + count)}
    missing = wanted - set(ids)
    doubled = {i: n for i, n in ids.items() if n > 1}
    check(not missing, f"{len(missing)} rows lost, for example {sorted(missing)[:5]}")
    check(not doubled, f"{len(doubled)} rows doubled, for example {list(doubled.items())[:5]}")
    check(set(ids) == wanted, f"strange rows: {sorted(set(ids) - wanted)[:5]}")


def verify(drill, status=0, out=None, timeout=60, options=()):
    """pasar-consumer --verify; returns what it prints."""
    result = subprocess.run([str(BIN / "pasar-consumer"), "-q", "--verify", "-o", str(out or drill.out), *options],
                            capture_output=True, text=True, timeout=timeout)
    check(result.returncode == status, f"--verify ended with {result.returncode}, not {status}:\n{result.stdout}{result.stderr}")
    return result.stdout


def free_port():
    """A port that is free, as is the next one."""
    while True:
        with socket.socket() as s, socket.socket() as following:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                following.bind(("127.0.0.1", port + 1))
                return port


def owners(out):
    """Which process holds the lock of each partition. (The pid in a lock file may be that of who held it last.)"""
    held = {}
    for line in pathlib.Path("/proc/locks").read_text().splitlines():
        _, kind, _, _, pid, place, *_ = line.split()
        if kind == "FLOCK":
            held[int(place.split(":")[-1])] = int(pid)
    inodes = {int(path.name.split(".")[-1]): path.stat().st_ino for path in out.glob(".lock.*")}
    return {partition: held[inode] for partition, inode in inodes.items() if inode in held}


def next_offsets(out):
    """How far each partition is published."""
    offsets = {}
    for name in batches(out):
        _, partition, _, last, _ = BATCH.match(name).groups()
        offsets[int(partition)] = max(offsets.get(int(partition), 0), int(last) + 1)
    return offsets


# Quick on the mock broker, which lets a first join wait 3 s and a rejoin about the length of a session.
FAST = ("-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=500", "-X", "fetch.wait.max.ms=50")
ALONE = ("--partitions", "all", *FAST)
