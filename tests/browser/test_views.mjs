// Each view does what it is for, and its address brings it back.

import assert from 'node:assert/strict';
import { overflow, screenshot, settled } from './browser.mjs';

const api = async (base, path) => {
  const reply = await fetch(base + path);
  return { body: await reply.json(), total: Number(reply.headers.get('X-Total-Count')), reply };
};
const names = (page) => page.locator('.results .card-name a').allTextContents();
const number = (text) => Number(text.replace(/[^\d.]/g, ''));
const pricesShown = async (page) => (await page.locator('.results .price').allTextContents()).map(number);

/** A word that many product names of the loaded data contain. */
async function commonWord(base) {
  const { body } = await api(base, '/api/products?category=&limit=200');
  const seen = new Map();
  for (const p of body)
    for (const w of new Set(p.name.toLowerCase().match(/[a-z]{4,}/g) ?? [])) seen.set(w, (seen.get(w) ?? 0) + 1);
  return [...seen].sort((a, b) => b[1] - a[1])[0][0];
}

export const tests = {
  'browse: the tree carries the counts of the API and leads to its categories': async ({ open, base }) => {
    const page = await open();
    await page.view('browse');
    const { body } = await api(base, '/api/categories');
    const mains = Object.keys(body);
    assert.equal(await page.locator('.tree > li').count(), mains.length + 1);
    const main = mains.find((m) => body[m].length > 0);
    const link = page.locator(`.tree a[data-path="${main}"]`);
    const { total } = await api(base, `/api/products?category=${encodeURIComponent(main)}&limit=1`);
    assert.equal(number(await link.locator('.tally').textContent()), total);
    await link.click();
    await settled(page);
    assert.equal(new URL(page.url()).hash, `#browse?${new URLSearchParams({ category: main })}`);
    assert.match(await page.locator('.summary').textContent(), new RegExp(`^${total.toLocaleString('en-IN')} product`));
    assert.equal(await link.getAttribute('aria-current'), 'true');
    const sub = page.locator(`.tree a[data-path="${main}|${body[main][0]}"]`);
    await sub.click();
    await settled(page);
    const narrowed = await api(
      base,
      `/api/products?category=${encodeURIComponent(`${main}|${body[main][0]}`)}&limit=1`,
    );
    assert.match(
      await page.locator('.summary').textContent(),
      new RegExp(`^${narrowed.total.toLocaleString('en-IN')} product`),
    );
    await page.goBack();
    await settled(page);
    assert.match(await page.locator('.summary').textContent(), new RegExp(`^${total.toLocaleString('en-IN')} product`));
    await page.goForward();
    await settled(page);
    assert.match(page.url(), /%7C/);
  },

  'browse: sorting and filters ask the API and hold': async ({ open, base }) => {
    const page = await open();
    await page.view('browse?sort=price');
    const up = await pricesShown(page);
    assert.ok(up.length > 3);
    assert.deepEqual(
      up,
      [...up].sort((a, b) => a - b),
    );
    await page.getByLabel('Sort by').selectOption('-price');
    await page.waitForURL(/sort=-price/);
    await settled(page);
    const down = await pricesShown(page);
    assert.deepEqual(
      down,
      [...down].sort((a, b) => b - a),
    );
    const low = Math.round(down.at(-1));
    await page.getByLabel('Lowest price').fill('200');
    await page.getByLabel('Highest price').fill(String(Math.max(low, 1000)));
    await page.waitForURL(/max_price/);
    await settled(page);
    for (const p of await pricesShown(page)) assert.ok(p >= 200 && p <= Math.max(low, 1000), `price ${p}`);
    await page.getByLabel('Stars').selectOption('4');
    await page.waitForURL(/min_rating=4/);
    await settled(page);
    for (const s of await page.locator('.results .stars b').allTextContents()) assert.ok(Number(s) >= 4, s);
    const shared = page.url();
    const seen = await names(page);
    const other = await open();
    await other.goto(shared);
    await settled(other);
    assert.deepEqual(await names(other), seen);
    assert.equal(await other.getByLabel('Lowest price').inputValue(), '200');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => !url.hash.includes('min_price'));
    const { body } = await api(base, '/api/models');
    const group = body.find((m) => m.model === 3).clusters[0];
    await page.getByLabel('Group').selectOption(String(group.id));
    await settled(page);
    assert.equal(
      await page.locator(`.results .group .group-${group.id}`).count(),
      await page.locator('.results .card').count(),
    );
  },

  'browse: more products are added, the address counts them, a reload brings them back': async ({ open, base }) => {
    const page = await open();
    const { total } = await api(base, '/api/products?category=&limit=1');
    await page.view('browse');
    assert.equal(await page.locator('.results .card').count(), Math.min(24, total));
    await page.getByRole('button', { name: /^Show \d+ more/ }).click();
    await page.waitForURL(/n=\d+/);
    const shown = Math.min(48, total);
    assert.equal(await page.locator('.results .card').count(), shown);
    assert.equal(
      new Set(await page.locator('.results .card-name a').evaluateAll((as) => as.map((a) => a.href))).size,
      shown,
      'no product twice',
    );
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('.results .card').count(), shown);
  },

  'browse: Back returns to the place in the list': async ({ open }) => {
    const page = await open();
    await page.view('browse');
    await page.evaluate(() => scrollTo(0, 900));
    await page.waitForTimeout(300); // cards that come near get their true height
    const y = await page.evaluate(() => scrollY);
    await page
      .locator('.results .card-name a')
      .nth(8)
      .evaluate((a) => a.click());
    await page.waitForURL(/#product/);
    await settled(page);
    await page.goBack();
    await settled(page);
    await page.waitForFunction((was) => Math.abs(scrollY - was) < 4, y);
  },

  'search: results come while typing, with reasons; the address can be shared; Back leaves': async ({ open, base }) => {
    const word = await commonWord(base);
    const page = await open();
    await page.view('browse');
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'search-input');
    await page.keyboard.type(word, { delay: 25 });
    await page.waitForURL(new RegExp(`#search\\?q=${word}$`));
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'search-input', 'typing keeps the focus');
    const { body } = await api(base, `/api/similar_products?name=${word}&limit=24`);
    assert.deepEqual(
      await names(page),
      body.map((p) => p.name),
    );
    assert.ok(body[0].name.toLowerCase().includes(word));
    assert.equal(await page.locator('.results .card').first().locator('.why li').count(), body[0].why.length);
    await screenshot(page, 'search');
    const other = await open();
    await other.goto(page.url());
    await settled(other);
    assert.deepEqual(await names(other), await names(page));
    assert.equal(await other.locator('#search-input').inputValue(), word);
    await page.goBack();
    await settled(page);
    assert.equal(new URL(page.url()).hash, '#browse');
  },

  'search: a slow old answer never overwrites a newer one': async ({ open, base }) => {
    const word = await commonWord(base);
    const page = await open();
    await page.view('browse');
    await page.route(/similar_products\?name=zz/, async (route) => {
      await new Promise((resolve) => {
        setTimeout(resolve, 700);
      });
      await route.continue().catch(() => {});
    });
    page.expectProblem(/404/);
    await page.locator('#search-input').pressSequentially('zz');
    await page.waitForURL(/q=zz/);
    await page.locator('#search-input').fill(word);
    await page.waitForURL(new RegExp(word));
    await settled(page);
    const seen = await names(page);
    await page.waitForTimeout(900);
    assert.deepEqual(await names(page), seen);
    assert.match(await page.locator('h1').textContent(), new RegExp(word));
  },

  'search: any text is a query': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    for (const text of ['%', '.*', '"quoted"', '<b>', 'ü', '\\', "'; --", 'a'.repeat(200), '👍']) {
      await page.view(`search?${new URLSearchParams({ q: text })}`);
      assert.ok((await page.locator('h1').textContent()).includes(text), text);
      assert.equal(await page.locator('.failure').count(), 0, `failure for ${text}`);
    }
  },

  'search: nothing found offers searches that find something': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    await page.view('search?q=qqqzzzxxwwvv');
    assert.match(await page.locator('.message h2').textContent(), /Nothing found/);
    const suggestion = page.locator('.suggestions a').first();
    await suggestion.click();
    await settled(page);
    assert.ok((await page.locator('.results .card').count()) > 0);
  },

  'price: every product lies within the tolerance, slider and box agree': async ({ open }) => {
    const page = await open();
    await page.view('price?target=500&tolerance=20');
    const within = (list, from, to) => {
      for (const p of list) assert.ok(p >= from && p <= to, `${p} not in ${from}..${to}`);
    };
    const first = await pricesShown(page);
    assert.ok(first.length > 0);
    within(first, 400, 600);
    await screenshot(page, 'price');
    await page.getByLabel('Exactly').fill('999');
    await page.waitForURL(/target=999/);
    await settled(page);
    within(await pricesShown(page), 799, 1199);
    const slider = page.getByLabel('Target price');
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL((url) => Number(new URLSearchParams(url.hash.split('?')[1]).get('target')) > 999);
    const target = Number(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('target'));
    assert.equal(Number(await page.getByLabel('Exactly').inputValue()), target);
    assert.ok((await page.locator('.price-chart rect.inside').count()) > 0);
  },

  'product: full text, way back up, safe links, similar ones without itself': async ({ open, base }) => {
    const { body } = await api(base, '/api/products?sort=-score&limit=1');
    const [product] = body;
    const page = await open();
    await page.view('browse');
    await page.locator('.results .card-name a').first().click();
    await page.waitForURL(/#product/);
    await settled(page);
    assert.equal(await page.locator('.product h1').textContent(), product.name);
    assert.equal(
      await page.evaluate(() => document.activeElement.tagName),
      'H1',
      'a new view takes the focus to its heading',
    );
    const similar = await page
      .locator('.results .card-name a')
      .evaluateAll((as) => as.map((a) => a.getAttribute('href')));
    assert.ok(similar.length > 0);
    assert.ok(
      similar.every(
        (href) => !href.includes(`id=${product.product_id}&`) && !href.endsWith(`id=${product.product_id}`),
      ),
    );
    for (const link of await page.locator('a[target=_blank]').all()) {
      assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
      assert.match(await link.getAttribute('href'), /^https?:/);
    }
    await page.locator('.crumbs a').nth(1).click();
    await page.waitForURL(/#browse\?category=/);
    await settled(page);
    assert.ok((await page.locator('.results .card').count()) > 0);
  },

  'product: “Similar” on a card leads to the similar ones': async ({ open }) => {
    const page = await open();
    await page.view('browse');
    await page.locator('.card-actions a').first().click();
    await page.waitForURL(/at=similar/);
    await settled(page);
    await page.waitForFunction(() => document.activeElement.textContent === 'Similar products');
  },

  'product: pictures that cannot load give way to a drawing of the same size': async ({ open }) => {
    const page = await open({ pictures: 'broken' });
    page.expectProblem(/ERR_FAILED/);
    await page.view('browse');
    await page.waitForFunction(() => document.querySelector('.results .picture .stand-in'));
    const broken = await page.locator('.results .picture').first().boundingBox();
    const fine = await open();
    await fine.view('browse');
    await fine.waitForFunction(() => document.querySelector('.results .picture.loaded img'));
    assert.deepEqual(await fine.locator('.results .picture').first().boundingBox(), broken);
    assert.equal(await fine.locator('.results img:not([referrerpolicy="no-referrer"], [loading="lazy"])').count(), 0);
  },

  'models: three side by side, with the numbers of the API': async ({ open, base }) => {
    const { body } = await api(base, '/api/models');
    const page = await open();
    await page.view('models');
    assert.equal(await page.locator('.model').count(), 3);
    for (const m of body) {
      const card = page.locator('.model').nth(m.model - 1);
      const text = await card.textContent();
      assert.ok(text.includes(`${m.rows.toLocaleString('en-IN')} rows`), `rows of model ${m.model}`);
      assert.ok(text.includes(m.silhouette.toFixed(3)) && text.includes(m.davies_bouldin.toFixed(3)));
      assert.equal(await card.locator('.group-list > li').count(), m.k);
      for (const c of m.clusters) assert.ok(text.toLowerCase().includes(c.label.toLowerCase()), c.label);
      assert.ok(text.includes('₹'));
    }
    const tops = await page.locator('.model').evaluateAll((all) => all.map((n) => n.getBoundingClientRect().top));
    assert.equal(new Set(tops).size, 1, 'side by side');
    assert.match(await page.locator('.models-body').textContent(), /How much nearer a product is to its own group/);
    await screenshot(page, 'models');
  },

  'models: the same question to all three': async ({ open, base }) => {
    const word = await commonWord(base);
    const { body } = await api(base, `/api/similar_products?name=${word}&model=all&limit=5`);
    const page = await open();
    await page.view('models');
    await page.getByLabel('Search in all three models').fill(word);
    await page.waitForURL(new RegExp(`q=${word}`));
    await page.waitForSelector('.compare-body .columns');
    assert.match(
      await page.locator('.compare-body > p').textContent(),
      new RegExp(`models 1 and 2 share ${body.overlap['1-2']}`),
    );
    const columns = page.locator('.compare-body .columns > section');
    assert.equal(await columns.count(), 3);
    for (const m of body.models) {
      assert.deepEqual(
        await columns
          .nth(m.model - 1)
          .locator('.card-name')
          .allTextContents(),
        m.items.map((p) => p.name),
      );
    }
  },

  'status: what is loaded, from the server’s own words': async ({ open, base }) => {
    const {
      body: [m],
    } = await api(base, '/api/models');
    const page = await open();
    await page.view('status');
    const text = await page.locator('.tiles').textContent();
    assert.ok(text.includes('Open') && text.includes(String(m.generation)));
    assert.match(text, /Trained .*(ago|now)/);
    await page.waitForFunction(() => /\d \/s/.test(document.querySelector('.tiles').textContent), null, {
      timeout: 12000,
    });
    assert.match(await page.locator('.tiles').textContent(), /\d (µs|ms|s)/);
    assert.ok((await page.locator('.status-body tbody tr').count()) >= 4);
    await screenshot(page, 'status');
  },

  'page: within 60 kB, everything from this server': async ({ open, base }) => {
    const page = await open();
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    const files = new Map();
    const requests = new Map();
    session.on('Network.requestWillBeSent', (e) => requests.set(e.requestId, e.request.url));
    session.on('Network.loadingFinished', (e) => files.set(requests.get(e.requestId), e.encodedDataLength));
    await page.view('browse');
    const own = [...files].filter(([url]) => url === `${base}/` || url.startsWith(`${base}/page/`));
    const bytes = own.reduce((n, [, size]) => n + size, 0);
    assert.ok(own.length >= 3);
    assert.ok(bytes <= 60 * 1024, `${bytes} bytes in ${own.length} files`);
  },

  'page: looks right from 360 to 2560 pixels, dark and enlarged': async ({ open }) => {
    const cases = [
      ['phone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
      ['phone-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
      ['tablet', { viewport: { width: 820, height: 1180 } }],
      ['desktop', {}],
      ['desktop-dark', { colorScheme: 'dark' }],
      ['wide', { viewport: { width: 2560, height: 1440 } }],
      ['large-text', { viewport: { width: 1280, height: 900 } }],
      ['zoomed', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }],
    ];
    for (const [name, options] of cases) {
      const page = await open(options);
      for (const view of ['browse', 'search?q=cable', 'price?target=500', 'models?q=cable', 'map', 'status']) {
        await page.view(view);
        if (name === 'large-text') await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
        assert.ok((await overflow(page)) <= 0, `${view} is ${await overflow(page)} px too wide on ${name}`);
        await screenshot(page, `${view.split('?')[0]}-${name}`);
      }
      assert.deepEqual(page.problems, []);
      await page.context().close();
    }
  },
};
