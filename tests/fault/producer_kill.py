#!/usr/bin/python3
"""kill -9 of the producer again and again in mid-stream, each time followed by the same command: in the end the run is
whole, with every row once, in order per partition, and its timestamps are in the order of the files, of which one is
packed.

producer_kill.py [mock|kafka [PORT]]: on the mock cluster, or on Apache Kafka (scripts/kafka)."""

import csv
import gzip
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

from drill import (ALONE, BATCH, BIN, TOPIC, Drill, await_log, batches, check, check_exactly_once, finish, numbers, tail,
                   terminate, verify)

ROWS, KILLS, RATE, BAD = 16000, 12, 900, 40
GOES_ON = re.compile(r"goes on: (\d+) rows were stored, (\d+) of them known from the topic alone")
SOURCE = pathlib.Path(os.environ.get("PASAR_SOURCE", pathlib.Path(__file__).parents[2]))


def real_broker(drill, port):
    directory = str(drill.dir / "kafka")
    kafka = [str(SOURCE / "scripts/kafka")]
    subprocess.run(kafka + ["start", "--port", port, "--dir", directory, "--fresh"], check=True)
    return f"localhost:{port}", lambda: subprocess.run(kafka + ["stop", "--dir", directory], check=True)


def spoil_and_split(path):
    """Bad rows at random places; three files of it, the second one packed."""
    with open(path, newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    for place in sorted(random.sample(range(len(lines)), BAD), reverse=True):
        lines.insert(place, ["too few"])
    parts = [path.with_name(name) for name in ("1.csv", "2.csv.gz", "3.csv")]
    for i, part in enumerate(parts):
        with (gzip.open if part.suffix == ".gz" else open)(part, "wt", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header] + lines[len(lines) * i // 3:len(lines) * (i + 1) // 3])
    return parts


def check_order(out):
    """Per partition the rows rise; over all partitions the time order is that of the file."""
    seen, last = [], {}
    for name in batches(out):
        topic, partition, first, end, kind = BATCH.match(name).groups()
        if kind != "csv":
            continue
        with open(out / name, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                number = int(row["product_id"][1:])
                check(number > last.get(partition, 0), f"{name}: row {number} after {last.get(partition)}")
                last[partition] = number
                seen.append((row["timestamp"], number))
    seen.sort()
    check([n for t, n in seen] == list(range(1, len(seen) + 1)), "time order is not file order")
    check(len({t for t, n in seen}) == len(seen), "timestamps repeat")


def drill_on(drill, brokers):
    files = spoil_and_split(drill.catalogue(ROWS))
    state, rejects = drill.dir / "state", drill.dir / "rejects.jsonl"
    command = (*files, "--create-topic", "--partitions", "4", "--state", state, "--rejects", rejects)
    useful = from_journal = stored = 0
    for kill in range(KILLS):
        producer = drill.producer(brokers, *command, "--rate", RATE)
        await_log(producer, "goes on:" if kill else "begins", 30)
        time.sleep(random.uniform(0.05, 1.8))
        check(producer.poll() is None, f"it ended before it was killed:\n{tail(producer)}")
        if kill == KILLS // 2:
            terminate(producer, 75)
        else:
            producer.send_signal(signal.SIGKILL)
            producer.wait()
        found = GOES_ON.search(producer.log.read_text())
        if found:
            useful += int(found[1]) > stored
            from_journal += int(found[2]) < int(found[1])
            check(int(found[1]) >= stored, f"{found[0]}, but {stored} were there before")
            stored = int(found[1])
    log = finish(drill.producer(brokers, *command), 60)
    counts = numbers(log)
    check(counts["rows read"] == ROWS + BAD and counts["rejected"] == BAD, f"counts {counts}")
    check(counts["sent"] == counts["acknowledged"] == ROWS - counts["stored before"] > 0, f"counts {counts}")
    check(useful >= KILLS * 3 // 4, f"only {useful} of {KILLS} kills came after rows were stored")
    check(from_journal >= KILLS // 3, f"only {from_journal} of {KILLS} starts had a checkpoint")
    reasons = [json.loads(line) for line in rejects.read_text().splitlines()]
    check(len({r["row"] for r in reasons}) == len(reasons) == BAD, f"{len(reasons)} rejects")

    finish(drill.consumer(brokers, *ALONE, "--exit-at-end"), 40)
    text = verify(drill)
    check(f"sent {ROWS}, found {ROWS}, rejected 0, missing 0, doubled 0: whole" in text and "1 of 1 runs" in text, text)
    check_exactly_once(drill.out, ROWS)
    check_order(drill.out)

    # sent whole: refused, a success if wanted, once more if insisted on
    log = finish(drill.producer(brokers, *command), 20, 65)
    check("already sent" in log and "--again" in log, log)
    log = finish(drill.producer(brokers, *command, "--skip-sent"), 20)
    check(numbers(log)["sent"] == 0 and "already sent" in log, log)
    print(f"{KILLS} kills, {useful} after rows were stored, {from_journal} starts with a checkpoint; {text.splitlines()[-1]}")


with Drill() as drill:
    print(f"seed {(seed := int(os.environ.get('PASAR_SEED', time.time())))}")
    random.seed(seed)
    if sys.argv[1:2] == ["kafka"]:
        brokers, stop = real_broker(drill, sys.argv[2] if len(sys.argv) > 2 else "19320")
        try:
            drill_on(drill, brokers)
        finally:
            stop()
    else:
        drill_on(drill, drill.broker().brokers)
