// A market of its own: broker, producer, consumer and trainer make a generation from a CSV, pasar-api serves it.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = process.env.PASAR_BIN;
const children = new Set();
const folders = new Set();

/** The program a test needs, or null when it is not built. */
export function missingProgram() {
  const needed = ['pasar-producer', 'pasar-consumer', 'pasar-trainer', 'pasar-api'].map((name) => join(BIN, name));
  for (const name of ['pasar-mock-broker', 'pasar-api-fixture']) needed.push(join(process.env.PASAR_TESTBIN, name));
  return needed.find((path) => !existsSync(path)) ?? null;
}

function start(path, args) {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      child.output += text;
    });
  }
  child.ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      children.delete(child);
      resolve(code ?? signal);
    });
  });
  children.add(child);
  return child;
}

async function run(path, args) {
  const child = start(path, args);
  const status = await child.ended;
  if (status !== 0) throw new Error(`${path} ${args.join(' ')} ended with ${status}:\n${child.output}`);
  return child.output;
}

async function until(what, ms, ask) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'pasar-page-'));
  folders.add(folder);
  return folder;
}

/** Sends a CSV through the whole pipeline: one more generation in folder/models. */
export async function train(folder, csv, options = [], partitions = 4) {
  const topic = ['--partitions', String(partitions), '--topic', 'amazon_sales_topic'];
  const broker = start(join(process.env.PASAR_TESTBIN, 'pasar-mock-broker'), topic);
  try {
    const address = await until('the mock broker', 10000, () => /ready (\S+)/.exec(broker.output)?.[1]);
    await run(join(BIN, 'pasar-producer'), ['-b', address, '-q', csv]);
    await run(join(BIN, 'pasar-consumer'), ['-b', address, '-q', '--output', join(folder, `batches`), '--exit-at-end']);
  } finally {
    broker.kill('SIGTERM');
    await broker.ended;
  }
  await retrain(folder, options);
}

export function retrain(folder, options = []) {
  return run(join(BIN, 'pasar-trainer'), [
    '-q',
    '--batches',
    join(folder, 'batches'),
    '--models',
    join(folder, 'models'),
    ...options,
  ]);
}

/** A generation of made-up products whose trainer told nothing beyond the clusters, as older ones did. */
export async function makeUp(folder) {
  const models = join(folder, 'models');
  mkdirSync(models);
  await run(join(process.env.PASAR_TESTBIN, 'pasar-api-fixture'), [models, 'synth', '300', '1']);
}

/** Starts pasar-api on folder/models; {base, port, stop()}. `ready: false` returns as soon as it listens; stop() fails
 * when it does not end with status 0, as a sanitizer's finding would make it. */
export async function serve(folder, { port, ready = true, options = [] } = {}) {
  const at = port ?? (await freePort());
  const child = start(join(BIN, 'pasar-api'), [
    '--models',
    join(folder, 'models'),
    '--bind',
    '127.0.0.1',
    '--port',
    String(at),
    ...options,
  ]);
  const base = `http://127.0.0.1:${at}`;
  await until(`pasar-api on port ${at}`, 15000, async () => {
    if (child.exitCode !== null) throw new Error(`pasar-api ended with ${child.exitCode}:\n${child.output}`);
    return fetch(`${base}${ready ? '/readyz' : '/healthz'}`).then(
      (r) => r.ok,
      () => false,
    );
  });
  return {
    base,
    port: at,
    stop: async () => {
      child.kill('SIGTERM');
      const status = await child.ended;
      if (status !== 0) throw new Error(`pasar-api ended with ${status}:\n${child.output}`);
    },
  };
}

/** Ends everything started here and removes its folders. */
export async function cleanUp() {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all([...children].map((child) => child.ended));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
