#!/usr/bin/python3
"""Every endpoint's rule, recomputed from products.csv; every error; HTTP's manners."""
import csv, gzip, json, random, socket, subprocess, os, sys, time, urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, BIN, check, check_problem, number

FIELDS = ['product_id', 'name', 'price', 'actual_price', 'discount', 'rating', 'rating_count', 'description', 'image', 'link',
          'category', 'category_path', 'cluster']


def product(row, model):
    path = row['category'] or None
    return {'product_id': row['product_id'], 'name': row['product_name'] or None, 'price': number(row['discounted_price']),
            'actual_price': number(row['actual_price']), 'discount': number(row['discount_percentage']),
            'rating': number(row['rating']), 'rating_count': number(row['rating_count']),
            'description': row['about_product'] or None, 'image': row['img_link'] or None, 'link': row['product_link'] or None,
            'category': path and path.split('|')[-1], 'category_path': path, 'cluster': int(row[f'cluster_{model}'])}


def best_first(rows):
    return sorted(rows, key=lambda r: -number(r['rating']) if r['rating'] else 1)


def categories(api):
    for model in (1, 2, 3):
        tree, counts = {}, {}
        for r in api.rows(model):
            main, *rest = r['category'].split('|')
            tree.setdefault(main, set()).update(rest[:1])
            counts[main] = counts.get(main, 0) + 1
        got, r = api.json('/api/categories', model=model)
        check(got == {k: sorted(v) for k, v in tree.items()} and list(got) == sorted(got), f'categories of model {model}')
        got, r = api.json('/api/categories', model=model, counts=1)
        check({k: v['count'] for k, v in got.items()} == counts, 'counts')
        check(all(sum(s['count'] for s in v['subcategories']) == v['count'] for v in got.values()), 'second level counts')
    for params in ({}, {'counts': 1}):
        whole = [api.json('/api/categories', model=m, **params)[0] for m in (1, 2, 3)]
        check(api.json('/api/categories', model='all', **params)[0] ==
              {'models': [{'model': m + 1, 'categories': whole[m]} for m in range(3)]}, 'categories of all models')
        names, seen = list(whole[2]), {}
        for offset in range(0, len(names) + 2, 2):
            got, r = api.json('/api/categories', limit=2, offset=offset, **params)
            check(list(got) == names[offset:offset + 2] and r.getheader('X-Total-Count') == str(len(names)), f'page at {offset}')
            check(('rel="next"' in r.getheader('Link')) == (offset + 2 < len(names)), 'Link of a page of categories')
            seen.update(got)
        check(seen == whole[2], 'pages of categories join to the whole')
        r = api.json('/api/categories', offset=1, **params)[1]
        for link in r.getheader('Link').split(', '):
            api.json(link.split('>')[0].lstrip('<'))
    api.json('/api/categories', 400, model='all', limit=1)
    api.json('/api/categories', 400, limit=0)


def products(api):
    for model in (1, 2, 3):
        rows = api.rows(model)
        for category in ('electronics', 'Electronics|HomeTheater,TV&Video', 'cables', 'USBCABLES', 'office', ''):
            want = [r for r in rows if r['category'].lower().startswith(category.lower())] or \
                   [r for r in rows if category.lower() in r['category'].lower()]
            got, r = api.json('/api/products', category=category, model=model, limit=1000)
            check(got == [product(x, model) for x in best_first(want)], f'products of {category} in model {model}')
            check(r.getheader('X-Total-Count') == str(len(want)), 'total')
            check(api.json('/api/products', category=category, model=model)[0] == got[:5], 'five unless limit says otherwise')
            check(api.json('/api/products', category=category, model=model, limit=7, offset=11)[0] == got[11:18], 'offset')
        want = [product(x, model) for x in best_first(rows)]
        got = api.json('/api/products', model=model, limit=1000, min_price=100, max_price=900, min_rating=3, cluster=1)[0]
        check(got == [p for p in want if p['price'] is not None and 100 <= p['price'] <= 900 and (p['rating'] or 0) >= 3 and
                      p['cluster'] == 1], 'filters')
        check(all(list(p) == FIELDS for p in got), 'members of a product')
    got = api.json('/api/products', sort='-price,product_id', limit=1000)[0]
    prices = [p['price'] for p in got if p['price'] is not None]
    check(prices == sorted(prices, reverse=True) and [p['price'] for p in got[len(prices):]] == [None] * (len(got) - len(prices)),
          'sort by price, unknown ones last')
    check(len(api.json('/api/products', sort='score')[0]) == 5, 'sort by score')
    r = api.json('/api/products', category='electronics', limit=10)[1]
    links = {p.split('; rel=')[1].strip('"'): p.split('>')[0].lstrip('<') for p in r.getheader('Link').split(', ')}
    seen, target = [], links['first']
    while target:  # the pages of Link join to the whole list
        r = api.get(target)
        seen += [p['product_id'] for p in json.loads(r.body)]
        links = {p.split('; rel=')[1].strip('"'): p.split('>')[0].lstrip('<') for p in r.getheader('Link').split(', ')}
        target = links.get('next')
    check(len(seen) == len(set(seen)) == int(r.getheader('X-Total-Count')), 'pages through Link')
    check(api.json('/api/products', offset=4000000000)[0] == [], 'past the end is an empty page')
    got, r = api.json('/api/products', category='USB Cabels')
    check(got and 'USBCables' in r.getheader('X-Pasar-Relaxed'), 'nearest spelling')
    check({p['relaxed'] for p in got} == {r.getheader('X-Pasar-Relaxed')}, 'every item says what was relaxed')
    got = api.json('/api/products', category='USB Cabels', model='all')[0]
    check(got['relaxed'] == r.getheader('X-Pasar-Relaxed') and all(p['relaxed'] == got['relaxed'] for m in got['models'] for p in m['items']),
          'model=all says what was relaxed')
    problem = api.json('/api/products', 404, category='USB Cabels', strict=1)[0]
    check('USBCables' in problem['suggestions'], 'suggestions')
    check('suggestions' not in api.json('/api/products', 404, category='zzzzzzzzzzzzz')[0], 'nothing is like nonsense')
    path = api.rows()[0]['category']
    rows = sum(r['category'] == path for r in api.rows())
    for category in (path, path.upper()):  # the whole path, which is no level's name
        problem = api.json('/api/products', 404, category=category, min_price=99999999)[0]
        check(f"'{category}' has {rows} product" in problem['detail'] and 'filters' in problem['detail'] and 'suggestions' not in problem, str(problem))
    problem = api.json('/api/products', 404, category='USB Cabels', min_price=99999999)[0]
    check('showing products of "USBCables", but none of its' in problem['detail'] and 'filters' in problem['detail'], str(problem))
    check(api.json('/api/products', 404, min_price=99999999)[0]['detail'] == 'no product matches the filters', 'filters alone')
    check('its clusters are 0 to 2' in api.json('/api/products', 404, cluster=9)[0]['detail'], 'no such cluster')
    got, r = api.json('/api/products', category='USB Cables', strict=1)
    check(got and r.getheader('X-Pasar-Relaxed') is None, 'blanks and signs make no other name')
    whole = api.json('/api/products', model='all', limit=2)
    check([m['total'] for m in whole[0]['models']] == [len(api.rows(m)) for m in (1, 2, 3)], 'totals of three models')
    check(whole[1].getheader('X-Total-Count') == str(len(api.rows())) and 'offset=2>; rel="next"' in whole[1].getheader('Link'), 'pages of three')


def one_product(api):
    row = random.choice(api.rows())
    check(api.json('/api/products/' + row['product_id'])[0] == product(row, 3), 'one product')
    early = api.rows(1)[0]
    check(api.json('/api/products/' + early['product_id'], model=1)[0] == product(early, 1), 'one product of model 1')
    api.json('/api/products/nothing', 404)
    known = row['product_id']
    near = api.json('/api/products/' + known[:-1] + chr(ord(known[-1]) ^ 1) + 'x', 404)[0]
    check(near['suggestions'] and all(s[:4] == known[:4] for s in near['suggestions']), str(near))
    api.json('/api/products/', 404)


def price(api):
    for model in (1, 3):
        rows = api.rows(model)
        for target, tolerance in ((100, 10), (500, 10), (1000, 5), (37.5, 50), (20, 0), (3000, 100)):
            want = [r for r in rows if r['discounted_price'] and
                    target - target * tolerance / 100 <= float(r['discounted_price']) <= target + target * tolerance / 100]
            params = {} if tolerance == 10 else {'tolerance': tolerance}
            got, r = api.json('/api/products_by_price', 200 if want else 404, target_price=target, model=model, limit=1000, strict=1, **params)
            if want:
                check(got == [product(x, model) for x in best_first(want)], f'price {target} within {tolerance}')
                check(r.getheader('X-Total-Count') == str(len(want)), 'total')
    top = max(float(r['discounted_price']) for r in api.rows() if r['discounted_price'])
    got, r = api.json('/api/products_by_price', target_price=top * 1.4)
    check(got and 'percent' in r.getheader('X-Pasar-Relaxed'), 'tolerance widens')
    check(api.json('/api/products_by_price', 404, target_price=top * 1.4, strict=1)[0]['suggestions'], 'strict')
    _, r = api.json('/api/products_by_price', target_price=top * 1.4, tolerance=10)
    check('percent' in r.getheader('X-Pasar-Relaxed'), 'a chosen tolerance widens too')
    api.json('/api/products_by_price', 404, target_price=top * 1.4, tolerance=10, strict=1)
    with open(os.path.join(api.models, 'current', 'products.csv'), newline='', encoding='utf-8') as f:
        order = list(csv.DictReader(f))
    for model in (1, 2, 3):
        asked = api.rows(model)[-1]
        value, _ = api.json(f'/api/models/{model}/lineage', product_id=asked['product_id'])
        row = order[value['row'] - 1]
        check(row == asked and value['cluster'] == int(row[f'cluster_{model}']), f'lineage of {asked["product_id"]}: {value}')
        check(value['distance'] >= 0 and value['sources'] is not None and value['model'] == model, str(value))
        check(value['batch'] is None, 'a generation without source_row tells no batch')
    api.json('/api/models/4/lineage', 404, product_id=asked['product_id'])
    api.json('/api/models/3/lineage', 404, product_id='nosuchproduct')
    api.json('/api/models/3/lineage', 400)
    for params in ({'name': 'qqxxqqjj', 'strict': 1}, {'name': 'qqxxqqjj zzvvzz'}, {'product_id': 'nosuchproduct'}):
        check('suggestions' not in api.json('/api/similar_products', 404, **params)[0], f'nothing is like {params}')
    for params in ({'name': 'wirxyz', 'strict': 1}, {'product_id': asked['product_id'] + 'x'}):
        value, _ = api.json('/api/similar_products', 404, **params)
        check(value['suggestions'] and all(isinstance(s, str) for s in value['suggestions']), f'suggestions for {params}')
    api.json('/api/products_by_price', 404, target_price=top * 100)
    api.json('/api/products_by_price', 400)


def similar(api):
    rows = api.rows()
    for name in ('USB cable', 'smart WATCH', 'Évora', '<b>', '") <b', '(1 "pack"', 'hdmi', 'er', rows[5]['product_name']):
        got, r = api.json('/api/similar_products', name=name, limit=1000)
        contains = [name.lower() in (p['name'] or '').lower() for p in got]
        want = sum(name.lower() in x['product_name'].lower() for x in rows)
        check(contains == sorted(contains, reverse=True) and sum(contains) == want, f'{name}: {sum(contains)} of {want}')
        check(all(a['score'] >= b['score'] for a, b in zip(got, got[1:])), 'falling score')
        check(all(p['why'] and all(isinstance(w, str) for w in p['why']) for p in got), 'why')
        check(len({p['product_id'] for p in got}) == len(got) == int(r.getheader('X-Total-Count')), 'one hit an id')
    got, r = api.json('/api/similar_products', name='smrat watch')
    check(got[0]['category'] == 'SmartWatches' and 'smart' in r.getheader('X-Pasar-Relaxed'), 'spelling')
    got = api.json('/api/similar_products', product_id=rows[7]['product_id'], limit=10)[0]
    check(rows[7]['product_id'] not in [p['product_id'] for p in got], 'itself left out')
    check(got[0]['category_path'] == rows[7]['category'], 'same category first')
    own, like = product(rows[7], 3), got
    for p in like:
        if own['price'] is not None and p['price'] is not None:
            want = 'same price' if p['price'] == own['price'] else \
                   f"₹{rupees(abs(p['price'] - own['price']))} {'cheaper' if p['price'] < own['price'] else 'dearer'}"
            check(want in p['why'], f'{want}: {p["why"]}')
        check(any('levels)' in w for w in p['why']), f'no depth of the category: {p["why"]}')
    typed, r = api.json('/api/similar_products', name=rows[7]['product_id'], limit=11)
    check(typed[0]['product_id'] == rows[7]['product_id'] and typed[1:] == like, 'an id typed as words: itself, then its like')
    check([p for o in range(0, 9, 3) for p in api.json('/api/similar_products', name=rows[7]['product_id'], limit=3, offset=o)[0]] == typed[:9],
          'pages of it')
    check(api.json('/api/similar_products', name=rows[7]['product_id'], strict=1)[0] == typed[:1], 'strictly: nothing but itself')
    answer = api.json('/api/similar_products', product_id=api.rows(1)[0]['product_id'], model='all', limit=20)[0]
    for m in answer['models']:
        check(m['items'] == api.json('/api/similar_products', product_id=api.rows(1)[0]['product_id'], model=m['model'], limit=20)[0],
              'reasons of each model')
    answer = api.json('/api/products', model='all', limit=1000)[0]
    lists = [{p['product_id'] for p in m['items']} for m in answer['models']]
    check(answer['overlap'] == {f'{a + 1}-{b + 1}': len(lists[a] & lists[b]) for a, b in ((0, 1), (0, 2), (1, 2))}, 'overlap of whole catalogues')
    answer = api.json('/api/similar_products', name='usb cable', model='all', limit=4)[0]
    lists = [[p['product_id'] for p in m['items']] for m in answer['models']]
    check([m['model'] for m in answer['models']] == [1, 2, 3] and all(len(x) == 4 for x in lists), 'all models')
    check(answer['overlap'] == {f'{a + 1}-{b + 1}': len(set(lists[a]) & set(lists[b])) for a, b in ((0, 1), (0, 2), (1, 2))}, 'overlap')
    for path, params in (('/api/products', {'category': 'electronics'}), ('/api/products_by_price', {'target_price': 300})):
        answer = api.json(path, model='all', **params)[0]
        for m in answer['models']:
            check(m['items'] == api.json(path, model=m['model'], **params)[0], f'{path} for all')
    api.json('/api/similar_products', 404, name='zqzqzqzq')
    api.json('/api/similar_products', 404, product_id='nothing')
    api.json('/api/similar_products', 404, name='smrat watch', strict=1)
    api.json('/api/similar_products', 400)
    api.json('/api/similar_products', 400, name='x', product_id='y')


def rupees(x):
    text, groups = str(int(x)), []
    text, last = text[:-3], text[-3:]
    while text:
        groups.insert(0, text[-2:])
        text = text[:-2]
    return ','.join(groups + [last])


def models(api):
    got = api.json('/api/models')[0]
    check([m['model'] for m in got] == [1, 2, 3], 'three models')
    for m in got:
        check(list(m) == ['model', 'generation', 'rows', 'k', 'features', 'inertia', 'silhouette', 'davies_bouldin',
                          'calinski_harabasz', 'trained_at', 'clusters', 'agreement'], 'members of a model')
        check(api.json(f'/api/models/{m["model"]}')[0] == m, 'one model')
        clusters = api.json('/api/clusters', model=m['model'])[0]
        every = api.json('/api/clusters', model='all')[0]['models']
        check(every[m['model'] - 1] == {'model': m['model'], 'clusters': clusters} and len(every) == 3, 'clusters of all models')
        check(clusters == m['clusters'] and sum(c['size'] for c in clusters) == m['rows'], 'clusters')
        check(all(list(c) == ['id', 'size', 'label', 'centroid', 'median', 'top_categories'] for c in clusters), 'members of a cluster')
    api.json('/api/models/4', 404)
    api.json('/api/models/01', 404)
    plot = api.json('/api/plot', model=2, limit=50)[0]
    check(plot['total'] == len(api.rows(2)) and plot['sampled'] == len(plot['points']) == 50 and len(plot['centroids']) == 3, 'plot')
    check(set(plot['points'][0]) == {'product_id', 'name', 'price', 'rating_count', 'rating', 'cluster', 'pc'}, 'points')


def posts(api):
    item = {'discounted_price': 399, 'rating_count': 24269, 'rating': 4.2}
    r = api.post('/api/predict', [item, {**item, 'rating': None}, {**item, 'discounted_price': 90000}])
    got = json.loads(r.body)
    check(r.status == 200 and len(got) == 3 and all(set(x) == {'cluster', 'distance', 'label'} for x in got), 'predict')
    row = next(x for x in api.rows() if all(x[c] for c in item))
    got = json.loads(api.post('/api/predict', [{c: float(row[c]) for c in item}]).body)
    check(got[0]['cluster'] == int(row['cluster_3']), 'the model says of a row what the trainer said')
    for path, features in (('price_rating', {'discounted_price': 500, 'rating': 4}), ('rating_count', {'rating': 4, 'rating_count': 10}),
                           ('discount', {'discount_percentage': 64})):
        r = api.post('/api/cluster_products_by_' + path, [features] * 3)
        got = json.loads(r.body)
        check(r.status == 200 and len(got) == 3 and got[0] == got[1] and got[0]['label'], path)
    check(api.post('/api/predict', []).body == b'[]', 'nothing in, nothing out')
    deep = b'[' * 5000 + b']' * 5000
    bad = [b'', b'{', b'{}', b'null', b'"x"', b'[1]', b'[[]]', b'[{}]', json.dumps([{**item, 'x': 1}]).encode(), b'[{"a":1,"a":2}]', deep,
           b'[{"discounted_price":1e999,"rating":1,"rating_count":1}]', b'[{"discounted_price":"1","rating":1,"rating_count":1}]',
           b'[{"discounted_price":-1,"rating":1,"rating_count":1}]',
           b'[{"discounted_price":1e16,"rating":1,"rating_count":1}]', b'[{"discounted_price":1,"rating":6,"rating_count":1}]',
           b'[{"discounted_price":NaN,"rating":6,"rating_count":1}]', b'\xff\xfe', b'[{"discounted_price":1,"rating":true,"rating_count":1}]',
           b'[{"discounted_price":-0,"rating":1,"rating_count":1}]', b'[{"discounted_price":-0.0e5,"rating":1,"rating_count":1}]',
           b'[{"discounted_price":1e-999,"rating":1,"rating_count":1}]', b'[{"discounted_price":0.' + b'0' * 400 + b'1,"rating":1,"rating_count":1}]',
           b'[] []', b'\xef\xbb\xbf[]', b'[{"\\u0000":1}]', b'[' + b'9' * 5000 + b']', b'[{"discounted_price":{},"rating":1,"rating_count":1}]']
    for path in ('/api/predict', '/api/cluster_products_by_price_rating'):
        for body in bad:
            r = api.post(path, body)
            check(r.status == 400, f'{path} {body[:60]}: {r.status}')
            check_problem(r, json.loads(r.body))
    check(api.post('/api/predict', b' ' * (1 << 20) + b'[]').status == 413, 'too large a body')
    check(api.post('/api/predict', [{}] * 10001).status == 413, 'too many items')
    check(api.post('/api/predict', [{**item, 'rating': 0}, {**item, 'rating': 0.0}]).status == 200, 'a plain zero')
    check(api.post('/api/predict', b'[{"discounted_price":1e-300,"rating":0e-999,"rating_count":10E+2}]').status == 200, 'exponents')
    for kind in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx', ''):
        check(api.post('/api/predict', [item], Content_Type=kind).status == 415, f'{kind} is not JSON')
    for kind in ('application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.x+json'):
        check(api.post('/api/predict', [item], Content_Type=kind).status == 200, f'{kind} is JSON')
    r = api.request('POST', '/api/predict', json.dumps([item]).encode())
    check(r.status == 415 and b'Content-Type is missing' in r.body and b'application/json' in r.body, 'no Content-Type')
    check(api.post('/api/predict', [item], Content_Encoding='gzip').status == 415, 'compressed')
    check(api.post('/api/predict?model=9', [item]).status == 400, 'model 9')


def manners(api):
    r = api.get('/api/products?category=electronics')
    etag = r.getheader('ETag')
    same = api.get('/api/products?category=electronics', If_None_Match=etag)
    check(same.status == 304 and same.body == b'' and same.getheader('ETag') == etag, '304')
    check(same.getheader('Content-Length') in (None, r.getheader('Content-Length')), '304 has the length of the 200, or none')
    check(r.getheader('Content-Length') == str(len(r.body)), 'and the 200 has its own')
    same = api.get('/api/products?category=electronics', If_None_Match='*')
    check(same.status == 304 and same.getheader('ETag') == etag, '* matches what this client would get')
    same = api.get('/', If_None_Match='*', Accept_Encoding='gzip')
    check(same.status == 304 and same.getheader('ETag').endswith('-gz"'), '* matches the gzip form')
    check(same.getheader('Content-Length') in (None, api.get('/', Accept_Encoding='gzip').getheader('Content-Length')), '304 of the gzip form')
    check(api.get('/', If_None_Match=same.getheader('ETag')).status == 200, 'who takes no gzip does not have the gzip form')
    check(api.get('/api/products?category=electronics', If_None_Match='"other"').status == 200, 'another ETag')
    packed = api.get('/api/products?category=electronics&limit=50', Accept_Encoding='gzip')
    plain = api.get('/api/products?category=electronics&limit=50')
    check(packed.getheader('Content-Encoding') == 'gzip' and gzip.decompress(packed.body) == plain.body, 'gzip')
    check(packed.getheader('ETag') != plain.getheader('ETag') and 'Accept-Encoding' in packed.getheader('Vary'), 'ETag of each form')
    check(plain.getheader('Content-Encoding') is None, 'no gzip unasked')
    check(api.get('/', Accept_Encoding='gzip;q=0').getheader('Content-Encoding') is None, 'gzip refused')
    head = api.request('HEAD', '/api/products?category=electronics')
    check(head.status == 200 and head.body == b'' and head.getheader('Content-Length') == r.getheader('Content-Length'), 'HEAD')
    several = api.several('/api/products?category=electronics', [('If-None-Match', etag), ('If-None-Match', '"zzz"')])
    check(several.status == 304, 'a list in two headers is one list')
    several = api.several('/', [('Accept-Encoding', 'gzip;q=0'), ('Accept-Encoding', '*')])
    check(several.status == 200 and several.getheader('Content-Encoding') is None, 'gzip refused in another header')
    r = api.request('OPTIONS', '/api/predict', headers={'Origin': 'http://x', 'Access-Control-Request-Method': 'POST'})
    check(r.status == 204 and 'POST' in r.getheader('Access-Control-Allow-Methods') and r.getheader('Access-Control-Allow-Origin') == '*',
          'preflight')
    check('Content-Type' in r.getheader('Access-Control-Allow-Headers'), 'preflight headers')
    for method in ('POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'FOO'):
        r = api.request(method, '/api/products')
        check(r.status == 405 and r.getheader('Allow') == 'GET, HEAD, OPTIONS', f'{method}: {r.status}')
        check_problem(r, json.loads(r.body))
    check(api.get('/api/predict').getheader('Allow') == 'POST, OPTIONS', 'Allow of a POST')
    for target in ('/api/products?limit=0', '/api/products?limit=1001', '/api/products?nonsense=1', '/api/products?offset=-1',
                   '/api/products?model=4', '/api/products?sort=x', '/api/products?min_price=5&max_price=4', '/api/plot?model=all',
                   '/api/products_by_price?target_price=x', '/api/products?category=%zz', '/api/products?category=%00', '/api/products?limit=5&limit=6',
                   '/api/products/%ff', '/healthz?x=1'):
        r = api.get(target)
        check(r.status == 400, f'{target}: {r.status}')
        check_problem(r, json.loads(r.body))
    check(b"'nonsense'" in api.get('/api/products?nonsense=1').body, 'an unknown parameter is named')
    r = api.get('/api/similar_products?name=' + 'x' * 9000)
    check(r.status == 414, f'long address: {r.status}')
    check_problem(r, json.loads(r.body))
    check(api.get('/nowhere').status == 404, '404')
    for target in ('/api/products', '/readyz', '/nowhere', '/api/products?limit=x'):
        check(api.get(target).getheader('X-Pasar-Generation') == '1', 'generation on ' + target)


def ready_made(api):
    """A reply that was made at load has the headers of one that is made for its request, and those that this one needs."""
    def headers(r, *without):
        return {k: v for k, v in r.getheaders() if k not in ('Date', *without)}

    for target in ('/api/categories', '/api/categories?counts=1&model=1', '/api/categories?model=all', '/api/models', '/api/models/2',
                   '/api/clusters', '/', '/page/app.js'):
        for encoding in ({}, {'Accept-Encoding': 'gzip'}):
            plain = api.request('GET', target, headers=encoding)
            own = api.request('GET', target, headers={'X-Request-Id': 'mine', **encoding})
            check(plain.status == 200 and own.getheader('X-Request-Id') == 'mine', target)
            check(headers(plain) == headers(own, 'X-Request-Id') and plain.body == own.body, f'{target}: {headers(plain)} {headers(own)}')
            head = api.request('HEAD', target, headers=encoding)
            check(headers(head) == headers(plain) and head.body == b'', 'HEAD ' + target)
            cross = api.request('GET', target, headers={'Origin': 'http://x', **encoding})
            exposed = cross.getheader('Access-Control-Expose-Headers')
            check((exposed is None) == (not target.startswith('/api')), f'{target}: exposed {exposed}')
            check(headers(cross, 'Access-Control-Expose-Headers') == headers(plain), 'Origin ' + target)
            same = api.request('GET', target, headers={'If-None-Match': plain.getheader('ETag'), **encoding})
            check(same.status == 304 and same.getheader('Vary') == plain.getheader('Vary'), '304 ' + target)
            last = api.request('GET', target, headers={'Connection': 'close', **encoding})
            check(last.getheader('Connection') == 'close' and headers(last, 'Connection') == headers(plain), 'close ' + target)
        check(plain.getheader('Content-Encoding') in (None, 'gzip'), 'gzip')


def about_itself(api):
    check(api.json('/healthz')[0] == {'status': 'ok'}, 'health')
    ready = api.json('/readyz')[0]
    check(ready['status'] == 'ready' and ready['generation'] == 1 and ready['rows'] == 600 and ready['error'] is None, str(ready))
    check(ready['products'] == len(api.rows()), 'products')
    spec = api.json('/openapi.json')[0]
    check(spec['openapi'].startswith('3.'), 'openapi')
    for path, entry in spec['paths'].items():  # what it lists exists, and takes what it says
        for method, operation in entry.items():
            known = path.replace('{id}', api.rows()[0]['product_id']).replace('{n}', '1').replace('{name}', 'app.js')
            r = api.request('OPTIONS', known)
            check(r.status == 204 and method.upper() in r.getheader('Allow'), path)
            for p in operation['parameters']:
                if p['in'] == 'query':
                    r = api.request(method.upper(), f'{known}?{p["name"]}=%00', b'[]' if method == 'post' else None,
                                    {'Content-Type': 'application/json'})
                    check(r.status == 400 and p['name'].encode() in r.body, f'{path} takes {p["name"]}')
    metrics = api.get('/metrics').body.decode()
    check('pasar_api_requests_total{endpoint="/api/products",code="200"}' in metrics, 'counter')
    check('pasar_api_request_seconds_bucket{endpoint="/api/products",le="' in metrics, 'histogram')
    r = api.get('/')
    check(r.status == 200 and r.getheader('Content-Type').startswith('text/html'), 'page')
    check("default-src 'none'" in r.getheader('Content-Security-Policy') and 'unsafe' not in r.getheader('Content-Security-Policy'), 'CSP')
    check(api.get('/', If_None_Match=r.getheader('ETag')).status == 304, 'page 304')
    r = api.get('/page/app.js', Accept_Encoding='gzip')
    check(r.status == 200 and r.getheader('Content-Type').startswith('text/javascript'), 'script')
    check(r.getheader('Content-Security-Policy') is None, 'the policy is sent once, with the document')
    check(api.get('/page/nothing.js').status == 404, 'no such part')


def hostile(api):
    """Whatever stands in the address, never a 5xx, never silence."""
    rng = random.Random(1)
    pieces = ['%', '%25', '%00', '%ff', '&', '=', '+', "'", '"', '<', '../', '%2e%2e%2f', '\\', '-1', '1e400', '0', '999999999999', 'nan', 'all', 'é',
              'name', 'limit', 'model', 'category', 'target_price', 'sort', 'x' * 300, '%F0%9F%98%80', '%ed%a0%80', ';', '#', '?', '/', '|', '\t']
    paths = ['/api/products', '/api/similar_products', '/api/products_by_price', '/api/products/', '/api/models/', '/api/plot', '/page/', '/']
    for _ in range(1500):
        target = rng.choice(paths) + rng.choice(['?', '', '?name=', '?category=', '?target_price=']) + ''.join(rng.choices(pieces, k=rng.randrange(6)))
        target = urllib.parse.quote(target, safe="%&=+'\"<>\\;?/|#-_.~!*()")
        c = api.raw(f'GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'.encode())
        check(c.startswith(b'HTTP/1.1 ') and c[9:10] in b'234', f'{target}: {c[:80]}')


def taken_port(api):
    p = subprocess.run([os.path.join(BIN, 'pasar-api'), '--models', api.models, '--port', str(api.port)], stderr=subprocess.PIPE)
    check(p.returncode == 69 and str(api.port).encode() in p.stderr, f'taken port: {p.returncode} {p.stderr}')
    check(subprocess.run([os.path.join(BIN, 'pasar-api'), '--access-log', 'some'], stderr=subprocess.PIPE).returncode == 64, 'usage')


def stops_soon(api):
    """SIGTERM with idle keep-alive connections open: under 2 s."""
    idle = [socket.create_connection(('127.0.0.1', api.port)) for _ in range(5)]
    idle[0].sendall(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    check(idle[0].recv(1000).startswith(b'HTTP/1.1 200'), 'keep-alive')
    started = time.monotonic()
    api.proc.terminate()
    check(api.proc.wait(10) == 0 and time.monotonic() - started < 2, f'stopped after {time.monotonic() - started:.1f} s')
    for s in idle:
        s.close()


with Api() as api:
    for test in (categories, products, one_product, price, similar, models, posts, manners, ready_made, about_itself, hostile, taken_port, stops_soon):
        test(api)
        print('ok', test.__name__, flush=True)
