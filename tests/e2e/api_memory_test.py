#!/usr/bin/python3
"""200 generations under load: no request fails, and memory comes back to that of one generation."""
import http.client, os, re, signal, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check, fixture

PATHS = ('/api/products?category=electronics', '/api/similar_products?name=usb+cable', '/api/products_by_price?target_price=300')
ROWS, PUBLICATIONS = 1500, 200


def resident(api):
    with open(f'/proc/{api.proc.pid}/status') as f:
        return int(re.search(r'VmRSS:\s+(\d+) kB', f.read())[1]) / 1024


with Api(rows=ROWS) as api:
    stop, failures, asked = threading.Event(), [], [0] * len(PATHS)

    def ask(i):
        c = http.client.HTTPConnection('127.0.0.1', api.port, timeout=20)
        while not stop.is_set():
            try:
                c.request('GET', PATHS[i])
                r = c.getresponse()
                r.read()
                if r.status != 200:
                    failures.append(f'{PATHS[i]}: {r.status}')
                asked[i] += 1
                time.sleep(0.002)
            except Exception as e:
                failures.append(f'{PATHS[i]}: {e!r}')
                c.close()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(PATHS))]
    for t in threads:
        t.start()
    try:
        sizes = {}
        for n in range(2, PUBLICATIONS + 2):
            fixture(api.models, rows=ROWS, seed=n)
            api.proc.send_signal(signal.SIGHUP)
            api.until(lambda: api.json('/readyz')[0]['generation'] == n, f'generation {n}')
            if n % 20 == 0:
                sizes[n] = resident(api)
    finally:
        stop.set()
        for t in threads:
            t.join()
    check(not failures, f'{len(failures)} requests failed: {failures[:3]}')
    check(min(asked) > PUBLICATIONS, f'load: {asked}')
    print('resident MiB after n generations:', {n: round(s, 1) for n, s in sizes.items()}, 'requests:', sum(asked))
    with open(f'/proc/{api.proc.pid}/maps') as f:
        is_sanitized = 'san.so' in f.read()  # keeps freed memory for a while
    if not is_sanitized:
        check(max(list(sizes.values())[-3:]) < max(list(sizes.values())[:2]) * 1.25 + 4, f'memory grows: {sizes}')
