#!/usr/bin/python3
"""schemathesis asks what /openapi.json describes, with made-up parameters: never a 5xx, never a reply that breaks its schema."""
import os, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api_support import TESTBIN, Api

CHECKS = 'not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance'


def skip(why):
    print('SKIP e2e.api.schema:', why)
    sys.exit(77)


def program():
    """schemathesis from a virtual environment beside the build's tests, made at the first run."""
    venv = os.path.join(os.path.dirname(os.path.abspath(TESTBIN)), 'schemathesis')
    path = os.path.join(venv, 'bin', 'schemathesis')
    if not os.path.exists(path):
        for command in (['python3', '-m', 'venv', venv], [os.path.join(venv, 'bin', 'pip'), 'install', '-q', 'schemathesis>=4,<5']):
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=200)
            except (OSError, subprocess.TimeoutExpired) as e:
                skip(f'cannot install schemathesis: {e}')
            if done.returncode != 0:
                skip('cannot install schemathesis: ' + (done.stderr.strip().splitlines() or ['?'])[-1])
    return path


schemathesis = program()
with Api() as api:
    done = subprocess.run([schemathesis, 'run', f'http://127.0.0.1:{api.port}/openapi.json', '--checks', CHECKS, '--phases',
                           'coverage,fuzzing', '-n', '40', '--seed', '1', '--no-color'], capture_output=True, text=True, timeout=180,
                          cwd=api.dir)
    if done.returncode != 0:
        sys.exit('FAIL:\n' + done.stdout[-6000:] + done.stderr[-2000:])
print([line.strip() for line in done.stdout.splitlines() if line.strip()[:1].isdigit() and 'generated' in line])
