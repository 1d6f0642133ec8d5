#!/usr/bin/python3
"""A third member joins and leaves a group again and again, stopped or killed: nothing is lost or doubled, and afterwards no
partition stands still. On Apache Kafka also how long it takes until a killed member's partitions are taken over.

consumer_storm.py [mock|kafka [PORT]]"""

import sys
import time

from drill import FAST, Drill, Kafka, await_, check, check_exactly_once, finish, free_port, next_offsets, owners, verify

SESSION_S = 6  # of FAST
REBALANCE_S = 15  # joins are noticed with a heartbeat (0.5 s); the rest is a busy machine's
ON_KAFKA = sys.argv[1:2] == ["kafka"]
VISITS = 5 if ON_KAFKA else 3
ROWS = 40000
OPTIONS = (*FAST, "--batch-records", "50", "--batch-seconds", "1")


def all_advance(out, timeout, what):
    before = next_offsets(out)
    await_(lambda: len(before) == 4 and all(offset > before[p] for p, offset in next_offsets(out).items()), what, timeout)


def storm(drill, brokers):
    producer = drill.producer(brokers, drill.catalogue(ROWS), "--rate", "500", "--create-topic", "--partitions", "4", "--state",
                              drill.dir / "state")
    members = [drill.consumer(brokers, *OPTIONS, name=name) for name in "ab"]
    await_(lambda: len(next_offsets(drill.out)) == 4, "a first batch of each partition", 40)
    for visit in range(VISITS):
        third = drill.consumer(brokers, *OPTIONS, name=f"third-{visit}")
        time.sleep(4)
        if visit % 2 == 0:
            third.terminate()
            finish(third, 20, None)
        else:
            third.kill()
            third.wait()
        time.sleep(1)
    all_advance(drill.out, 30, "progress of every partition after the storm")
    check(all(member.poll() is None for member in members), "a member ended in the storm")
    return producer, members


def takeover(drill, members):
    """kill -9 of one of two members; the time until each of its partitions is published by the other."""
    await_(lambda: {member.pid for member in members} == set(owners(drill.out).values()), "both to own partitions", 30)
    all_advance(drill.out, 20, "progress of both")
    victim, heir = members
    orphans = [p for p, pid in owners(drill.out).items() if pid == victim.pid]
    victim.kill()
    victim.wait()
    killed = time.monotonic()
    before = next_offsets(drill.out)
    await_(lambda: all(next_offsets(drill.out)[p] > before[p] for p in orphans), "the takeover", 60)
    took = time.monotonic() - killed
    check(all(owners(drill.out).get(p) == heir.pid for p in orphans), "somebody else took over")
    print(f"takeover of {len(orphans)} partitions after {took:.1f} s, with a session of {SESSION_S} s")
    check(took < SESSION_S + REBALANCE_S, f"the takeover took {took:.1f} s")
    return [heir]


with Drill() as drill:
    if ON_KAFKA:
        kafka = Kafka(drill, int(sys.argv[2]) if len(sys.argv) > 2 else free_port())
        brokers = kafka.start()
    else:
        brokers = drill.broker().brokers
    try:
        producer, members = storm(drill, brokers)
        if ON_KAFKA:
            members = takeover(drill, members)
        producer.terminate()  # its pace is over
        finish(producer, 10, 75)
        finish(drill.producer(brokers, drill.dir / "catalogue.csv", "--state", drill.dir / "state"), 60)
        for member in members:
            member.terminate()
            finish(member, 20, None)
        finish(drill.consumer(brokers, *FAST, "--partitions", "all", "--exit-at-end", name="last"), 60)
        check_exactly_once(drill.out, ROWS)
        verify(drill)
    finally:
        if ON_KAFKA:
            kafka.stop()
