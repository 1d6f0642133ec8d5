// What the page does when things are slow, gone, not there yet, or new. The server is really stopped and started.

import assert from 'node:assert/strict';
import { axeFindings, screenshot, settled } from './browser.mjs';
import { newFolder, retrain, serve, train } from './market.mjs';

const GONE = /ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

export const tests = {
  'states: a slow server shows a skeleton, and nothing jumps when the answer comes': async ({ open, base }) => {
    for (const viewport of [
      { width: 1280, height: 900 },
      { width: 360, height: 740 },
    ]) {
      const page = await open({ viewport });
      await page.addInitScript(() => {
        globalThis.shifts = [];
        new PerformanceObserver((list) => {
          for (const e of list.getEntries()) {
            globalThis.shifts.push([e.value, e.sources.map((s) => s.node?.className ?? s.node?.nodeName).join(',')]);
          }
        }).observe({ type: 'layout-shift', buffered: true });
      });
      await page.route('**/api/**', async (route) => {
        await new Promise((resolve) => {
          setTimeout(resolve, 600);
        });
        await route.continue();
      });
      const [product] = await (await fetch(`${base}/api/products?category=&limit=1`)).json();
      for (const view of [
        'browse',
        'search?q=cable',
        'price',
        'models',
        'map',
        'status',
        `product?id=${product.product_id}`,
      ]) {
        await page.goto('about:blank');
        await page.view(view, { ready: false });
        await page.waitForSelector('.skeleton', { state: 'attached' });
        if (view === 'browse') await screenshot(page, `loading-${viewport.width}`);
        await settled(page);
        await page.waitForTimeout(200);
        const shifts = await page.evaluate(() => globalThis.shifts);
        const sum = shifts.reduce((n, [value]) => n + value, 0);
        assert.ok(sum < 0.02, `${view} at ${viewport.width} px shifts by ${sum.toFixed(3)}: ${JSON.stringify(shifts)}`);
      }
      await page.context().close();
    }
  },

  'states: offline, and back': async ({ open }) => {
    const page = await open();
    page.expectProblem(GONE);
    await page.view('browse');
    await page.context().setOffline(true);
    await page.locator('.tree a').nth(1).click();
    await page.waitForSelector('.results .failure');
    assert.match(await page.locator('.results .failure').textContent(), /You are offline/);
    await page.context().setOffline(false);
    await page.waitForSelector('.results .card:not(.skeleton)', { timeout: 3000 });
  },

  'states: an unknown address shows the market, an unknown product says so': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    await page.view('nonsense?x=1');
    assert.ok((await page.locator('.results .card').count()) > 0);
    await page.view('product?id=no-such-product');
    assert.match(await page.locator('.product-pane').textContent(), /No such product/);
  },
};

/** These start and stop servers of their own, or know what the sample holds. */
export const serverTests = {
  'states: words the server had to relax are said': async ({ open, base }) => {
    const reply = await fetch(`${base}/api/similar_products?name=yoga+matt`);
    const relaxed = decodeURIComponent(reply.headers.get('X-Pasar-Relaxed'));
    assert.match(relaxed, /matt/);
    const page = await open();
    await page.view('search?q=yoga+matt');
    assert.ok((await page.locator('.relaxed').textContent()).toLowerCase().includes(relaxed.toLowerCase()));
  },

  'states: a server that gives few at a time still fills the lists': async ({ open, folder }) => {
    const own = await serve(folder, { options: ['--max-limit', '10'] });
    const page = await open({}, own.base);
    page.expectProblem(/400/);
    page.expectProblem(GONE); // what it may ask while its server stops
    await page.view('browse');
    assert.equal(await page.locator('.results .card').count(), 10);
    await page.locator('.more').click();
    await page.waitForFunction(() => document.querySelectorAll('.results .card').length === 20);
    await own.stop();
  },

  'states: filters that failed with the server come back with it': async ({ open, folder }) => {
    const own = await serve(folder);
    const page = await open({}, own.base);
    page.expectProblem(GONE);
    page.expectProblem(/503/);
    await page.view('status');
    await own.stop();
    await page.view('browse', { ready: false });
    await page.waitForSelector('.results .failure');
    const button = page.locator('.results').getByRole('button', { name: 'Try now' });
    await button.focus();
    await page.waitForTimeout(1500); // an attempt or two
    assert.ok(await button.evaluate((node) => node === document.activeElement), 'the focus stays on the button');
    const again = await serve(folder, { port: own.port });
    await page.waitForSelector('.results .card:not(.skeleton)', { timeout: 20000 });
    await page.waitForFunction(() => document.querySelectorAll('.filters select')[1].options.length > 1);
    await again.stop();
  },

  'states: the server goes away and comes back': async ({ open, folder }) => {
    const own = await serve(folder);
    const page = await open({}, own.base);
    page.expectProblem(GONE);
    page.expectProblem(/503/); // it answers before its data is loaded again
    await page.view('browse');
    await own.stop();
    await page.locator('.tree a').nth(1).click();
    await page.waitForSelector('.results .failure');
    assert.match(await page.locator('.results .failure').textContent(), /does not answer.*Trying again in \d+ s/s);
    assert.deepEqual(await axeFindings(page), []);
    await screenshot(page, 'unreachable');
    assert.match(await page.locator('#live').textContent(), /does not answer/);
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.waitForSelector('.results .failure');
    const again = await serve(folder, { port: own.port });
    await page.waitForSelector('.results .card:not(.skeleton)', { timeout: 20000 });
    await again.stop();
  },

  'states: a view that is fetched only when asked for comes back with the server': async ({ open, folder }) => {
    const own = await serve(folder);
    const page = await open({}, own.base);
    page.expectProblem(GONE);
    page.expectProblem(/503|Failed to fetch dynamically imported module/);
    await page.view('browse');
    await own.stop();
    await page.locator('.nav a[data-view="map"]').click();
    await page.waitForSelector('main .failure');
    assert.match(await page.locator('main .failure').textContent(), /does not answer.*Trying again in \d+ s/s);
    await page.locator('.nav a[data-view="price"]').click(); // this one is there already, and asks by itself
    await page.waitForSelector('.price-form');
    await page.locator('.nav a[data-view="map"]').click();
    await page.waitForSelector('main .failure');
    const again = await serve(folder, { port: own.port });
    await page.waitForSelector('.plot-canvas .marks', { state: 'attached', timeout: 20000 });
    assert.equal(await page.locator('.nav a[aria-current]').textContent(), 'Map');
    await again.stop();
  },

  'states: nothing loaded yet, then the first generation': async ({ open, sample }) => {
    const folder = newFolder();
    const api = await serve(folder, { ready: false });
    const page = await open({}, api.base);
    page.expectProblem(/503/);
    await page.view('browse', { ready: false });
    await page.waitForSelector('.results .failure');
    assert.match(await page.locator('.results .failure').textContent(), /not open yet/);
    await page.view('status');
    assert.match(await page.locator('.tiles').textContent(), /Waiting/);
    await page.view('browse', { ready: false });
    await train(folder, sample);
    await page.waitForSelector('.results .card:not(.skeleton)', { timeout: 40000 });
    await api.stop();
  },

  'states: a new generation is offered, and shown when wanted': async ({ open, sample }) => {
    const folder = newFolder();
    await train(folder, sample);
    const api = await serve(folder);
    const page = await open({}, api.base);
    await page.view('browse');
    const before = await page.locator('#foot-generation').textContent();
    await retrain(folder, ['--seed', '7']);
    for (let i = 0; i < 60; i++) {
      if (await page.locator('#notice').isVisible()) break;
      await page.getByLabel('Sort by').selectOption(i % 2 ? '' : 'price');
      await page.waitForTimeout(250);
    }
    assert.match(await page.locator('#notice').textContent(), /New data has arrived/);
    await screenshot(page, 'new-generation');
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole('button', { name: 'Show it' }).click();
    await settled(page);
    assert.equal(await page.locator('#notice').isVisible(), false);
    assert.notEqual(await page.locator('#foot-generation').textContent(), before);
    assert.ok((await page.locator('.results .card').count()) > 0);
    await api.stop();
  },
};
