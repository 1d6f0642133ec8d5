// How fast the home page is there, and whether typing ever holds it up: one JSON line. `node page.mjs BASE REPEATS`,
// with PASAR_NPM and PASAR_CHROMIUM as for the browser tests.

import { launch } from '../browser/browser.mjs';

const [base, repeats] = [process.argv[2], Number(process.argv[3] ?? 5)];
const WORDS = 'wireless mouse with long battery';
const browser = await launch();
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function fresh() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.route((url) => url.origin !== new URL(base).origin, (route) => route.abort());
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((e) => e.duration))).observe({
      type: 'longtask',
      buffered: true,
    });
  });
  return page;
}

/** Milliseconds from the request to the first paint with content, and to the first cards. */
async function arrival() {
  const page = await fresh();
  await page.goto(`${base}/`);
  const cards = await page.evaluate(async () => {
    while (!document.querySelector('.card:not(.skeleton)')) await new Promise(requestAnimationFrame);
    return performance.now();
  });
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
  await page.context().close();
  return { paint, cards };
}

/** The longest task of the main thread while keys come every `delay` ms, 0 when none reached 50 ms. */
async function typing(delay) {
  const page = await fresh();
  await page.goto(`${base}/`);
  await page.waitForSelector('.card:not(.skeleton)');
  await page.waitForTimeout(500);
  await page.evaluate(() => globalThis.tasks.splice(0));
  await page.getByRole('searchbox').pressSequentially(WORDS, { delay });
  await page.waitForTimeout(1000);
  const longest = await page.evaluate(() => Math.max(0, ...globalThis.tasks));
  await page.context().close();
  return longest;
}

await arrival(); // warms the browser up
const paints = [];
const cards = [];
for (let i = 0; i < repeats; i++) {
  const at = await arrival();
  paints.push(at.paint);
  cards.push(at.cards);
}
const [fast, slow] = [[], []];
for (let i = 0; i < repeats; i++) {
  fast.push(await typing(50));
  slow.push(await typing(200));
}
console.log(JSON.stringify({ paint: median(paints), cards: median(cards), fast: median(fast), slow: median(slow) }));
await browser.close();
