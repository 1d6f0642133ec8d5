#!/usr/bin/python3
"""What the API says of itself: request ids, the access log in both forms, which hosts it answers for, its last line."""
import http.client, json, os, re, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, BIN, check, fixture


def request_ids():
    with Api('--access-log', 'all', '--log-format', 'json', rows=60) as api:
        made = [api.get('/healthz').getheader('X-Request-Id') for _ in range(3)]
        check(all(re.fullmatch(r'[0-9a-f]{16}', i) for i in made) and len(set(made)) == 3, f'made up ids: {made}')
        # every kind of reply: plain, ready-made, bad request, no such path, wrong method, preflight, 304
        asked = [('GET', '/api/products'), ('GET', '/openapi.json'), ('GET', '/api/products?limit=x'), ('GET', '/nowhere'), ('PUT', '/healthz'),
                 ('OPTIONS', '/api/products'), ('GET', '/'), ('POST', '/api/predict'), ('GET', '/x' * 4200)]
        for i, (method, target) in enumerate(asked):
            r = api.request(method, target, headers={'X-Request-Id': f'abc-{i}.X_y~z'})
            check(r.getheader('X-Request-Id') == f'abc-{i}.X_y~z', f'{method} {target[:30]}: {r.getheader("X-Request-Id")}')
        check(int(api.request('HEAD', '/api/products', headers={'X-Request-Id': 'a-head'}).getheader('Content-Length')) > 0, 'HEAD')
        refused = api.raw(b'GET /healthz HTTP/1.1\r\nHost: evil.example\r\nX-Request-Id: of-a-refusal\r\n\r\n')
        check(b'421' in refused[:20] and b'X-Request-Id: of-a-refusal\r\n' in refused, 'a refusal has it too')
        for bad in ('a b', 'x' * 65, 'a"b', 'a<b', ''):
            got = api.get('/healthz', X_Request_Id=bad).getheader('X-Request-Id')
            check(re.fullmatch(r'[0-9a-f]{16}', got), f'{bad!r} is not taken over: {got}')
        check(api.get('/healthz', X_Request_Id='x' * 64).getheader('X-Request-Id') == 'x' * 64, '64 are taken')
        r = api.request('OPTIONS', '/api/products', headers={'Origin': 'http://x', 'Access-Control-Request-Method': 'GET'})
        check('X-Request-Id' in r.getheader('Access-Control-Allow-Headers'), 'a page may send it')
        check('X-Request-Id' in api.get('/healthz', Origin='http://x').getheader('Access-Control-Expose-Headers'), 'and read it')
        api.raw(b'GET /\xff"\\<\x7f HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', seconds=1)
        api.raw(b'A"B\\' + b'C' * 300 + b' /healthz?' + b'%' * 5000 + b' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', seconds=1)
        lines = [json.loads(line) for line in api.read_log().splitlines()]
        check(all(set(x) >= {'time', 'level', 'program', 'message'} for x in lines), 'each line is a JSON object')
        entries = [x for x in lines if x['message'] == 'request']
        for x in entries:
            check(set(x) == {'time', 'level', 'program', 'message', 'peer', 'method', 'path', 'status', 'bytes', 'ms', 'request_id', 'generation'},
                  f'members: {x}')
            check(x['peer'] == '127.0.0.1' and isinstance(x['status'], int) and isinstance(x['bytes'], int) and x['ms'] >= 0, str(x))
        by_id = {x['request_id']: x for x in entries}
        check(set(made) <= set(by_id) and by_id['of-a-refusal']['status'] == 421, 'the ids of the replies stand in the log')
        check(by_id['a-head']['bytes'] == 0, 'a HEAD is answered without a body')
        x = by_id['abc-2.X_y~z']
        check((x['method'], x['path'], x['status'], x['generation']) == ('GET', '/api/products?limit=x', 400, 1), str(x))
        check(any('%FF%22%5C<%7F' in x['path'] for x in entries), 'odd bytes of an address are escaped')
        check(any(x['method'].startswith('A%22B%5CCC') and x['path'].endswith('...') for x in entries), 'long ones are cut')


def text_form():
    with Api('--access-log', '2', rows=60) as api:
        for i in range(20):
            api.get('/healthz', X_Request_Id=f'number-{i}')
        lines = [line for line in api.read_log().splitlines() if ' GET /healthz ' in line]
        check(9 <= len(lines) <= 11, f'every second one: {len(lines)}')
        check(re.search(r' 127\.0\.0\.1 GET /healthz 200 15 bytes \d+\.\d{3} ms number-\d+$', lines[0]), lines[0])


def hosts():
    def status(port, host):
        c = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
        c.putrequest('GET', '/healthz', skip_host=True)
        c.putheader('Host', host)
        c.endheaders()
        return c.getresponse().status

    with Api('--bind', '0.0.0.0', rows=60) as api:
        check('--allow-host' in api.read_log() and status(api.port, 'evil.example') == 200, 'an open guard is said')
    with Api('--bind', '0.0.0.0', '--allow-host', 'shop.example', '--allow-host', '2001:db8::7', rows=60) as api:
        check('--allow-host' not in api.read_log(), 'a closed one is not')
        check([status(api.port, h) for h in ('shop.example:80', 'SHOP.example', '[2001:db8::7]:5001', 'localhost', 'evil.example', '[2001:db8::8]')]
              == [200, 200, 200, 200, 421, 421], 'the named ones only')
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError as e:
        print('no IPv6 here:', e)
        return
    long_form = '0:0:0:0:0:0:0:1'
    with Api('--bind', long_form, rows=60, wait=False) as api:
        s = socket.create_connection(('::1', api.port))
        s.sendall(f'GET /healthz HTTP/1.1\r\nHost: [{long_form}]:{api.port}\r\nConnection: close\r\n\r\n'.encode())
        check(s.recv(100).startswith(b'HTTP/1.1 200'), 'the address that it was told to listen on')
        s.close()


def last_line():
    """-q leaves the one line that says what was done."""
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix='pasar-api-') as models:
        fixture(models, 60)
        p = subprocess.Popen([os.path.join(BIN, 'pasar-api'), '-q', '--models', models, '--port', str(port)], stderr=subprocess.PIPE, text=True)
        end, status = time.monotonic() + 20, 0
        while status != 200 and p.poll() is None and time.monotonic() < end:
            try:
                c = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
                c.request('GET', '/readyz')
                status = c.getresponse().status
            except OSError:
                time.sleep(0.05)
        p.terminate()
        text = p.communicate(timeout=10)[1]
    check(p.returncode == 0 and text.count('\n') == 1, f'one line: {text}')
    check(re.search(r'stopped: \d+ requests served in [\d.]+ s, 1 generations loaded, 0 refused$', text.strip()), text)


for test in (request_ids, text_form, hosts, last_line):
    test()
    print('ok', test.__name__, flush=True)
