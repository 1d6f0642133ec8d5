#!/usr/bin/python3
"""The brokers refuse commits, move the coordinator and the partitions' leaders, go down one at a time, slow down, and damage
what they send: nothing is lost or doubled, and no partition stands still."""

import os
import time

from drill import (FAST, GROUP, TESTBIN, Drill, await_, await_log, check_exactly_once, command, finish, next_offsets, terminate,
                   verify)

ROWS = 30000  # a minute of them: they must outlast the faults, also where those take their time

with Drill() as drill:
    flip = drill.dir / "flip"
    env = dict(os.environ, LD_PRELOAD=str(TESTBIN / "libpasar-faults.so"), PASAR_FAULTS_FLIP=str(flip))
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    broker = drill.broker("--brokers", "3")
    catalogue, state = drill.catalogue(ROWS), ("--state", drill.dir / "state")
    producer = drill.producer(broker.brokers, catalogue, "--rate", "500", *state)
    consumer = drill.consumer(broker.brokers, *FAST, "--batch-records", "50", env=env)
    await_(lambda: len(next_offsets(drill.out)) == 4, "a first batch of each partition")

    def goes_on(what):
        before = next_offsets(drill.out)
        await_(lambda: all(offset > before[p] for p, offset in next_offsets(drill.out).items()), f"progress after {what}", 30)

    # commits refused: unknown member, rebalance in progress, wrong generation, disconnected
    for error in ("25", "27", "22", "-195"):
        command(broker, f"err 8 {error} 1")
        goes_on(f"commits refused with {error}")
    # the coordinator is not available, then another one
    command(broker, "err 10 15 5")
    goes_on("a coordinator that is not available")
    command(broker, "err 12 16 2")
    goes_on("a coordinator that is another one")
    for partition in range(4):
        command(broker, f"leader drill {partition} 2")
    goes_on("all leaders on broker 2")
    command(broker, f"coordinator {GROUP} 2")  # as a cluster does by itself when the group's broker is gone
    command(broker, "down 3")
    goes_on("broker 3 down")
    command(broker, "up 3")
    command(broker, "rtt 2 200")
    goes_on("200 ms to broker 2")
    command(broker, "rtt 2 0")
    # one bit of a fetched message set: in its records, which have a checksum, and in its offset, which has none
    for byte, says in ((100, "failed CRC32C check"), (5, "is behind the end: damaged on the way")):
        for _ in range(5):  # librdkafka throws away unread what it fetched before a partition moved
            order = drill.dir / "order"
            order.write_text(str(byte))
            order.rename(flip)
            await_(lambda: not flip.exists(), "a damaged answer", 10)
            time.sleep(2)
            if says in consumer.log.read_text(errors="replace"):
                break
        await_log(consumer, says)
        goes_on("a damaged answer")
    terminate(producer, 75)
    finish(drill.producer(broker.brokers, catalogue, *state, name="rest"), 30)
    terminate(consumer, 0)
    finish(drill.consumer(broker.brokers, *FAST, "--partitions", "all", "--exit-at-end", name="last"), 40)
    check_exactly_once(drill.out, ROWS)
    verify(drill)
