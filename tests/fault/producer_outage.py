#!/usr/bin/python3
"""An outage of all brokers in mid-stream costs the producer time, not rows; the dead letter queue is acknowledged too."""

import json
import time

from drill import COLUMNS, TOPIC, Drill, check, command, finish, numbers, records

ROWS = 20000

with Drill() as drill:
    broker = drill.broker()
    csv = drill.catalogue(ROWS)
    with open(csv, "a") as file:
        file.write("bad row\n")
    producer = drill.producer(broker.brokers, csv, "--rate", "10000", "--on-error", "dlq")
    time.sleep(0.8)
    command(broker, "down 0")
    time.sleep(2)
    check(producer.poll() is None, "the producer gave up during the outage")
    command(broker, "up 0")
    counts = numbers(finish(producer, 30))
    check(counts["acknowledged"] == counts["sent"] == ROWS and counts["rejected"] == 1, f"counts {counts}")

    lines = [line.split("|") for line in records(broker.brokers, TOPIC, "%k|%h|%S|%p\n")]
    rows = sorted(int(h.split("pasar.row=")[1].split(",")[0]) for k, h, s, p in lines if k)
    check(rows == list(range(1, ROWS + 1)), f"{len(rows)} rows in the topic, {len(set(rows))} different")
    ends = [json.loads(h.split("pasar.end=")[1]) for k, h, s, p in lines if not k]
    check(len(ends) == 4 and all(e["rows"] == ROWS and e["partitions"] == 4 for e in ends), f"ends {ends}")
    values = [json.loads(v) for v in records(broker.brokers, TOPIC, "%s\n") if v]
    in_time = sorted(values, key=lambda v: v["timestamp"])
    check([v["product_id"] for v in in_time] == [f"P{n}" for n in range(1, ROWS + 1)], "time order is not file order")
    check(len({v["timestamp"] for v in values}) == ROWS, "timestamps repeat")
    check(set(values[0]) == set(COLUMNS) | {"timestamp"}, f"columns {sorted(values[0])}")
    letters = records(broker.brokers, TOPIC + ".dlq", "%s|%h\n")
    check(len(letters) == 2 and "bad row" in letters[0] and "pasar.error.line=" in "".join(letters), f"letters {letters}")
