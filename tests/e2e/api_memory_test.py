#!/usr/bin/python3
"""A thousand publications under constant load: no request fails, no reply mixes two generations, memory comes back to that of one."""
import http.client, os, re, shutil, signal, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check, fixture

PATHS = ('/api/products?category=electronics', '/api/similar_products?name=usb+cable&model=all', '/api/products_by_price?target_price=300',
         '/api/models', '/api/categories?counts=1', '/api/plot?limit=50')
ROWS, GENERATIONS, PUBLICATIONS = 500, 8, 1000


def resident(api):
    with open(f'/proc/{api.proc.pid}/status') as f:
        return int(re.search(r'VmRSS:\s+(\d+) kB', f.read())[1]) / 1024


def publish(api, n):
    """Generation n becomes current (it lies there, whole) and is loaded."""
    os.symlink(f'{n:06d}', os.path.join(api.models, '.next'))
    os.rename(os.path.join(api.models, '.next'), os.path.join(api.models, 'current'))
    api.proc.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while api.get('/healthz').getheader('X-Pasar-Generation') != str(n):
        check(time.monotonic() < end, f'generation {n} is loaded')
        time.sleep(0.002)


def ask(api, path, want, stop, failures, asked):
    c = http.client.HTTPConnection('127.0.0.1', api.port, timeout=20)
    while not stop.is_set():
        try:
            c.request('GET', path)
            r = c.getresponse()
            body, number = r.read(), int(r.getheader('X-Pasar-Generation'))
            if r.status != 200:
                failures.append(f'{path}: {r.status}')
            elif body != want[number][path]:
                failures.append(f'{path}: not the reply of generation {number}: {body[:200]}')
            asked[path] += 1
            time.sleep(0.005)
        except Exception as e:
            failures.append(f'{path}: {e!r}')
            c.close()


with Api(rows=ROWS) as api:
    store = os.path.join(api.dir, 'store')  # here the writer removes old ones; there none goes
    shutil.copytree(api.models, store, symlinks=True)
    for n in range(2, GENERATIONS + 1):
        fixture(store, rows=ROWS + 10 * n, seed=n)
        shutil.copytree(os.path.join(store, f'{n:06d}'), os.path.join(api.models, f'{n:06d}'))
    want = {}
    for n in range(1, GENERATIONS + 1):
        publish(api, n)
        want[n] = {path: api.get(path).body for path in PATHS}
    check(len({want[n][PATHS[0]] for n in want}) == GENERATIONS, 'the generations differ')
    stop, failures, asked = threading.Event(), [], dict.fromkeys(PATHS, 0)
    threads = [threading.Thread(target=ask, args=(api, path, want, stop, failures, asked)) for path in PATHS]
    for t in threads:
        t.start()
    started, sizes = time.monotonic(), {}
    try:
        for i in range(1, PUBLICATIONS + 1):
            publish(api, i % GENERATIONS + 1)
            if i % 100 == 0:
                sizes[i] = resident(api)
    finally:
        stop.set()
        for t in threads:
            t.join()
    check(not failures, f'{len(failures)} requests failed: {failures[:3]}')
    check(min(asked.values()) > PUBLICATIONS / 2, f'load: {asked}')
    print('resident MiB after n publications:', {n: round(s, 1) for n, s in sizes.items()}, 'requests:', sum(asked.values()), 'in',
          round(time.monotonic() - started, 1), 's')
    with open(f'/proc/{api.proc.pid}/maps') as f:
        is_sanitized = 'san.so' in f.read()  # keeps freed memory for a while
    if not is_sanitized:
        check(max(list(sizes.values())[-3:]) < max(list(sizes.values())[:2]) * 1.25 + 4, f'memory grows: {sizes}')
