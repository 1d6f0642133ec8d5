#!/usr/bin/python3
"""Raw bytes on the socket: ambiguous framing is refused, slow clients are cut, nothing crashes."""
import os, socket, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check

OK = b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
POST = b'POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

# (name, bytes, statuses allowed for the first answer; None = any non-2xx or silence)
CASES = [
    ('plain', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [200]),
    ('HTTP/1.0', b'GET /healthz HTTP/1.0\r\n\r\n', [200]),
    ('absolute form', b'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [200]),
    ('chunked body', POST + b'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n', [200]),
    ('length and chunked', POST + b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + OK, [400]),
    ('two lengths', POST + b'Content-Length: 3\r\nContent-Length: 7\r\n\r\n[ ]', [400]),
    ('two equal lengths', POST + b'Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]', [400]),
    ('two hosts', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', [400]),
    ('no host', b'GET /healthz HTTP/1.1\r\n\r\n', [400]),
    ('foreign host', b'GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n', [421]),
    ('space before the colon', POST + b'Content-Length : 2\r\n\r\n[]', None),
    ('gzip, chunked', POST + b'Transfer-Encoding: gzip, chunked\r\n\r\n', [501]),
    ('xchunked', POST + b'Transfer-Encoding: xchunked\r\n\r\n', [501]),
    ('length -1', POST + b'Content-Length: -1\r\n\r\n', None),
    ('length +3', POST + b'Content-Length: +3\r\n\r\n[ ]', None),
    ('length 0x3', POST + b'Content-Length: 0x3\r\n\r\n[ ]', None),
    ('length list', POST + b'Content-Length: 3, 7\r\n\r\n[ ]', None),
    ('length 2^64', POST + b'Content-Length: 18446744073709551616\r\n\r\n', None),
    ('length 2^64-1', POST + b'Content-Length: 18446744073709551615\r\n\r\n', None),
    ('huge chunk', POST + b'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n', None),
    ('bad chunk', POST + b'Transfer-Encoding: chunked\r\n\r\nxyz\r\n', None),
    ('bare CR in a header', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n', [400]),
    ('bad percent', b'GET /api/products?category=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [400]),
    ('encoded NUL', b'GET /api/products/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [400]),
    ('dot dot', b'GET /page/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [404]),
    ('HTTP/1.2', b'GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n', [400, 505]),
    ('HTTP/2 preface', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', None),
    ('HTTP/0.9', b'GET /healthz\r\n', None),
    ('long method', b'A' * 300 + b' /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [405]),
    ('odd method', b'g@t /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [405]),
    ('CONNECT', b'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', None),
    ('header without a colon', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n', None),
    ('20 KiB of address', b'GET /' + b'a' * 20000 + b' HTTP/1.1\r\nHost: localhost\r\n\r\n', [414]),
    ('8 KiB of name', b'GET /api/products?category=' + b'a' * 8000 + b' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [404]),
    ('8 KiB of ampersands', b'GET /healthz?' + b'&' * 8000 + b' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', None),
    ('1000 headers', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n' + b'X: y\r\n' * 1000 + b'Connection: close\r\n\r\n', None),
    ('200 KiB header', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ' + b'y' * 200000 + b'\r\n\r\n', None),
    ('TLS hello', bytes.fromhex('160301020001') + b'\0' * 200, None),
    ('zeros', b'\0' * 1000, None),
    ('nothing but line ends', b'\r\n' * 500, None),
    ('body on a GET', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello', [200]),
    ('expect and too large', POST + b'Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n', [413]),
]


def status(answer):
    return int(answer[9:12]) if answer.startswith(b'HTTP/1.') else None


def odd_requests(api):
    for name, data, allowed in CASES:
        answer = api.raw(data, seconds=1.5)
        got = status(answer)
        if allowed is None:
            check(got is None or not 200 <= got < 300, f'{name}: {answer[:100]}')
        else:
            check(got in allowed, f'{name}: {got}, {answer[:200]}')
        if got and got >= 400:
            check(b'HTTP/1.1 2' not in answer, f'{name}: what follows a refused request is not served')
        check(api.get('/healthz').status == 200, f'alive after {name}')


def every_cut(api):
    whole = POST + b'Content-Length: 2\r\n\r\n[]'
    for n in range(len(whole)):
        s = socket.create_connection(('127.0.0.1', api.port))
        s.sendall(whole[:n])
        if n % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')  # reset instead of a close
        s.close()
    s = socket.create_connection(('127.0.0.1', api.port))
    for byte in OK:
        s.sendall(bytes([byte]))
    check(s.recv(1000).startswith(b'HTTP/1.1 200'), 'byte by byte')
    s.sendall(OK * 100)
    got = b''
    while got.count(b'{"status":"ok"}') < 100:
        got += s.recv(65536)
    s.close()


def slow_ones_are_cut(api):
    slow = []
    for i in range(60):
        s = socket.create_connection(('127.0.0.1', api.port))
        s.sendall(b'GET /healthz HTTP/1.1\r\nHost: local' if i % 2 else POST + b'Content-Length: 50\r\n\r\n[')
        slow.append(s)
    end, open_ones = time.monotonic() + 15, list(slow)
    while open_ones and time.monotonic() < end:
        for s in list(open_ones):
            try:
                s.sendall(b' ')
                s.setblocking(False)
                if s.recv(1000) == b'':
                    open_ones.remove(s)
            except BlockingIOError:
                pass
            except OSError:
                open_ones.remove(s)
            s.setblocking(True)
        check(api.get('/healthz').status == 200, 'served beside slow clients')
        time.sleep(0.3)
    check(not open_ones, f'{len(open_ones)} slow connections are still open')
    for s in slow:
        s.close()
    cuts = [int(x.split()[1]) for x in api.get('/metrics').body.decode().splitlines() if x.startswith('pasar_api_deadline_cuts_total ')]
    check(cuts and cuts[0] >= 60, f'cuts are counted: {cuts}')


with Api('--request-timeout', '2') as api:
    for test in (odd_requests, every_cut, slow_ones_are_cut):
        test(api)
        print('ok', test.__name__, flush=True)
