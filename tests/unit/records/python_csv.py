#!/usr/bin/env python3
"""Python's csv module as the judge: random CSV is read alike, and what is written is re-read to the same fields."""
import csv
import io
import json
import os
import random
import subprocess
import sys

TOOL = os.path.join(os.environ["PASAR_TESTBIN"], "records-tool")
COLUMNS = ("product_id product_name category discounted_price actual_price discount_percentage rating rating_count "
           "about_product user_id user_name review_id review_title review_content img_link product_link").split()
NUMBERS = COLUMNS[3:8]
PIECES = ['"', '""', ",", "\n", "\r", "\r\n", " ", "\t", "\\", "é", "₹", "🛒", "\ufeff", "a", "bc", "0", "=1", "'", "\x01", "\u2028"]


def run(*args, data=b""):
    return subprocess.run([TOOL, *args], input=data, stdout=subprocess.PIPE, check=True).stdout


def text(rng, longest=12):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(longest)))


def unquote(dump):
    """The fields of one ROW line of records-tool csv."""
    fields, i = [], dump.index(' "') + 1
    while i < len(dump):
        i += 1
        field = bytearray()
        while dump[i] != '"':
            if dump[i] != "\\":
                field += dump[i].encode()
                i += 1
            elif dump[i + 1] == "x":
                field.append(int(dump[i + 2:i + 4], 16))
                i += 4
            else:
                field += {"n": b"\n", "r": b"\r", "t": b"\t"}.get(dump[i + 1], dump[i + 1].encode())
                i += 2
        fields.append(field.decode())
        i += 2
    return fields


def reads_alike(rng):
    """Well-formed CSV of many writers."""
    for _ in range(40):
        out = io.StringIO()
        writer = csv.writer(out, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
                            lineterminator=rng.choice(["\n", "\r\n"]))
        width = rng.randrange(2, 8)
        for _ in range(rng.randrange(1, 40)):
            writer.writerow([text(rng) for _ in range(width)])
        data = out.getvalue().lstrip("\ufeff")
        expected = [row for row in csv.reader(io.StringIO(data, newline="")) if row]
        dump = run("csv", "1048576", str(rng.choice([1, 7, 100000])), data=data.encode())
        got = [unquote(line) for line in dump.decode().split("\n")[:-1]]
        assert got == expected, (data, got, expected)


def writes_readably(rng):
    """JSON records → batch file → Python's csv: every field as it was."""
    records = []
    for i in range(500):
        record = {c: text(rng, 30) or None for c in COLUMNS}
        record["product_id"] = "B" + text(rng)
        record.update(discounted_price=rng.choice([None, 0, 399, 176.63, 1e-7, 1e300]), actual_price=round(rng.uniform(0, 1e6), 2),
                      discount_percentage=rng.randrange(101), rating=rng.choice([None, 4.2, 0.1 + 0.2]),
                      rating_count=rng.choice([None, 24269, 2**53]))
        record["timestamp"] = "2026-01-31T23:59:59.%06dZ" % i
        records.append(record)
    dumped = run("to-csv", data="".join(json.dumps(r, ensure_ascii=rng.random() < 0.5) + "\n" for r in records).encode())
    rows = list(csv.reader(io.StringIO(dumped.decode(), newline="")))
    assert rows[0] == COLUMNS + ["timestamp"], rows[0]
    assert len(rows) == len(records) + 1
    for row, record in zip(rows[1:], records):
        for name, cell in zip(rows[0], row):
            value = record[name]
            if value is None:
                assert cell == "", (name, cell)
            elif name in NUMBERS:
                assert float(cell) == value, (name, cell, value)
            else:
                assert cell == value, (name, cell, value)


def main():
    seed = int(os.environ.get("PASAR_SEED", "20260124"))
    print("seed", seed)
    rng = random.Random(seed)
    reads_alike(rng)
    writes_readably(rng)


sys.exit(main())
