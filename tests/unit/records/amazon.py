#!/usr/bin/env python3
"""The real catalogue: each cleaned field must be what Python's csv reads, numbers cleaned as the contract says."""
import csv
import io
import json
import math
import os
import re
import subprocess
import sys

SOURCE = os.environ.get("PASAR_AMAZON_CSV") or os.path.join(os.environ["PASAR_SOURCE"], "..", "shared", "data", "amazon.csv")
TOOL = os.path.join(os.environ["PASAR_TESTBIN"], "records-tool")
RANGES = {"discounted_price": (0, math.inf), "actual_price": (0, math.inf), "discount_percentage": (0, 100), "rating": (0, 5),
          "rating_count": (0, 2**53)}


def number(name, cell):
    cell = re.sub(r"[₹,%\s]", "", cell)
    try:
        value = float(cell)
    except ValueError:
        return None
    low, high = RANGES[name]
    return value if low <= value <= high else None


def main():
    if not os.path.exists(SOURCE):
        print("SKIP golden.amazon: no", SOURCE)
        return 77
    lines = subprocess.run([TOOL, "clean", SOURCE], stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
    records = [json.loads(line) for line in lines if line.startswith("{")]
    others = [line for line in lines if line and not line.startswith(("{", "NULLS"))]
    assert not others, others[:3]
    with open(SOURCE, encoding="utf-8-sig", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == len(records) > 1000, (len(rows), len(records))
    for i, (row, record) in enumerate(zip(rows, records)):
        for name, cell in row.items():
            expected = number(name, cell) if name in RANGES else (cell or None)
            assert record[name] == expected, (i + 1, name, record[name], expected)
    messages = "".join(line + "\n" for line in lines if line.startswith("{")).encode()
    batch = subprocess.run([TOOL, "to-csv"], input=messages, stdout=subprocess.PIPE, check=True).stdout
    # The verifier makes the messages anew from the batches: the same bytes, or digests would differ.
    assert subprocess.run([TOOL, "from-csv"], input=batch, stdout=subprocess.PIPE, check=True).stdout == messages
    again = batch.decode()
    for i, (row, record) in enumerate(zip(csv.DictReader(io.StringIO(again, newline="")), records)):
        for name, cell in row.items():
            value = record[name]
            assert (cell == "" if value is None else float(cell) == value if name in RANGES else cell == value), (i + 1, name)
    print(len(records), "rows alike")


sys.exit(main())
