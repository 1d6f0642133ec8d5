#!/usr/bin/env python3
"""What the API tells of models beyond their clusters, against products.csv, model_N.json and manifest.json: principal
components, agreement, sources, the spread of prices.
"""
import csv
import json
import math
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness


class Insight(harness.Case):
    partitions = 3

    def setUp(self):
        super().setUp()
        self.start_broker()
        self.produce(harness.SAMPLE)
        self.consume()
        self.stop_broker()
        self.train()
        self.start_api()
        harness.wait_until('a generation', lambda: self.get('/readyz')[0] == 200)

    def read(self, name):
        with open(os.path.join(self.models, 'current', name), encoding='utf-8') as file:
            return json.load(file)

    def rows(self, model):
        with open(os.path.join(self.models, 'current', 'products.csv'), newline='', encoding='utf-8') as file:
            return harness.products_of([r for r in csv.DictReader(file) if r['cluster_%d' % model] != ''])

    def place(self, model, row):
        """The row's coordinates along the model's components, from its file alone."""
        z = []
        for f in model['features']:
            x = float(row[f['name']]) if row[f['name']] else None
            x = f['impute'] if x is None else math.log1p(x) if f['transform'] == 'log1p' else x
            z.append((x - f['mean']) / f['std'])
        return [sum(w * v for w, v in zip(c, z)) for c in model['principal_components']['components']]

    def check_plot(self, number):
        status, plot = self.get('/api/plot?model=%d&limit=20000' % number)
        self.assertEqual(status, 200)
        model, rows = self.read('model_%d.json' % number), self.rows(number)
        pc, names = model['principal_components'], [f['name'] for f in model['features']]
        self.assertEqual(plot['principal_components'],
                         {'components': [dict(zip(names, c)) for c in pc['components']],
                          'explained_variance_ratio': pc['explained_variance_ratio']})
        self.assertEqual([p['product_id'] for p in plot['points']], [r['product_id'] for r in rows])
        if number == 3:
            self.assertTrue(any(p['price'] is None or p['rating_count'] is None for p in plot['points']), 'missing values')
        for point, row in zip(plot['points'], rows):
            for got, want in zip(point['pc'], self.place(model, row), strict=True):
                self.assertAlmostEqual(got, want, delta=0.000501)
        for got, want in zip(plot['centroids'], pc['centroids'], strict=True):
            for a, b in zip(got['pc'], want, strict=True):
                self.assertAlmostEqual(a, b, delta=0.000501)

    def check_agreement(self):
        status, models = self.get('/api/models')
        self.assertEqual(status, 200)
        got = {(a['model'], m['model']): a for m in models for a in m['agreement']}
        want = {tuple(a['models']): a for a in self.read('manifest.json')['agreement']}
        self.assertEqual(set(got), {(1, 2), (2, 3), (1, 3)})
        for pair, a in got.items():
            for member in ('rows', 'changed_rows', 'adjusted_rand'):
                self.assertEqual(a[member], want[pair][member])
            for x, y in zip(a['centroid_moves'], want[pair]['centroid_moves'], strict=True):
                self.assertAlmostEqual(x, y, delta=0.000001)
        # Counted from the rows themselves, as a second opinion.
        with open(os.path.join(self.models, 'current', 'products.csv'), newline='', encoding='utf-8') as file:
            changed = sum(r['cluster_1'] not in ('', r['cluster_2']) for r in csv.DictReader(file))
        self.assertEqual(got[1, 2]['changed_rows'], changed)

    def check_sources(self):
        ready, rows = self.get('/readyz')[1], len(harness.read_csv(harness.SAMPLE))
        sources = ready['sources']
        self.assertEqual([(s['topic'], s['partition']) for s in sources], [(self.topic, p) for p in range(self.partitions)])
        self.assertEqual(sum(s['rows'] for s in sources), rows)
        self.assertEqual(sum(s['files'] for s in sources), ready['batches'])
        self.assertTrue(all(s['first_offset'] == 0 and s['last_offset'] >= s['rows'] - 1 for s in sources), sources)
        product = self.rows(3)[7]['product_id']
        status, lineage = self.get('/api/models/3/lineage?product_id=' + product)
        self.assertEqual((status, lineage['sources']), (200, sources))

    def check_prices(self, number, bins):
        status, got = self.get('/api/prices?model=%d%s' % (number, '&bins=%d' % bins if bins else ''))
        self.assertEqual(status, 200)
        prices = sorted(float(r['discounted_price']) for r in self.rows(number) if r['discounted_price'] not in ('', '0'))
        self.assertEqual((got['model'], got['total'], got['low'], got['high']), (number, len(prices), prices[0], prices[-1]))
        bins, low, high = bins or 60, math.log(prices[0]), math.log(prices[-1])
        want = [0] * bins
        for p in prices:
            want[min(bins - 1, int((math.log(p) - low) / (high - low) * bins + 1e-9))] += 1
        self.assertEqual(got['counts'], want)

    def test_what_the_trainer_found_is_served(self):
        for number in (1, 2, 3):
            with self.subTest(model=number):
                self.check_plot(number)
        self.check_agreement()
        self.check_sources()
        for number, bins in ((3, None), (1, 7), (2, 200), (3, 1)):
            with self.subTest(model=number, bins=bins):
                self.check_prices(number, bins)
        self.assertLess(len(json.dumps(self.get('/api/prices')[1])), 1024)
        for bad in ('0', '201', 'x', '-1', ''):
            self.assertEqual(self.get('/api/prices?bins=' + bad)[0], 400, bad)


if __name__ == '__main__':
    unittest.main()
