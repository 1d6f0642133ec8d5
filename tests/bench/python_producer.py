#!/usr/bin/python3
"""What one would write in Python for the producer: csv, json and Confluent's client, with the same guarantees.

    python_producer.py BROKERS TOPIC CSV

Cleaned and typed rows, one JSON object each, idempotent, acks=all, every delivery report counted; 0 only when each row
was acknowledged. Prints {"rows":…,"seconds":…}.
"""
import csv
import datetime
import json
import re
import sys
import time

from confluent_kafka import Producer

NUMBERS = {"discounted_price": (0, float("inf")), "actual_price": (0, float("inf")), "discount_percentage": (0, 100),
           "rating": (0, 5), "rating_count": (0, float("inf"))}
COLUMNS = ("product_id product_name category discounted_price actual_price discount_percentage rating rating_count "
           "about_product user_id user_name review_id review_title review_content img_link product_link").split()
CURRENCY = re.compile(r"^(?:₹|\$|€|£|rs\.?|inr)\s*|[,%\s]", re.IGNORECASE)


def number(text, low, high):
    try:
        value = float(CURRENCY.sub("", text))
    except ValueError:
        return None
    return value if low <= value <= high else None


def main(brokers, topic, path):
    acknowledged = failed = rows = 0

    def on_delivery(error, _):
        nonlocal acknowledged, failed
        if error is None:
            acknowledged += 1
        else:
            failed += 1

    began = time.monotonic()
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "acks": "all", "linger.ms": 20,
                         "batch.size": 1000000, "compression.type": "lz4", "message.timeout.ms": 0,
                         "queue.buffering.max.messages": 100000})
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader)
        places = [(name, header.index(name), NUMBERS.get(name)) for name in COLUMNS]
        run = b"python"
        for row in reader:
            record = {}
            for name, place, bounds in places:
                text = row[place]
                record[name] = number(text, *bounds) if bounds else text or None
            record["timestamp"] = datetime.datetime.utcnow().isoformat(timespec="microseconds") + "Z"
            rows += 1
            value = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            while True:
                try:
                    producer.produce(topic, value, record["product_id"], on_delivery=on_delivery,
                                     headers=[("pasar.run", run), ("pasar.row", str(rows).encode())])
                    break
                except BufferError:  # the queue is full
                    producer.poll(0.1)
            if rows % 1000 == 0:
                producer.poll(0)
    producer.flush()
    print(json.dumps({"rows": acknowledged, "seconds": time.monotonic() - began}))
    return 0 if acknowledged == rows and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
