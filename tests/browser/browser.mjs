// A browser for tests: every page reports what goes wrong in its console; pictures of other hosts are served from here.

import { createRequire } from 'node:module';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

const require = createRequire(`${process.env.PASAR_NPM}/`);
const { chromium } = require('playwright-core');
const axeSource = require('axe-core').source;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  return chromium.launch({ executablePath: process.env.PASAR_CHROMIUM, args: FLAGS });
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG in one colour: what product pictures are in tests. */
function plainPng(width, height, [r, g, b]) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([r, g, b]))]);
  const rows = Buffer.concat(Array.from({ length: height }, () => row));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const PICTURE = plainPng(300, 200, [196, 214, 222]);

/**
 * A fresh page. options: those of a playwright context, and pictures: 'served' (default) or 'broken'. page.problems
 * collects console errors, uncaught errors, CSP violations and requests to other hosts; page.expectProblem(pattern)
 * lets some through.
 */
export async function open(browser, base, { pictures = 'served', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const problems = [];
  const expected = [];
  const problem = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) problems.push(text);
  };
  await context.route(
    (url) => url.origin !== new URL(base).origin,
    (route) => {
      if (route.request().resourceType() !== 'image') problem(`request to another host: ${route.request().url()}`);
      if (route.request().headers().referer) problem(`referrer sent to ${route.request().url()}`);
      return pictures === 'served' ? route.fulfill({ contentType: 'image/png', body: PICTURE }) : route.abort();
    },
  );
  const page = await context.newPage();
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') problem(`console ${m.type()}: ${m.text()}`);
  });
  page.on('pageerror', (e) => problem(`uncaught: ${e.message}`));
  page.on('dialog', (d) => {
    problem(`dialog: ${d.message()}`);
    d.dismiss();
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
  });
  page.problems = problems;
  page.expectProblem = (pattern) => expected.push(pattern);
  page.base = base;
  page.view = async (hash, { ready = true } = {}) => {
    await page.goto(`${base}/#${hash}`);
    if (ready) await settled(page);
  };
  return page;
}

/** Waits until nothing on the page is loading, or waits for its size to be drawn. */
export async function settled(page) {
  await page.waitForSelector('main h1', { timeout: 10000 });
  const unready = 'main[aria-busy="true"], main [aria-busy="true"], main .skeleton, main .plot-canvas:empty';
  await page.waitForFunction((selector) => !document.querySelector(selector), unready, { timeout: 10000 });
}

/** The serious and critical findings of axe-core on what is shown now, one line each. */
export async function axeFindings(page) {
  // In a world of its own beside the page's, so that the page's CSP stays as it is.
  if (!(await page.evaluate('typeof axe !== "undefined"'))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .flatMap((v) =>
      v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} (${n.failureSummary.split('\n').slice(1).join('; ').trim()})`),
    );
}

/** By how many pixels the page is wider than its window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

export async function screenshot(page, name) {
  const folder = process.env.PASAR_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
