#!/usr/bin/python3
"""While the producer waits, for a pipe's next row or until a row is due, it burns no CPU, hears a stop within 2 s and sees
what becomes of the rows that it has sent."""

import os
import pathlib
import subprocess
import time

from drill import TOPIC, Drill, await_, await_log, check, command, finish, numbers, terminate

TICK = os.sysconf("SC_CLK_TCK")


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_share(process, seconds):
    """Of one core, over some seconds from now."""
    before, started = cpu_s(process), time.monotonic()
    time.sleep(seconds)
    check(process.poll() is None, "it ended while its CPU time was taken")
    return (cpu_s(process) - before) / (time.monotonic() - started)


def stored(broker):
    """Records in the topic."""
    broker.stdin.write("watermarks\n")
    broker.stdin.flush()
    lines = []
    while (line := broker.stdout.readline().strip()) != "ok":
        lines.append(line.split())
    return sum(int(high) for topic, partition, low, high in lines if topic == TOPIC)


with Drill() as drill:
    broker = drill.broker()
    header, *rows = drill.catalogue(3, name="few.csv").read_bytes().split(b"\r\nP")
    rows = [b"P" + row.strip(b"\r\n") + b"\r\n" for row in rows]

    # a pipe that says no more: rows sent are stored meanwhile, SIGTERM ends it
    producer = drill.producer(broker.brokers, "-", stdin=subprocess.PIPE, name="idle-pipe")
    producer.stdin.write(header + b"\r\n" + b"".join(rows))
    producer.stdin.flush()
    await_(lambda: stored(broker) == 3, "3 rows in the topic")
    share = cpu_share(producer, 2)
    check(share < 0.05, f"waiting for a pipe takes {share:.0%} of a core")
    counts = numbers(terminate(producer, 75))
    check(counts["sent"] == counts["acknowledged"] == 3, f"counts {counts}")

    # a pipe that has said nothing yet; a FIFO that nobody writes to; gzip cut short in the pipe
    terminate_after = lambda process: (await_log(process, "connected"), time.sleep(0.3), terminate(process, 75))
    terminate_after(drill.producer(broker.brokers, "-", stdin=subprocess.PIPE, name="silent-pipe"))
    fifo = drill.dir / "fifo"
    os.mkfifo(fifo)
    terminate_after(drill.producer(broker.brokers, fifo, name="fifo"))
    producer = drill.producer(broker.brokers, "-", stdin=subprocess.PIPE, name="gzip-pipe")
    producer.stdin.write(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
    producer.stdin.flush()
    terminate_after(producer)

    # a FIFO whose writer comes late
    producer = drill.producer(broker.brokers, fifo, name="late-writer")
    await_log(producer, "connected")
    time.sleep(0.3)
    with open(fifo, "wb") as file:
        file.write(header + b"\r\n" + rows[0])
    check(numbers(finish(producer, 10))["acknowledged"] == 1, "the row of the late writer")

    # the broker refuses for good while the pipe is silent: it is not the next row that shows it
    producer = drill.producer(broker.brokers, "-", stdin=subprocess.PIPE, name="refused")
    await_log(producer, "connected")
    command(broker, "err 0 45 1")
    producer.stdin.write(header + b"\r\n" + rows[0])
    producer.stdin.flush()
    check("give up" in finish(producer, 10, 74), "it does not say what failed")

    # rows that are not due yet
    csv = drill.catalogue(20000)
    for option, value, most in (("--rate", "1000", 0.15), ("--pause", "1ms..3ms", 0.15)):
        producer = drill.producer(broker.brokers, csv, "--no-journal", option, value, name="paced")
        await_log(producer, "begins")
        time.sleep(0.5)
        share = cpu_share(producer, 2)
        print(f"{option} {value} takes {share:.1%} of a core")
        check(share < most, f"{option} {value} takes {share:.0%} of a core")
        terminate(producer, 75)
