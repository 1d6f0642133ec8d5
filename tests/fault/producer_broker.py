#!/usr/bin/python3
"""What brokers do to a producer that is sending: errors that pass, one of them down and its partitions moved, slow replies,
none at all, an outage that is longer than any back-off. None of it costs a row, doubles one or fills the memory."""

import contextlib
import os
import pathlib
import signal
import socket
import time

from drill import TOPIC, Drill, await_, await_log, check, command, finish, numbers, records

ROWS = 16000
TICK = os.sysconf("SC_CLK_TCK")
SANITIZED = b"__asan_init" in (pathlib.Path(os.environ["PASAR_BIN"]) / "pasar-producer").read_bytes()
MEMORY_KIB = (3 if SANITIZED else 1) * 128 * 1024  # the contract's limit; a sanitizer's shadow and quarantine come on top


def check_whole(broker, producer, rows, timeout=60, partitions=4):
    """Each row once and in order per partition, one end record each, and the producer counts the same."""
    counts = numbers(finish(producer, timeout))
    check(counts["acknowledged"] == counts["sent"] == rows and counts["failed"] == 0, f"counts {counts}")
    check("clients replaced" not in counts, f"counts {counts}")
    lines = [line.split("|") for line in records(broker.brokers, TOPIC, "%p|%k|%h\n")]
    found = [(int(p), int(h.split("pasar.row=")[1].split(",")[0])) for p, k, h in lines if k]
    check(sorted(row for p, row in found) == list(range(1, rows + 1)), f"{len(found)} rows, {len(set(found))} different")
    for partition in range(partitions):
        mine = [row for p, row in found if p == partition]
        check(mine == sorted(mine), f"partition {partition} is out of order")
    check(len([1 for p, k, h in lines if not k]) == partitions, "not one end record per partition")


def stored(broker):
    """Records in the topic, as its watermarks have it (0 while no broker answers)."""
    broker.stdin.write("watermarks\n")
    broker.stdin.flush()
    total = 0
    while (line := broker.stdout.readline().strip()) != "ok":
        topic, partition, low, high = line.split()
        total += int(high) if topic == TOPIC else 0
    return total


def bytes_read(process, path):
    """How far a process has read a file. It does not get further while its queue is full."""
    for fd in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(fd) == str(path):
                return int(pathlib.Path(f"/proc/{process.pid}/fdinfo/{fd.name}").read_text().split("pos:")[1].split()[0])
    return 0


def threads_cpu_s(process):
    """CPU seconds by thread: the main thread is ours, the others are librdkafka's."""
    found = {}
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        with contextlib.suppress(OSError):
            fields = (task / "stat").read_text().rsplit(") ", 1)[1].split()
            found[int(task.name)] = (int(fields[11]) + int(fields[12])) / TICK
    return found


def peak_kib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def retriable_errors():
    with Drill() as drill:
        broker = drill.broker()
        producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", 4000)
        await_log(producer, "begins")
        for code in (6, 7, 19):  # NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS
            time.sleep(0.5)
            command(broker, f"err 0 {code} 20")
        check_whole(broker, producer, ROWS)


def one_down_and_moved():
    with Drill() as drill:
        broker = drill.broker("--brokers", 3)
        producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", 2000)
        await_log(producer, "begins")
        time.sleep(1)
        command(broker, "down 1")
        for partition in range(4):
            command(broker, f"leader {TOPIC} {partition} {2 + partition % 2}")
        time.sleep(2)
        command(broker, "up 1")
        command(broker, f"leader {TOPIC} 0 1")
        check_whole(broker, producer, ROWS)


def slow_replies():
    with Drill() as drill:
        broker = drill.broker()
        command(broker, "rtt 1 200")
        producer = drill.producer(broker.brokers, drill.catalogue(ROWS))
        check_whole(broker, producer, ROWS)


def black_hole():
    """A broker that is stopped with its connections open. Our thread must wait; librdkafka 2.0's polls without a pause while
    all that a partition may have in flight is unanswered and more waits, which is shown and not judged. (It does not where
    max.in.flight is smaller than the number of partitions, at the price of throughput to brokers far away.)"""
    with Drill() as drill:
        broker = drill.broker()
        producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", 1000)
        await_log(producer, "begins")
        time.sleep(2)
        os.kill(broker.pid, signal.SIGSTOP)
        before = threads_cpu_s(producer)
        time.sleep(10)
        after = threads_cpu_s(producer)
        check(producer.poll() is None, "it gave up on a silent broker")
        ours = (after[producer.pid] - before[producer.pid]) / 10
        theirs = sum(seconds - before.get(tid, 0) for tid, seconds in after.items() if tid != producer.pid) / 10
        print(f"a silent broker: our thread takes {ours:.1%} of a core, librdkafka's {theirs:.1%}")
        check(ours < (0.15 if SANITIZED else 0.05), f"waiting for a silent broker takes {ours:.1%} of a core")
        os.kill(broker.pid, signal.SIGCONT)
        check_whole(broker, producer, ROWS)


def long_outage():
    """More rows than the queue holds, an outage after which librdkafka's own back-off would be ten seconds."""
    rows = 90000
    with Drill() as drill:
        broker = drill.broker("--on-drop", "warn", partitions=8)
        csv = drill.catalogue(rows)
        producer = drill.producer(broker.brokers, csv, "--rate", 60000)
        await_log(producer, "begins")
        await_(lambda: stored(broker) > 0, "the first rows")
        command(broker, "down 0")
        time.sleep(14)
        check(producer.poll() is None, "it gave up during the outage")
        full = bytes_read(producer, csv)
        time.sleep(1)
        check(0 < bytes_read(producer, csv) == full < csv.stat().st_size, "the queue is not bounded")
        command(broker, "up 0")
        started = time.monotonic()
        await_(lambda: bytes_read(producer, csv) != full, "room in the queue after the outage", 30)
        took = time.monotonic() - started
        peak = peak_kib(producer)
        print(f"after the outage: rows go on after {took:.1f} s, at most {peak // 1024} MiB")
        check(took < 5, f"the first rows came {took:.1f} s after the broker")
        counts = numbers(finish(producer, 60))
        check(counts["acknowledged"] == counts["sent"] == rows and counts["failed"] == 0, f"counts {counts}")
        check(peak < MEMORY_KIB, f"{peak} KiB")
        check(stored(broker) == rows + 8, f"{stored(broker)} records for {rows} rows and 8 ends")


def reconnects():
    """However long a broker is away, it is looked for at least every 3 s (2 s and what librdkafka adds at random)."""
    with Drill() as drill:
        for start, options in ((drill.producer, (drill.catalogue(1), "--connect-timeout", 60)), (drill.consumer, ())):
            with socket.create_server(("127.0.0.1", 0)) as server:
                process = start(f"127.0.0.1:{server.getsockname()[1]}", *options)
                server.settimeout(25)
                longest, last = 0, time.monotonic()
                end = last + 20  # by then a back-off that doubles from 100 ms would have come to 6.4 s
                while last < end:
                    server.accept()[0].close()
                    longest, last = max(longest, time.monotonic() - last), time.monotonic()
                print(f"{pathlib.Path(process.args[0]).name} looks for the broker at least every {longest:.1f} s")
                check(longest < 3.6, f"{process.args[0]} did not look for its broker for {longest:.1f} s")


for part in (retriable_errors, one_down_and_moved, slow_replies, black_hole, long_outage, reconnects):
    started = time.monotonic()
    part()
    print(f"{part.__name__}: {time.monotonic() - started:.1f} s")
