#!/usr/bin/python3
"""A fatal error of the idempotent producer costs a new client, not a row; too many of them end it, and the same command
goes on."""

import os
import signal
import time

from drill import TOPIC, Drill, await_, await_log, check, command, finish, numbers, records, terminate

ROWS = 12000
OUT_OF_ORDER = "err 0 45 1"  # to the next produce request: OUT_OF_ORDER_SEQUENCE_NUMBER, which is fatal


def check_topic(broker, rows):
    lines = [line.split("|") for line in records(broker.brokers, TOPIC, "%p|%k|%h\n")]
    found = [(int(p), int(h.split("pasar.row=")[1].split(",")[0])) for p, k, h in lines if k]
    check(sorted(row for p, row in found) == list(range(1, rows + 1)),
          f"{len(found)} rows in the topic, {len(set(found))} different, not {rows}")
    for partition in {p for p, row in found}:
        mine = [row for p, row in found if p == partition]
        check(mine == sorted(mine), f"partition {partition} is out of order")
    check(len([1 for p, k, h in lines if not k]) == 4, "not one end record per partition")


with Drill() as drill:
    broker = drill.broker()
    csv = drill.catalogue(ROWS)
    producer = drill.producer(broker.brokers, csv, "--rate", "4000", "--state", drill.dir / "state")
    await_log(producer, "begins")
    for fault in range(2):
        time.sleep(0.7)
        command(broker, OUT_OF_ORDER)
        await_log(producer, "new client", 10)
        time.sleep(1.3)
    counts = numbers(finish(producer, 40))
    check(counts["clients replaced"] == 2 and counts["rows read"] == ROWS, f"counts {counts}")
    check(counts["acknowledged"] + counts["stored before"] == ROWS and counts["failed"] == 0, f"counts {counts}")
    check_topic(broker, ROWS)

with Drill() as drill:  # again and again: it gives up, and the same command goes on
    broker = drill.broker()
    csv = drill.catalogue(ROWS)
    options = (csv, "--rate", "1000", "--state", drill.dir / "state")
    producer = drill.producer(broker.brokers, *options)
    await_log(producer, "begins")
    for fault in range(1, 7):
        command(broker, OUT_OF_ORDER)
        if fault < 6:
            await_(lambda: producer.log.read_text().count("going on with a new client") == fault, f"new client {fault}")
    log = finish(producer, 20, 74)
    check("within a minute" in log, log)
    finish(drill.producer(broker.brokers, csv, "--state", drill.dir / "state"), 30)
    check_topic(broker, ROWS)

with Drill() as drill:  # stopped while the new client looks for what the old one has stored: its lost rows stay lost to nobody
    broker = drill.broker()
    csv = drill.catalogue(ROWS)
    options = (csv, "--state", drill.dir / "state")
    producer = drill.producer(broker.brokers, *options, "--rate", "4000")
    await_log(producer, "begins")
    time.sleep(1.5)
    command(broker, OUT_OF_ORDER)
    await_log(producer, "new client", 10)
    await_(lambda: producer.log.read_text().count("connected to") == 2, "the new client")
    os.kill(broker.pid, signal.SIGSTOP)
    terminate(producer, 75)
    os.kill(broker.pid, signal.SIGCONT)
    counts = numbers(finish(drill.producer(broker.brokers, *options), 30))
    check(counts["rows read"] == ROWS and counts["sent"] > 0, f"counts {counts}")
    check_topic(broker, ROWS)

with Drill() as drill:  # the new client finds no broker for longer than a start would wait
    broker = drill.broker()
    csv = drill.catalogue(ROWS)
    producer = drill.producer(broker.brokers, csv, "--state", drill.dir / "state", "--rate", "4000", "--connect-timeout", "1")
    await_log(producer, "begins")
    time.sleep(1)
    command(broker, OUT_OF_ORDER)
    await_log(producer, "new client", 10)
    os.kill(broker.pid, signal.SIGSTOP)
    await_log(producer, "as the run has begun", 10)
    time.sleep(2)
    check(producer.poll() is None, "it gave up")
    os.kill(broker.pid, signal.SIGCONT)
    counts = numbers(finish(producer, 30))
    check(counts["clients replaced"] == 1 and counts["failed"] == 0, f"counts {counts}")
    check_topic(broker, ROWS)

with Drill() as drill:  # the new client finds another cluster at the old address
    broker = drill.broker()
    csv = drill.catalogue(ROWS)
    producer = drill.producer(broker.brokers, csv, "--state", drill.dir / "state", "--rate", "1000")
    await_log(producer, "begins")
    journal = next((drill.dir / "state").glob("*.journal"))
    await_(lambda: '"row":0,' not in journal.read_text(), "a checkpoint")
    port = broker.brokers.rsplit(":", 1)[1]
    broker.kill()
    broker.wait()
    command(drill.broker(port=port), OUT_OF_ORDER)
    log = finish(producer, 20, 65)
    check("is of cluster" in log or "had come to" in log, log)  # under a sanitizer all mock clusters have one id
