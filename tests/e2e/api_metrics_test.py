#!/usr/bin/python3
"""/metrics as Prometheus' own client library reads it."""
import os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print('SKIP e2e.api.metrics: python3-prometheus-client is not installed')
    sys.exit(77)

with Api() as api:
    for _ in range(3):
        api.json('/api/products_by_price', target_price=300)
    api.json('/api/products', 400, limit='x')
    api.json('/nowhere', 404)
    families = {}
    for family in text_string_to_metric_families(api.get('/metrics').body.decode()):
        check(family.name not in families, f'{family.name} is there twice')
        check(family.documentation and family.type in ('counter', 'gauge', 'histogram'), f'{family.name}: {family.type}')
        families[family.name] = family

    def value(name, sample, **labels):
        found = [s.value for s in families[name].samples if s.name == sample and labels.items() <= s.labels.items()]
        check(len(found) == 1, f'{sample} {labels}: {found}')
        return found[0]

    count = 'pasar_api_requests'
    check(value(count, count + '_total', endpoint='/api/products_by_price', code='200') == 3, 'requests')
    check(value(count, count + '_total', endpoint='/api/products', code='400') == 1, 'bad requests')
    check(value(count, count + '_total', endpoint='other', code='404') == 1, 'no route')
    check(value('pasar_api_generation', 'pasar_api_generation') == 1, 'generation')
    seconds = 'pasar_api_request_seconds'
    for endpoint in {s.labels['endpoint'] for s in families[seconds].samples}:
        buckets = [(float(s.labels['le']), s.value) for s in families[seconds].samples
                   if s.name == seconds + '_bucket' and s.labels['endpoint'] == endpoint]
        check(buckets == sorted(buckets) and [v for _, v in buckets] == sorted(v for _, v in buckets), f'{endpoint}: {buckets}')
        check(buckets[-1] == (float('inf'), value(seconds, seconds + '_count', endpoint=endpoint)), f'{endpoint}: last bucket')
