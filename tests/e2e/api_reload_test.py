#!/usr/bin/python3
"""Generations come and go under load: no failed request, no mixed reply, a broken one is refused and the old one serves on."""
import http.client, json, os, shutil, signal, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check, check_problem, fixture

PATHS = ['/api/products?category=electronics&limit=20', '/api/similar_products?name=usb+cable&model=all', '/api/categories?counts=1',
         '/api/products_by_price?target_price=300', '/api/models', '/api/plot?limit=100']


def current(api):
    return os.path.join(api.models, os.readlink(os.path.join(api.models, 'current')))


def generation(api):
    return api.json('/readyz')[0]['generation']


def first_start_without_models():
    with Api(publish=False, wait=False) as api:
        check(api.get('/healthz').status == 200, 'alive')
        r = api.get('/readyz')
        check(r.status == 503 and json.loads(r.body)['status'] == 'not ready' and json.loads(r.body)['error'], 'not ready')
        for path in PATHS:
            r = api.get(path)
            check(r.status == 503 and r.getheader('Retry-After'), f'{path}: {r.status}')
            check_problem(r, json.loads(r.body))
        check(api.post('/api/predict', []).status == 503, 'predict')
        check(api.get('/api/products?limit=x').status == 400, 'a bad parameter is bad at any time')
        check(api.get('/').status == 200 and api.get('/openapi.json').status == 200, 'page')
        fixture(api.models)
        api.until(lambda: api.get('/readyz').status == 200, 'the first generation')
        check(api.get(PATHS[0]).status == 200, 'serves')


def reload_under_load():
    with Api(rows=400) as api:
        stop, failures, seen = threading.Event(), [], set()

        def ask(path):
            c, last = http.client.HTTPConnection('127.0.0.1', api.port, timeout=20), 0
            while not stop.is_set():
                try:
                    c.request('GET', path)
                    r = c.getresponse()
                    body = r.read()
                    number = int(r.getheader('X-Pasar-Generation'))
                    seen.add(number)
                    if r.status != 200 or number < last:
                        failures.append(f'{path}: {r.status}, generation {number} after {last}')
                    last = number
                    if path == '/api/models' and {m['generation'] for m in json.loads(body)} != {number}:
                        failures.append('models of another generation than the reply says')
                except Exception as e:
                    failures.append(f'{path}: {e!r}')
                    c = http.client.HTTPConnection('127.0.0.1', api.port, timeout=20)

        threads = [threading.Thread(target=ask, args=(p,)) for p in PATHS]
        for t in threads:
            t.start()
        for i in range(2, 8):
            fixture(api.models, rows=300 + 50 * i, seed=i)
            api.proc.send_signal(signal.SIGHUP)  # at once; the look each second would do as well
            api.until(lambda: generation(api) == i, f'generation {i}')
        fixture(api.models, rows=500, seed=99)
        api.until(lambda: generation(api) == 8, 'generation 8, without a signal')
        stop.set()
        for t in threads:
            t.join()
        check(not failures, '\n'.join(failures[:5]))
        check(len(seen) >= 5, f'load met generations {sorted(seen)}')


def broken_ones_are_refused():
    def cut(path):
        data = open(path, 'rb').read()
        open(path, 'wb').write(data[:len(data) // 2])

    def flip(path):
        data = bytearray(open(path, 'rb').read())
        data[len(data) // 2] ^= 1
        open(path, 'wb').write(data)

    damages = [('products.csv', cut), ('products.csv', flip), ('model_2.json', flip), ('manifest.json', cut), ('model_1.json', os.remove),
               ('model_3.json', lambda p: (os.remove(p), os.mkfifo(p))), ('manifest.json', lambda p: open(p, 'w').close())]
    with Api() as api:
        before = api.get(PATHS[0]).body
        good = generation(api)
        for name, damage in damages:
            hidden = os.path.join(api.dir, 'next')  # made aside, damaged, then moved in: the API never sees it whole
            shutil.copytree(api.models, hidden, symlinks=True)
            fixture(hidden, rows=100, seed=5)
            number = max(n for n in os.listdir(hidden) if n.isdigit())
            damage(os.path.join(hidden, number, name))
            os.rename(os.path.join(hidden, number), os.path.join(api.models, number))
            os.symlink(number, os.path.join(api.models, '.next'))
            os.rename(os.path.join(api.models, '.next'), os.path.join(api.models, 'current'))
            api.until(lambda: name in (api.json('/readyz')[0]['error'] or ''), f'{name} is named as broken')
            check(generation(api) == good and api.get(PATHS[0]).body == before, f'the old one serves on past {name}')
            shutil.rmtree(hidden)
            shutil.rmtree(os.path.join(api.models, number))
            os.symlink(f'{good:06d}', os.path.join(api.models, '.back'))
            os.rename(os.path.join(api.models, '.back'), os.path.join(api.models, 'current'))
            api.until(lambda: api.json('/readyz')[0]['error'] is None, 'taken back')
        metrics = api.get('/metrics').body.decode()
        check(f'pasar_api_reloads_total{{result="refused"}} {len(damages)}' in metrics, 'refusals are counted')
        fixture(api.models, seed=6)
        api.until(lambda: generation(api) != good, 'a good one is taken again')
        check(api.json('/readyz')[0]['error'] is None, 'no error is left')


for test in (first_start_without_models, reload_under_load, broken_ones_are_refused):
    test()
    print('ok', test.__name__, flush=True)
