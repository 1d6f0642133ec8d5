"""A pasar-api under test: its own models directory, an ephemeral port, and plain ways to ask it."""
import csv, http.client, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.parse

BIN = os.environ.get('PASAR_BIN', 'build/bin')
TESTBIN = os.environ.get('PASAR_TESTBIN', 'build/tests')


def fixture(models, rows=600, seed=1):
    subprocess.run([os.path.join(TESTBIN, 'pasar-api-fixture'), models, 'synth', str(rows), str(seed)], check=True)


class Api:
    """Starts on entry, must stop cleanly on exit."""

    def __init__(self, *options, rows=600, publish=True, wait=True, preexec=None):
        self.dir = tempfile.mkdtemp(prefix='pasar-api-')
        self.models = os.path.join(self.dir, 'models')
        os.mkdir(self.models)
        self.options, self.wait, self.preexec = options, wait, preexec
        if publish:
            fixture(self.models, rows)

    def __enter__(self):
        self.log = open(os.path.join(self.dir, 'log'), 'w+')
        self.proc = subprocess.Popen([os.path.join(BIN, 'pasar-api'), '--models', self.models, '--port', '0', *self.options],
                                     stderr=self.log, stdout=subprocess.DEVNULL, preexec_fn=self.preexec)
        end = time.monotonic() + 30
        while True:
            found = re.search(r'listening on http://\S*:(\d+)/', self.read_log())
            if found:
                self.port = int(found.group(1))
                break
            if self.proc.poll() is not None or time.monotonic() > end:
                raise SystemExit('pasar-api did not start:\n' + self.read_log())
            time.sleep(0.02)
        if self.wait:
            self.until(lambda: self.get('/readyz').status == 200, 'ready')
        return self

    def __exit__(self, kind, value, trace):
        started = time.monotonic()
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
        try:
            code = self.proc.wait(20)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            code = self.proc.wait()
        took = time.monotonic() - started
        text = self.read_log()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        if kind is not None or code != 0:
            sys.stderr.write(text[-4000:])
        if kind is None:
            check(code == 0, f'exit status {code}')
            check(took < 6, f'took {took:.1f} s to stop')
            check('Sanitizer' not in text and 'runtime error' not in text, 'sanitizer report')
        self.took = took

    def read_log(self):
        self.log.flush()
        with open(self.log.name, encoding='utf-8', errors='replace') as f:
            return f.read()

    def until(self, condition, what, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or self.proc.poll() is not None:
                raise SystemExit(f'waited in vain for: {what}\n{self.read_log()[-2000:]}')
            time.sleep(0.05)

    def request(self, method, target, body=None, headers=None):
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=20)
        c.request(method, target, body, headers or {})
        r = c.getresponse()
        r.body = r.read()
        c.close()
        return r

    def several(self, target, headers):
        """GET with headers that may come more than once."""
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=20)
        c.putrequest('GET', target, skip_accept_encoding=True)
        for name, value in headers:
            c.putheader(name, value)
        c.endheaders()
        r = c.getresponse()
        r.body = r.read()
        c.close()
        return r

    def get(self, target, **headers):
        return self.request('GET', target, headers={k.replace('_', '-'): v for k, v in headers.items()})

    def json(self, path, status=200, **params):
        target = path + ('?' + urllib.parse.urlencode(params) if params else '')
        r = self.get(target)
        check(r.status == status, f'{target}: status {r.status}: {r.body[:200]}')
        value = json.loads(r.body)
        if status >= 400:
            check_problem(r, value)
        return value, r

    def post(self, path, value, **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        head = {'Content-Type': 'application/json'}
        head.update({k.replace('_', '-'): v for k, v in headers.items()})
        return self.request('POST', path, body, head)

    def raw(self, data, seconds=3):
        """Sends bytes as they are; what came back until the server closed or fell silent."""
        s = socket.create_connection(('127.0.0.1', self.port))
        s.settimeout(seconds)
        got = b''
        try:
            s.sendall(data)
            while True:
                part = s.recv(65536)
                if not part:
                    break
                got += part
        except (socket.timeout, ConnectionError):
            pass
        s.close()
        return got

    def rows(self, model=3):
        """products.csv as this model sees it: [{column: text}], the last record of an id at its own place."""
        directory = os.path.join(self.models, os.readlink(os.path.join(self.models, 'current')))
        with open(os.path.join(directory, 'products.csv'), newline='', encoding='utf-8') as f:
            rows = [r for r in csv.DictReader(f) if r[f'cluster_{model}'] != '']
        last = {r['product_id']: i for i, r in enumerate(rows)}
        return [rows[i] for i in sorted(last.values())]


def check(condition, message):
    if not condition:
        raise SystemExit('FAIL: ' + message)


def check_problem(r, value):
    check(r.getheader('Content-Type').startswith('application/problem+json'), f'{r.status}: {r.getheader("Content-Type")}')
    check(value['status'] == r.status and value['title'] and value['detail'] and isinstance(value['error'], str), str(value))
    check(r.getheader('Access-Control-Allow-Origin') == '*', 'no CORS on an error')


def number(text):
    return float(text) if text else None
