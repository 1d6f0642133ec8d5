#!/usr/bin/python3
"""Everything at once: producer, consumers and broker are killed (kill -9), stopped and restarted at random moments while rows
flow, the disk is full at times and its calls fail. In the end every field of every row is compared with the source.

Two directories are filled from the same topic: one by several consumers that share it, one by a consumer alone whose disk
is small and whose system calls fail now and then. Run by scripts/drill."""

import argparse
import array
import csv
import json
import math
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

from drill import BATCH, COLUMNS, FAST, TESTBIN, Drill, Kafka, batches, check, command, finish, tail, verify

SOURCE = pathlib.Path(os.environ.get("PASAR_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PARTITIONS = 8
LIMITS = {"discounted_price": (0, math.inf), "actual_price": (0, math.inf), "discount_percentage": (0, 100), "rating": (0, 5),
          "rating_count": (0, math.inf)}
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
FAULT_RATE = 0.004
# A broker that is away longer than this ends a starting daemon with 69; that is not the drill's business.
PATIENT = ("--connect-timeout", "120")


def arguments():
    parser = argparse.ArgumentParser(prog="drill", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="rows of the catalogue (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=40, metavar="N",
                        help="the storm is over after so many kill -9 of daemons (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, metavar="S",
                        help="or after this time, whatever comes first (default: %(default)s); what was held up is finished "
                        "afterwards, within --patience")
    parser.add_argument("--patience", type=float, default=300, metavar="S", help="for the end (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=int(time.time()), metavar="N", help="default: the time")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--mock", action="store_true", help="on librdkafka's mock cluster (default)")
    where.add_argument("--kafka", action="store_true", help="on Apache Kafka (scripts/kafka), which is killed too")
    parser.add_argument("--port", type=int, default=19490, metavar="N", help="of Kafka, and the next (default: %(default)s)")
    return parser.parse_args()


# ---------------------------------------------------------------- what every row must become

def clean(name, text):
    """What the contract says a field becomes: text as it is, numbers without their decoration, null for the rest."""
    if name not in LIMITS:
        return text
    bare = re.sub(r"[₹%,\s]", "", text)
    low, high = LIMITS[name]
    if not NUMBER.fullmatch(bare) or not low <= float(bare) <= high:
        return None
    return float(bare)


def digest(row, is_source):
    values = []
    for name in COLUMNS:
        text = row[name]
        if is_source:
            value = clean(name, text)
        else:
            value = float(text) if name in LIMITS and text else text
        values.append(None if value == "" else value)
    return hash(tuple(values))


def read_source(path):
    with open(path, newline="", encoding="utf-8") as file:
        return array.array("q", (digest(row, True) for row in csv.DictReader(file)))


def row_numbers(sidecar):
    for run, first, count in sidecar["row_ranges"]:
        check(sidecar["runs"][run]["run"], "a foreign row")
        yield from range(first, first + count)


def compare(out, wanted):
    """Every row of the source stands in `out` once, with the same fields, in order within its partition."""
    seen = bytearray(len(wanted) + 1)
    last, differing, doubled = {}, [], []
    for name in batches(out):
        topic, partition, first, end, kind = BATCH.match(name).groups()
        if kind != "csv":
            continue
        sidecar = json.loads((out / name).with_suffix(".json").read_text())
        check(sidecar["rejects"] == 0, f"{name} has rejects")
        with open(out / name, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        numbers = list(row_numbers(sidecar))
        check(len(rows) == len(numbers), f"{name}: {len(rows)} rows, {len(numbers)} numbers")
        for number, row in zip(numbers, rows):
            check(number > last.get(partition, 0), f"{name}: row {number} after {last.get(partition)}")
            last[partition] = number
            if seen[number]:
                doubled.append(number)
            seen[number] = 1
            if digest(row, False) != wanted[number - 1]:
                differing.append((name, number))
    lost = [n for n in range(1, len(wanted) + 1) if not seen[n]]
    check(not lost, f"{len(lost)} rows lost, for example {lost[:5]}")
    check(not doubled, f"{len(doubled)} rows doubled, for example {doubled[:5]}")
    check(not differing, f"{len(differing)} rows differ, for example {differing[:5]}")


# ---------------------------------------------------------------- who is in it

class Daemon:
    """A place that is always filled: when its process dies, the next one starts after a while."""

    def __init__(self, storm, name, start, out=None):
        self.storm, self.name, self.launch, self.out = storm, name, start, out
        self.process, self.last, self.is_done = None, None, False
        self.due, self.stopped = 0.0, False
        self.kills = self.useful = self.starts = self.failures = 0

    def published(self):
        return len(batches(self.out)) if self.out else 0

    def step(self, now):
        """Starts what is due; notices what has ended by itself."""
        if self.is_done:
            return
        if self.process is not None and self.process.poll() is not None:
            status, self.process = self.process.returncode, None
            if self.name == "producer" and status == 0:
                self.is_done = True
                return
            if status not in (0, 75, -signal.SIGKILL):
                self.failures += 1
                say(f"{self.name} ended with {status}: {self.last_line}")
                check(status in (69, 73, 74) and self.failures < 20, f"{self.name} ended with {status}:\n{self.text}")
            self.due = now + random.uniform(0, 0.5)
        if self.process is None and now >= self.due:
            self.before = self.published()
            self.process = self.last = self.launch()
            self.starts += 1

    @property
    def text(self):
        return tail(self.last, 15) if self.last else ""

    @property
    def last_line(self):
        return self.text.splitlines()[-1] if self.text else ""

    def is_up(self):
        return self.process is not None and self.process.poll() is None

    def has_published(self):
        return self.out is not None and self.published() > self.before

    def kill(self, now, away):
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.useful += self.has_published()
        self.process, self.stopped, self.due = None, False, now + away

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self):
        if self.is_up():
            self.process.send_signal(signal.SIGCONT)
        self.stopped = False


def say(text):
    print(f"drill: {text}", flush=True)


class Storm:
    def __init__(self, drill, args):
        self.drill, self.args = drill, args
        self.counts = {}
        self.heals = []  # (time, what ends an outage)
        self.outage = set()
        self.catalogue = drill.dir / "catalogue.csv"
        subprocess.run([SOURCE / "scripts/generate", "--rows", str(args.rows), "--seed", str(args.seed), "-o", self.catalogue],
                       check=True)
        self.shared, self.alone = drill.dir / "shared", drill.dir / "alone"
        self.alone.mkdir()
        self.tmpfs = os.geteuid() == 0 and self.mount("-t", "tmpfs", "-o", f"size={self.disk_size()}", "tmpfs")
        self.faults_log = drill.dir / "faults"
        if args.kafka:
            self.kafka = Kafka(drill, args.port)
            self.brokers = self.kafka.start()
        else:
            self.kafka, self.broker = None, drill.broker(partitions=PARTITIONS)
            self.brokers = self.broker.brokers

    def mount(self, *options):
        return subprocess.run(["mount", *options, self.alone], capture_output=True).returncode == 0

    def disk_size(self):
        """Room for all rows (a row is less than 2 KB) and the small files around them; only what is used takes memory."""
        return (64 << 20) + self.args.rows * 2048

    def close(self):
        for process in self.drill.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        if self.tmpfs:
            subprocess.run(["umount", "-l", self.alone], check=False)
        if self.kafka:
            self.kafka.stop()

    # ------------------------------------------------------------ daemons

    def start_producer(self):
        """At a pace that fills the time of the storm, and at full speed after it."""
        pace = () if self.is_over else ("--rate", str(max(200, int(1.2 * self.args.rows / self.args.seconds))))
        return self.drill.producer(self.brokers, self.catalogue, "--create-topic", "--partitions", str(PARTITIONS), "--state",
                                   self.drill.dir / "state", *pace, *PATIENT, name="producer")

    def start_consumer(self, out, group, *options, env=None):
        return self.drill.consumer(self.brokers, *FAST, *PATIENT, "--batch-records", str(random.choice((20, 100, 400))),
                                   "--batch-seconds", "1", *options, out=out, group=group, env=env, name=f"{group}-{options[-1]}")

    def start_alone(self):
        env = dict(os.environ, LD_PRELOAD=str(TESTBIN / "libpasar-faults.so"), PASAR_FAULTS_DIR=str(self.alone),
                   PASAR_FAULTS_RATE=str(FAULT_RATE), PASAR_FAULTS_SEED=str(random.getrandbits(32)),
                   PASAR_FAULTS_LOG=str(self.faults_log))
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return self.start_consumer(self.alone, "alone", "--partitions", "all", env=env)

    def members(self):
        """Consumers that share a directory. On Kafka they are static members of a group, so that one that was killed gets
        its partitions back at once when it returns, and others take them over when it stays away; the mock has no
        static members, so there each has partitions of its own."""
        for n in range(3):
            if self.kafka:
                yield lambda n=n: self.start_consumer(self.shared, "shared", "-X", f"group.instance.id=member-{n}")
            elif n < 2:
                yield lambda n=n: self.start_consumer(self.shared, "shared", "--partitions", ("0-3", "4-7")[n])

    # ------------------------------------------------------------ what happens

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def strike(self, now):
        """One random blow."""
        events = {"kill consumer": 55, "kill producer": 20, "stop consumer": 6, "pause consumer": 5, "pause producer": 3,
                  "pause broker": 3, "disk full": 4 if self.tmpfs else 0, "broker away": 2,
                  "fatal broker": 0 if self.kafka else 2}
        what = random.choices(list(events), list(events.values()))[0]
        role = what.split()[1]
        if role == "broker":
            return self.strike_broker(what, now)
        if what == "disk full":
            return self.fill_disk(now)
        victims = [d for d in self.daemons if d.is_up() and not d.stopped and (d.name == "producer") == (role == "producer")]
        if not victims:
            return None
        if what == "kill consumer" and random.random() < 0.8:  # mostly after it has published; the rest wherever it may be
            victims = [d for d in victims if d.has_published()]
            if not victims:
                return None
        victim = random.choice(victims)
        if what.startswith("kill"):
            victim.kill(now, random.choice((0, 0, 0, 0.3, 1, 9)) if role == "consumer" else random.uniform(0, 0.5))
        elif what == "stop consumer":
            victim.process.terminate()
        else:
            victim.pause()
            self.heals.append((now + random.choice((0.5, 2, 8)), victim.resume))
        return self.count(what)

    def strike_broker(self, what, now):
        if "broker" in self.outage:
            return
        if what == "fatal broker":  # an answer after which an idempotent producer is of no use any more
            command(self.broker, "err 0 45 1")
            return self.count(what)
        self.outage.add("broker")
        self.count(what)
        until = now + random.uniform(0.5, 4)
        if what == "pause broker":
            pid = self.kafka.pid() if self.kafka else self.broker.pid
            os.kill(pid, signal.SIGSTOP)
            self.heals.append((until, lambda: (os.kill(pid, signal.SIGCONT), self.outage.discard("broker"))))
        elif self.kafka:
            self.kafka.kill()
            self.heals.append((until, lambda: (self.kafka.start(), self.outage.discard("broker"))))
        else:
            command(self.broker, "down 1")
            self.heals.append((until, lambda: (command(self.broker, "up 1"), self.outage.discard("broker"))))

    def fill_disk(self, now):
        if "disk" in self.outage:
            return
        self.outage.add("disk")
        self.count("disk full")
        for _ in range(10):  # the consumer writes meanwhile
            room = os.statvfs(self.alone)
            if self.mount("-o", f"remount,size={(room.f_blocks - room.f_bfree + random.randrange(16)) * room.f_bsize}"):
                break
        self.heals.append((now + random.uniform(0.5, 3), self.enlarge_disk))

    def enlarge_disk(self):
        check(self.mount("-o", f"remount,size={self.disk_size()}"), "cannot enlarge the disk again")
        self.outage.discard("disk")

    def heal(self, now):
        for due in [h for h in self.heals if h[0] <= now]:
            self.heals.remove(due)
            due[1]()

    # ------------------------------------------------------------ the course of it

    def kills(self):
        return sum(d.kills for d in self.daemons)

    def run(self):
        started = time.monotonic()
        deadline, self.is_over = started + self.args.seconds, False
        self.daemons = [Daemon(self, "producer", self.start_producer)]
        self.daemons += [Daemon(self, f"shared {n}", start, self.shared) for n, start in enumerate(self.members())]
        self.daemons += [Daemon(self, "alone", self.start_alone, self.alone)]
        next_strike = started + 3
        next_report = started + 30
        while (now := time.monotonic()) < deadline and self.kills() < self.args.kills:
            self.heal(now)
            for daemon in self.daemons:
                daemon.step(now)
            if now >= next_strike:
                self.strike(now)
                next_strike = time.monotonic() + random.uniform(0.1, 2 * self.args.seconds / (1.5 * self.args.kills))
            if now >= next_report:
                say(f"{now - started:.0f} s, {self.kills()} kills, {self.counts}")
                next_report += 30
            time.sleep(0.02)
        self.is_over = True
        self.heal(math.inf)
        say(f"the storm is over after {time.monotonic() - started:.0f} s: {self.kills()} kill -9")

    def finish(self):
        end = time.monotonic() + self.args.patience
        producer, *consumers = self.daemons
        if producer.is_up():  # it may still go at the pace of the storm
            producer.process.terminate()
        while not producer.is_done:
            check(time.monotonic() < end, f"the producer does not end:\n{producer.text}")
            for daemon in self.daemons:
                daemon.step(time.monotonic())
            time.sleep(0.05)
        for daemon in consumers:
            if daemon.is_up():
                daemon.process.terminate()
                finish(daemon.process, 30, None)
        left = end - time.monotonic()
        for out, group in ((self.shared, "shared"), (self.alone, "alone")):
            finish(self.drill.consumer(self.brokers, *FAST, "--partitions", "all", "--exit-at-end", out=out, group=group), left)

    def judge(self):
        wanted = read_source(self.catalogue)
        check(len(wanted) == self.args.rows, f"the source has {len(wanted)} rows")
        for out in (self.shared, self.alone):
            started = time.monotonic()
            text = verify(self.drill, out=out, timeout=600)
            check(f"sent {len(wanted)}, found {len(wanted)}, rejected 0, missing 0, doubled 0: whole" in text and
                  "1 of 1 runs whole" in text and "damaged 0, gaps 0, foreign messages 0" in text, text)
            compare(out, wanted)
            left = [p.name for p in out.iterdir() if p.name.endswith(".tmp")]
            check(not left, f"temporary files are left: {left[:3]}")
            say(f"{out.name}: {len(batches(out))} files, {len(wanted)} rows, each once, fields and order as in the source "
                f"({time.monotonic() - started:.0f} s)")

    def check_kills(self):
        """A consumer that is killed before it does anything shows little."""
        kills = sum(d.kills for d in self.daemons if d.out)
        useful = sum(d.useful for d in self.daemons if d.out)
        check(2 * useful >= kills, f"only {useful} of {kills} kills of consumers came after a batch")

    def report(self):
        for d in self.daemons:
            useful = f", {d.useful} after it had published" if d.out else ""
            say(f"{d.name}: {d.starts} starts, {d.kills} kill -9{useful}")
        faults = self.faults_log.read_text() if self.faults_log.exists() else ""
        names = {"o": "create", "w": "write", "s": "sync", "r": "rename"}
        say(f"failed calls: {len(faults)} (" + ", ".join(f"{n} {faults.count(c)}" for c, n in names.items()) + ")")
        say("; ".join(f"{what} {n}" for what, n in sorted(self.counts.items())))


def main():
    args = arguments()
    say(f"seed {args.seed}, {args.rows} rows, {'Apache Kafka' if args.kafka else 'mock cluster'}")
    random.seed(args.seed)
    started = time.monotonic()
    with Drill() as drill:
        storm = Storm(drill, args)
        try:
            storm.run()
            storm.finish()
            storm.judge()
            storm.report()
            storm.check_kills()
        finally:
            storm.close()
    say(f"PASS: seed {args.seed}, {args.rows} rows, {storm.kills()} kill -9, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
