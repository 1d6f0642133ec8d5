#!/usr/bin/env python3
"""Two producers at once, small batches, three models: the batch file that /api/models/{n}/lineage names for a product
holds its winning record, at the row that it says. Worked out from the batch files alone.

lineage_test.py PARTITIONS
"""
import csv
import hashlib
import http.client
import json
import os
import random
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

PARTITIONS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 4
ROWS = 900  # a file, sent in two seconds; of its products a part is in the other one too, and some come twice in one


class Lineage(harness.Case):
    partitions = PARTITIONS

    def write_catalogue(self, name, first_price):
        """Every row has a price of its own, so that it tells which record of a product it is."""
        draw = random.Random(first_price)
        path = os.path.join(self.folder, name)
        with open(path, 'w', newline='', encoding='utf-8') as file:
            out = csv.DictWriter(file, harness.COLUMNS)
            out.writeheader()
            for i in range(ROWS):
                out.writerow({**dict.fromkeys(harness.COLUMNS, ''), 'product_id': 'P%04d' % draw.randrange(ROWS),
                              'product_name': 'cable "no, %d"\nin two lines' % i, 'category': 'A|B',
                              'discounted_price': first_price + i, 'rating': draw.randrange(10, 50) / 10,
                              'rating_count': draw.randrange(1, 100000)})
        return path

    def produce_at_once(self):
        """One hands its records over late, so that they have older timestamps than those before them in the topic."""
        producers = []
        for name, first_price, linger in (('a.csv', 1000, 0), ('b.csv', 100000, 300)):
            path = self.write_catalogue(name, first_price)
            producers.append(self.start('pasar-producer', '-b', self.brokers, '-t', self.topic, '--rate', str(ROWS // 2), '--state',
                                        os.path.join(self.folder, 'state-' + name), '-X', 'linger.ms=%d' % linger, path))
        for producer in producers:
            self.assertEqual(producer.wait(60), 0, producer.text())

    def rows_in_arrival_order(self):
        """[(file, place in it from 1, row)], and how many rows arrived elsewhere than the order of the files says."""
        rows = []
        for path in self.batch_files():
            name = os.path.basename(path)
            partition, first = map(int, name.split('+')[1:3])
            for place, row in enumerate(harness.read_csv(path), 1):
                rows.append((row['timestamp'], partition, first, place, name, row))
        in_files = sorted(rows, key=lambda r: r[1:4])
        rows.sort(key=lambda r: r[:4])
        moved = sum(a is not b for a, b in zip(rows, in_files))
        return [(name, place, row) for _, _, _, place, name, row in rows], moved

    def ask(self, connection, path):
        connection.request('GET', path)
        reply = connection.getresponse()
        body = json.loads(reply.read())
        self.assertEqual(reply.status, 200, (path, body))
        return body

    def check_batch(self, batch, name, place):
        """What is told of the file and the place, against the file and its sidecar."""
        with open(os.path.join(self.batches, name), 'rb') as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(self.batches, name[:-4] + '.json'), encoding='utf-8') as file:
            sidecar = json.load(file)
        is_whole = sidecar['rejects'] == 0 and sidecar['rows'] == sidecar['last_offset'] - sidecar['first_offset'] + 1
        want = {member: sidecar[member] for member in ('topic', 'partition', 'first_offset', 'last_offset', 'rows')}
        want.update(file=name, row=place, sha256=digest, offset=sidecar['first_offset'] + place - 1 if is_whole else None)
        self.assertEqual(batch, want)
        return is_whole

    def check_model(self, connection, number, rows):
        """Every product of the model: the last of its records stands for it."""
        winners = {row['product_id']: (i, name, place, row) for i, (name, place, row) in enumerate(rows, 1)}
        offsets = 0
        for product, (i, name, place, row) in winners.items():
            line = self.ask(connection, '/api/models/%d/lineage?product_id=%s' % (number, urllib.parse.quote(product)))
            self.assertEqual((line['product_id'], line['row'], line['rows']), (product, i, len(rows)))
            self.assertIsNotNone(line['batch'], product)
            offsets += self.check_batch(line['batch'], name, place)
            served = self.ask(connection, '/api/products/%s?model=%d' % (product, number))
            self.assertEqual(served['price'], float(row['discounted_price']), product)
        self.assertGreater(offsets, 0)

    def test_each_product_is_in_the_batch_that_is_named(self):
        self.start_broker()
        self.produce_at_once()
        self.consume('--batch-records', '37')
        self.stop_broker()
        rows, moved = self.rows_in_arrival_order()
        self.assertEqual(len(rows), 2 * ROWS)
        self.assertGreater(moved, ROWS, 'the files are in arrival order: nothing could go wrong')
        self.train()
        self.start_api()
        harness.wait_until('/readyz', lambda: self.get('/readyz')[0] == 200)
        connection = http.client.HTTPConnection(self.url.split('/')[2], timeout=10)
        third = -(-len(rows) // 3)
        for number, count in ((1, third), (2, 2 * third), (3, len(rows))):
            with self.subTest(model=number):
                self.check_model(connection, number, rows[:count])
        connection.close()


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
