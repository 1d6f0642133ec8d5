#!/usr/bin/python3
"""The cluster is replaced under a running consumer by another one at the same address, whose topic goes on beyond what was read:
the consumer refuses it with both ids, alone and as a member of a group, and publishes nothing of it."""

import re

from drill import ALONE, FAST, Drill, await_, batches, check, check_exactly_once, finish, free_port, verify

for options in (ALONE, FAST):
    with Drill() as drill:
        port = free_port()
        broker = drill.broker(port=port)
        finish(drill.producer(broker.brokers, drill.catalogue(1000)), 20)
        consumer = drill.consumer(broker.brokers, *options, "--batch-records", "100", "--batch-seconds", "0.5")
        await_(lambda: sum(name.endswith(".end.json") for name in batches(drill.out)) == 4, "the ends of the run")
        broker.terminate()
        broker.wait()
        broker = drill.broker(port=port)
        finish(drill.producer(broker.brokers, drill.catalogue(3000, "other.csv", 50000), "--run-id", "other"), 20)
        log = finish(consumer, 30, 65)
        claimed = re.search(r"\(cluster (\S+)\)", log)[1]
        found = re.search(r"the broker is now of cluster (\S+), but what was read so far is of cluster " + claimed, log)
        check(found and found[1] != claimed, f"the refusal does not name both clusters:\n{log}")
        check_exactly_once(drill.out, 1000)
        verify(drill)
