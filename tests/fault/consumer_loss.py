#!/usr/bin/python3
"""When the broker drops messages before they are read, the consumer says how many and stops; --on-data-loss continue goes on."""

import time
import urllib.request

from drill import ALONE, Drill, await_, batches, check, finish, free_port, numbers, terminate

with Drill() as drill:
    broker = drill.broker("--on-drop", "ignore", partitions=1)
    finish(drill.producer(broker.brokers, drill.catalogue(1000), "-X", "compression.codec=none"), 20)
    consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "100")
    await_(lambda: any(name.endswith(".end.json") for name in batches(drill.out)), "the first run")
    terminate(consumer, 0)
    # the mock keeps 5 MiB of a partition: this run drops its own beginning
    finish(drill.producer(broker.brokers, drill.catalogue(15000, "more.csv"), "-X", "compression.codec=none", "--run-id", "b"), 20)

    log = finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end"), 20, 65)
    check("DATA LOST" in log and "--on-data-loss continue" in log, log)
    lost = numbers(log)["lost"]
    check(lost > 0 and f"dropped {lost} messages" in log, log)

    port = free_port()
    consumer = drill.consumer(broker.brokers, *ALONE, "--on-data-loss", "continue", "--metrics-port", port)
    await_(lambda: sum(name.endswith(".end.json") for name in batches(drill.out)) == 2, "the second run")
    time.sleep(0.2)
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    check(urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).status == 200, "not healthy")
    counts = numbers(terminate(consumer, 0))
    check(counts["lost"] == lost and counts["rows"] == 15000 - lost, f"counts {counts}, lost {lost}")
    for name, value in (("rows", counts["rows"]), ("lost", lost), ("batches", counts["batches"])):
        check(f"\npasar_consumer_{name}_total {value}\n" in metrics, f"{name} {value} is not in the metrics:\n{metrics}")
