#!/usr/bin/python3
"""Generations come and go under load: no failed request, no mixed reply, a broken one is refused and the old one serves on."""
import http.client, json, os, re, resource, shutil, signal, socket, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check, check_problem, fixture

PATHS = ['/api/products?category=electronics&limit=20', '/api/similar_products?name=usb+cable&model=all', '/api/categories?counts=1',
         '/api/products_by_price?target_price=300', '/api/models', '/api/plot?limit=100']


def current(api):
    return os.path.join(api.models, os.readlink(os.path.join(api.models, 'current')))


def generation(api):
    return api.json('/readyz')[0]['generation']


def point(api, target):
    """Lets models/current point elsewhere, in one step."""
    os.symlink(target, os.path.join(api.models, '.next'))
    os.rename(os.path.join(api.models, '.next'), os.path.join(api.models, 'current'))


def refusals(api):
    return int(re.search(r'pasar_api_reloads_total\{result="refused"\} (\d+)', api.get('/metrics').body.decode())[1])


def error(api):
    return api.json('/readyz')[0]['error'] or ''


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
            point(api, number)
            api.until(lambda: name in (api.json('/readyz')[0]['error'] or ''), f'{name} is named as broken')
            check(generation(api) == good and api.get(PATHS[0]).body == before, f'the old one serves on past {name}')
            shutil.rmtree(hidden)
            point(api, f'{good:06d}')
            api.proc.send_signal(signal.SIGHUP)
            shutil.rmtree(os.path.join(api.models, number))
            api.until(lambda: api.json('/readyz')[0]['error'] is None, 'taken back')
        check(refusals(api) == len(damages), 'refusals are counted')
        fixture(api.models, seed=6)
        api.until(lambda: generation(api) != good, 'a good one is taken again')
        api.until(lambda: error(api) == '', 'no error is left')


def same_number_other_content():
    """The models were deleted and trained anew: the number is the same, the products are not."""
    with Api(rows=200) as api:
        check(api.json('/readyz')[0]['rows'] == 200, 'the first')
        shutil.rmtree(api.models)
        api.until(lambda: 'no model generation' in error(api), 'it is said that the models are gone')
        check(api.json('/readyz')[0]['generation'] == 1 and refusals(api) == 0, 'what was loaded serves on')
        fixture(api.models, rows=90, seed=7)
        api.until(lambda: api.json('/readyz')[0]['rows'] == 90, 'other content under the same number')
        api.until(lambda: error(api) == '', 'no error is left')
        check(generation(api) == 1, 'generation 1 again')
        loads = api.read_log().count('is loaded')
        api.proc.send_signal(signal.SIGHUP)
        api.until(lambda: api.read_log().count('is loaded') == loads + 1, 'SIGHUP loads in any case')


def odd_links_are_named():
    with Api(rows=100) as api:
        for count, target in enumerate(('/etc', '../000001', 'nothing'), 1):
            point(api, target)
            api.proc.send_signal(signal.SIGHUP)
            api.until(lambda: target in error(api), f'{target} is named')
            check(refusals(api) == count and api.read_log().count(f"'{target}'") == 1, f'{target} is counted and logged, once')
        os.remove(os.path.join(api.models, 'current'))
        with open(os.path.join(api.models, 'current'), 'w') as f:
            f.write('000001')
        api.until(lambda: 'read the link' in error(api), 'a file in place of the link')
        check(refusals(api) == 4 and generation(api) == 1, 'a file in place of the link is counted')
        os.remove(os.path.join(api.models, 'current'))
        api.until(lambda: 'no model generation' in error(api), 'nothing in place of the link')
        point(api, '000001')
        api.until(lambda: error(api) == '', 'all is well again')
        check(refusals(api) == 4, 'what is well is not counted')


def what_passes_is_tried_again():
    """A generation that cannot be read for want of descriptors is loaded once there are some; also with all connections taken."""
    with Api('--max-connections', '100', rows=100) as api:
        limit = resource.prlimit(api.proc.pid, resource.RLIMIT_NOFILE)
        time.sleep(0.5)  # the last connection is gone
        used = {int(n) for n in os.listdir(f'/proc/{api.proc.pid}/fd')}
        free = min(n for n in range(1000) if n not in used)
        resource.prlimit(api.proc.pid, resource.RLIMIT_NOFILE, (free + 1, limit[1]))  # one more for the directory, none for what is in it
        fixture(api.models, rows=110, seed=2)
        end = time.monotonic() + 20
        while 'Too many open files' not in api.read_log() and time.monotonic() < end:
            time.sleep(0.05)
        check('generation 000002 is refused' in api.read_log(), 'refused for want of descriptors')
        resource.prlimit(api.proc.pid, resource.RLIMIT_NOFILE, limit)
        api.until(lambda: generation(api) == 2, 'tried again')
        api.until(lambda: error(api) == '', 'no error is left')
        taken = [socket.create_connection(('127.0.0.1', api.port)) for _ in range(100)]
        fixture(api.models, rows=120, seed=3)
        end = time.monotonic() + 20
        while 'generation 000003 is loaded' not in api.read_log() and time.monotonic() < end:
            time.sleep(0.05)
        check('generation 000003 is loaded' in api.read_log(), 'loaded beside the largest number of connections')
        for s in taken:
            s.close()
    soft, hard = 120, 120
    with Api('--max-connections', '100', preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))) as api:
        check('open files leaves room for' in api.read_log(), 'a hard limit that is too low is named')
        for _ in range(120):
            taken.append(socket.create_connection(('127.0.0.1', api.port)))
        fixture(api.models, rows=110, seed=2)
        end = time.monotonic() + 20
        while 'generation 000002 is loaded' not in api.read_log() and time.monotonic() < end:
            time.sleep(0.05)
        check('generation 000002 is loaded' in api.read_log(), 'loaded under a low limit')
        for s in taken:
            s.close()


for test in (first_start_without_models, reload_under_load, broken_ones_are_refused, same_number_other_content, odd_links_are_named,
             what_passes_is_tried_again):
    test()
    print('ok', test.__name__, flush=True)
