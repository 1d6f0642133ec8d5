#!/usr/bin/python3
"""Batches close by count, by bytes, by time when the topic is idle, and at the end; what is no record goes to the rejects."""

import base64
import json
import subprocess
import time

from drill import ALONE, FAST, TOPIC, Drill, await_, await_log, batches, check, check_exactly_once, finish, numbers, rows, terminate, verify

with Drill() as drill:
    broker = drill.broker(partitions=2)
    finish(drill.producer(broker.brokers, drill.catalogue(1000)), 20)
    log = finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", "--batch-records", "100"), 20)
    check_exactly_once(drill.out, 1000)
    counts = numbers(log)
    check(counts["rows"] == 1000 and counts["ends"] == 2 and counts["rejects"] == 0, f"counts {counts}")
    ranges = [b.split("+") for b in batches(drill.out) if b.endswith(".csv")]
    lengths = sorted(int(r[3].split(".")[0]) - int(r[2]) + 1 for r in ranges)
    check(lengths[-1] == 100 and lengths.count(100) >= 8 and counts["batches"] == len(ranges), f"lengths {lengths}")
    timestamps = sorted((r["timestamp"], r["product_id"]) for r in rows(drill.out))
    check([p for t, p in timestamps] == [f"P{n}" for n in range(1, 1001)], "time order is not file order")
    check(rows(drill.out)[0]["product_name"].endswith('", with\nnewline'), "text was changed")

    # again: nothing to do
    log = finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end"), 20)
    check(numbers(log)["rows"] == 0, "rows were read twice")

    # a fresh directory is filled from the beginning, whatever the group has committed for another one
    fresh = drill.dir / "fresh"
    log = finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", out=fresh), 20)
    check_exactly_once(fresh, 1000)
    check("was made for another directory or by another program" in log and "reading from the beginning" in log,
          f"no word of the other directory:\n{log}")

    # files that were moved away are not read again: here the commit knows more than the directory
    for name in batches(fresh):
        for path in fresh.glob(name.split(".csv")[0].split(".end")[0] + ".*"):
            path.unlink()
    log = finish(drill.consumer(broker.brokers, *ALONE, "--exit-idle", "1", out=fresh), 20)
    check(numbers(log)["messages"] == 0 and "moved away" in log, f"archived files were read again:\n{log}")

    # by bytes; only one of the two partitions
    small = drill.dir / "small"
    finish(drill.consumer(broker.brokers, *FAST, "--partitions", "0", "--exit-at-end", "--batch-bytes", "20k", out=small,
                          group="small"), 20)
    sizes = [(small / b).stat().st_size for b in batches(small) if b.endswith(".csv")]
    check(len(sizes) > 5 and all(20000 <= size < 21000 for size in sizes[:-1]), f"sizes {sizes}")

    # by time, on an idle topic, and rejects: foreign messages through kcat
    before = len(batches(drill.out))
    consumer = drill.consumer(broker.brokers, *ALONE, "--batch-seconds", "0.3")
    subprocess.run(["kcat", "-b", broker.brokers, "-t", TOPIC, "-P", "-p", "1", "-K", "|", "-D", "\n"], check=True,
                   input='k|{"no":"record"}\nk2|\x00\xff', text=True, encoding="latin-1")
    started = time.monotonic()
    await_(lambda: len(batches(drill.out)) > before, "a batch of rejects", 5)
    log = terminate(consumer, 0)
    check(numbers(log)["rejects"] == 2, f"counts {numbers(log)}")
    rejects = [json.loads(l) for p in sorted(drill.out.glob("*.rejects.jsonl")) for l in p.read_text().splitlines()]
    check(len(rejects) == 2 and all(r["partition"] == 1 and r["reason"] for r in rejects), f"rejects {rejects}")
    check([r["offset"] for r in rejects] == list(range(rejects[0]["offset"], rejects[0]["offset"] + 2)), f"{rejects}")
    check_exactly_once(drill.out, 1000)
    check("foreign messages 2" in verify(drill), "--verify does not count foreign messages")

    # --exit-at-end: foreign messages have no end, an unfinished run has one that is waited for; --exit-idle waits for none
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end"), 20)
    producer = drill.producer(broker.brokers, drill.catalogue(1000, "cut.csv", 5000), "--rate", "400")
    await_log(producer, "begins")
    time.sleep(0.5)
    terminate(producer, 75)
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-idle", "0.5"), 20)
    consumer = drill.consumer(broker.brokers, *ALONE, "--exit-at-end")
    time.sleep(2)
    check(consumer.poll() is None, "--exit-at-end ended although a run has not ended")
    check("waiting for an end record in partition" in consumer.log.read_text(), "it does not say what it waits for")
    terminate(consumer, 0)

with Drill() as drill:  # an empty topic is waited for, as the producer may be late; one without runs is read to its end
    broker = drill.broker(partitions=2)
    log = finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", "--exit-idle", "2.5"), 20)
    check("waiting for a first message" in log and "--exit-idle" in log, f"it does not say how to wait no longer:\n{log}")
    subprocess.run(["kcat", "-b", broker.brokers, "-t", TOPIC, "-P", "-p", "1"], check=True, input="foreign", text=True)
    check(numbers(finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end"), 20))["rejects"] == 1, "a foreign topic")
