#!/usr/bin/env python3
"""CSV -> broker -> batches -> models -> API, each stage against an independent reading of the source.

pipeline_test.py sample|amazon
"""
import json
import os
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

CATALOGUE = sys.argv.pop(1) if len(sys.argv) > 1 else 'sample'
CSV = {'sample': harness.SAMPLE, 'amazon': harness.AMAZON}[CATALOGUE]


class Pipeline(harness.Case):
    def check_models(self, golden):
        status, models = self.get('/api/models')
        self.assertEqual(status, 200)
        self.assertEqual([m['rows'] for m in models], [g['rows'] for g in golden['models']])
        for model, want in zip(models, golden['models']):
            for figure, digits in (('inertia', 4), ('silhouette', 4), ('davies_bouldin', 4), ('calinski_harabasz', 2)):
                self.assertAlmostEqual(model[figure], want[figure], delta=1.01 * 10 ** -digits,
                                       msg='model %d, %s' % (model['model'], figure))
            if 'sizes' in want:
                self.assertEqual(sorted(c['size'] for c in model['clusters']), want['sizes'])

    def check_categories(self, products, golden):
        status, main = self.get('/api/categories')
        self.assertEqual(status, 200)
        paths = [p['category'].split('|') for p in products]
        want = {}
        for path in paths:
            want.setdefault(path[0], set()).update(path[1:2])
        self.assertEqual(main, {k: sorted(v) for k, v in want.items()})
        self.assertEqual(list(main), sorted(main))
        found = 0
        for top in main:
            ids, offset = [], 0
            while True:
                status, page = self.get('/api/products?category=%s&limit=1000&offset=%d' % (urllib.parse.quote(top), offset))
                if status == 404 or not page:
                    break
                ids += [p['product_id'] for p in page]
                offset += 1000
            # A main category's name may begin another's path too.
            count = sum(p['category'].lower().startswith(top.lower()) for p in products)
            self.assertEqual(len(set(ids)), count, top)
            self.assertEqual(len(ids), count, top)
            found += sum(1 for p in products if p['category'].split('|')[0] == top)
        self.assertEqual(found, golden['products'])

    def check_products(self, products):
        for product in products[::97]:
            status, got = self.get('/api/products/' + urllib.parse.quote(product['product_id']))
            self.assertEqual(status, 200)
            clean = harness.clean_row(product)
            self.assertEqual(got['name'], clean['product_name'])
            self.assertEqual(got['price'], clean['discounted_price'])
            self.assertEqual(got['rating_count'], clean['rating_count'])
            self.assertEqual(got['category'], clean['category'].split('|')[-1])

    def test_pipeline__every_row_and_figure_arrives(self):
        with open(os.path.join(os.path.dirname(__file__), 'golden.json'), encoding='utf-8') as file:
            golden = json.load(file)[CATALOGUE]
        source = harness.read_csv(CSV)
        self.assertEqual(len(source), golden['rows'])
        self.start_broker()
        self.produce(CSV)
        self.consume('--batch-records', '250')
        got = self.batch_rows()
        self.assert_rows_equal(got, source)
        self.assertEqual(sorted(r['timestamp'] for r in got), [r['timestamp'] for r in got])
        verify = self.run_to_end('pasar-consumer', *self.consumer_args('--verify'))
        self.assertIn(str(len(source)), verify.output() + verify.text())
        self.stop_broker()

        self.train()
        self.start_api()
        harness.wait_until('/readyz', lambda: self.get('/readyz')[0] == 200)
        self.check_models(golden)
        products = harness.products_of(source)
        self.assertEqual(len(products), golden['products'])
        self.check_categories(products, golden)
        self.check_products(products)
        rows = harness.read_csv(os.path.join(self.models, 'current', 'products.csv'))
        self.assertEqual([r['product_id'] for r in rows], [r['product_id'] for r in source])
        for number, model in enumerate(golden['models'], 1):
            self.assertEqual(sum(r['cluster_%d' % number] != '' for r in rows), model['rows'])


if __name__ == '__main__':
    if not os.path.exists(CSV):
        harness.skip('no %s' % CSV)
    unittest.main(argv=sys.argv[:1], verbosity=2)
