#!/usr/bin/python3
"""kill -9 of the consumer again and again in mid-stream: in the end each row stands in exactly one batch."""

import os
import random
import time

from drill import ALONE, Drill, await_, batches, check, check_exactly_once, finish, verify

KILLS = int(os.environ.get("PASAR_DRILL_KILLS", "20"))
ROWS = 1200 * KILLS

with Drill() as drill:
    broker = drill.broker()
    producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", "2500")
    useful = leftovers = 0
    for kill in range(KILLS):
        before = len(batches(drill.out))
        consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "20")
        if kill % 4 != 3:  # every fourth is killed wherever it may be
            await_(lambda: len(batches(drill.out)) > before or producer.poll() is not None, "a first batch")
        time.sleep(random.uniform(0, 0.15))
        consumer.kill()
        consumer.wait()
        useful += len(batches(drill.out)) > before
        leftovers += any(p.name.endswith(".tmp") for p in drill.out.iterdir()) if drill.out.exists() else 0
    finish(producer, 40 + KILLS)
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end"), 30)
    check(useful >= KILLS // 2, f"only {useful} of {KILLS} kills came after a batch")
    check_exactly_once(drill.out, ROWS)
    verify(drill)
    check(not [p for p in drill.out.iterdir() if p.name.endswith(".tmp")], "temporary files are left")
    print(f"{KILLS} kills, {useful} after a batch, {leftovers} left temporary files, {len(batches(drill.out))} files")
