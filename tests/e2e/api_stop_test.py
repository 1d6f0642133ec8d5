#!/usr/bin/python3
"""SIGTERM is obeyed within two seconds, whatever is going on: a first load, a reload, requests under way, new arrivals."""
import os, signal, socket, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import Api, check, fixture

ROWS = 200_000  # a load of several seconds


def stop(api):
    started = time.monotonic()
    api.proc.terminate()
    code = api.proc.wait(60)
    took = time.monotonic() - started
    check(code == 0, f'exit status {code}')
    check(took < 2, f'stopped after {took:.1f} s')
    check('stopped: ' in api.read_log(), 'says what it did')
    return took


def while_loading():
    with Api(rows=ROWS, wait=False) as api:
        time.sleep(0.3)
        print('stopped a first load in', round(stop(api), 2), 's')
        check('is loaded' not in api.read_log(), 'it was not waited for')


def while_reloading():
    with Api(rows=100) as api:
        fixture(api.models, ROWS, 2)
        api.proc.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        check(api.json('/readyz')[0]['generation'] == 1, 'serves while it loads')
        print('stopped a reload in', round(stop(api), 2), 's')
        check('000002 is loaded' not in api.read_log(), 'it was not waited for')


def with_late_arrivals():
    """A request under way is answered; who connects after the signal is refused at once, not left waiting and then reset."""
    with Api(rows=100) as api:
        under_way = socket.create_connection(('127.0.0.1', api.port))
        under_way.sendall(b'POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[')
        check(api.get('/healthz').status == 200, 'alive')
        api.proc.terminate()
        refused, end = 0, time.monotonic() + 1
        while refused < 3 and time.monotonic() < end:
            try:
                socket.create_connection(('127.0.0.1', api.port), timeout=2).close()
            except ConnectionRefusedError:
                refused += 1
            except ConnectionResetError:  # it stood in the listener's queue when that was closed
                check(refused == 0, 'reset after others had been refused')
            time.sleep(0.02)
        check(refused == 3 and api.proc.poll() is None, f'refused {refused} times while a request is under way')
        under_way.sendall(b']')
        answer = under_way.recv(10000)
        check(answer.startswith(b'HTTP/1.1 200') and b'Connection: close' in answer, f'the request under way is answered: {answer[:100]}')
        check(api.proc.wait(5) == 0, 'stopped')


for test in (with_late_arrivals, while_loading, while_reloading):
    test()
    print('ok', test.__name__, flush=True)
