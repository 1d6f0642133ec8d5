"""The home page in a real browser: when it is there, and whether typing holds it up."""

import json
import os
import shutil
import subprocess

from harness import Limit, say


def npm_folder(bench):
    """Where the browser tests of a build have playwright-core, None where they have not run."""
    build = os.path.join(bench.source, "build")
    found = [os.environ.get("PASAR_NPM", ""), *(os.path.join(build, preset, "tests", "browser")
                                                  for preset in ("asan", "release"))]
    return next((path for path in found if os.path.isdir(os.path.join(path, "node_modules", "playwright-core"))), None)


def run(bench, server, name):
    """Adds the page's figures with the catalogue of `server`."""
    npm, chromium = npm_folder(bench), shutil.which("chromium")
    if not npm or not chromium or not shutil.which("node"):
        bench.results.facts.append("page: not measured, the browser tests have not been set up (tests/browser/run)")
        return
    say(f"page, {name} catalogue")
    done = subprocess.run(["node", os.path.join(bench.here, "page.mjs"), f"http://127.0.0.1:{server.port}",
                           str(bench.args.repeats)], env={**os.environ, "PASAR_NPM": npm, "PASAR_CHROMIUM": chromium},
                          capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        bench.results.facts.append(f"page: {done.stderr.strip().splitlines()[-1:]}")
        return
    figures = json.loads(done.stdout)
    for key, what, limit in (("paint", "first contentful paint", 300), ("cards", "first products", None),
                             ("fast", "longest task, 20 keys a second (0: none of 50 ms)", 50),
                             ("slow", "longest task, 5 keys a second (0: none of 50 ms)", 50)):
        bench.results.limits.append(Limit(f"page.{name}.{key}", f"page, {name} catalogue: {what}", "ms", figures[key],
                                          limit))
