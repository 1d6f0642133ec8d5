#!/usr/bin/env python3
"""The generator gives the same bytes for the same seed, and spoils exactly the rows that it lists."""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness


def generate(*args):
    return subprocess.run([os.path.join(harness.SOURCE, 'scripts', 'generate'), *args], stdout=subprocess.PIPE, check=True).stdout


class Generate(unittest.TestCase):
    def test_sample__is_what_the_generator_makes(self):
        with open(harness.SAMPLE, 'rb') as file:
            self.assertEqual(generate(), file.read())

    def test_jobs__do_not_change_a_byte(self):
        self.assertEqual(generate('--rows', '11000', '--jobs', '1'), generate('--rows', '11000', '--jobs', '3'))

    def test_catalogue__looks_like_one(self):
        rows = list(csv.DictReader(io.StringIO(generate('--rows', '4000', '--seed', '3').decode(), newline=''), strict=True))
        self.assertEqual(len(rows), 4000)
        self.assertEqual(list(rows[0]), harness.COLUMNS)
        repeats = len(rows) - len({row['product_id'] for row in rows})
        self.assertTrue(200 < repeats < 450, repeats)
        self.assertTrue(all(3 <= len(row['category'].split('|')) <= 7 for row in rows))
        self.assertTrue(any('\n' in row['review_content'] for row in rows))
        nulls = sum(harness.clean_row(row)[c] is None for row in rows for c in harness.NUMBERS)
        self.assertTrue(0 < nulls < 100, nulls)
        for row in map(harness.clean_row, rows):
            if row['discounted_price'] is not None and row['discount_percentage'] is not None:
                self.assertLessEqual(row['discounted_price'], row['actual_price'] + 0.5)
                off = 100 * (1 - row['discounted_price'] / row['actual_price'])
                self.assertAlmostEqual(off, row['discount_percentage'], delta=1)

    def test_bad_rows__are_those_listed(self):
        with tempfile.NamedTemporaryFile() as listed:
            data = generate('--rows', '500', '--bad', 'fields=0.05', '--bad', 'utf8=0.05', '--bad-list', listed.name)
            bad = dict(json.load(listed))
        rows = list(csv.reader(io.StringIO(data.decode('utf-8', 'surrogateescape'), newline='')))[1:]
        self.assertEqual({i for i, row in enumerate(rows, 1) if len(row) != 16}, {i for i, k in bad.items() if k == 'fields'})
        broken = {i for i, row in enumerate(rows, 1) if any('\udc80' <= c <= '\udcff' for c in ''.join(row))}
        self.assertEqual(broken, {i for i, k in bad.items() if k == 'utf8'})
        self.assertGreater(len(bad), 20)


if __name__ == '__main__':
    unittest.main(verbosity=2)
