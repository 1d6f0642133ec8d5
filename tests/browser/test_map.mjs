// The map: what is drawn, on which axes, and every way to a product on it.

import assert from 'node:assert/strict';
import { overflow, screenshot, settled } from './browser.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const plotOf = async (base, model = 3) => (await fetch(`${base}/api/plot?model=${model}`)).json();
const hasPlace = (p) => p.price > 0 && p.rating_count > 0;
const said = (page) => page.locator('#live').textContent();
const paramsOf = (page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');

/** How many marks are drawn, by group. */
const drawn = (page) =>
  page.locator('.marks').evaluateAll((paths) => {
    const counts = {};
    for (const p of paths) {
      const group = /group-\d+/.exec(p.getAttribute('class'))[0];
      counts[group] = (counts[group] ?? 0) + (p.getAttribute('d').match(/Z/g) ?? []).length;
    }
    return counts;
  });

function tally(points) {
  const counts = {};
  for (const p of points) counts[`group-${p.cluster}`] = (counts[`group-${p.cluster}`] ?? 0) + 1;
  return counts;
}

/** Moves the mouse over the plot until a product is shown. */
async function hover(page) {
  const box = await page.locator('.plot').boundingBox();
  for (let dx = 0; dx < 300; dx += 12) {
    await page.mouse.move(box.x + box.width / 2 - dx, box.y + box.height / 2);
    if (await page.locator('.plot-tip').isVisible()) return box;
  }
  throw new Error('no product under the pointer');
}

export const tests = {
  'map: every product that has a place is drawn; pointer, keys and models work': async ({ open, base }) => {
    const data = await plotOf(base);
    const placed = data.points.filter(hasPlace);
    const page = await open();
    await page.view('map');
    assert.deepEqual(await drawn(page), tally(placed));
    await hover(page);
    await screenshot(page, 'map');
    await page.mouse.move(2, 2);
    await page.locator('.plot-tip').waitFor({ state: 'hidden' }); // nothing is pointed at any more
    await page.locator('.plot').focus();
    await page.keyboard.press('Home');
    const [cheapest] = [...placed].sort((a, b) => a.price - b.price);
    assert.ok((await said(page)).includes(`₹${Math.trunc(cheapest.price).toLocaleString('en-IN')}`));
    const first = await said(page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowRight');
    assert.equal(await said(page), first, 'the first step enters at the first product');
    await page.keyboard.press('ArrowRight');
    const second = await said(page);
    assert.notEqual(second, first);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#product/);
    await settled(page);
    assert.ok(second.startsWith(await page.locator('.product h1').textContent()));
    await page.goBack();
    await settled(page);
    await page.getByLabel(/Model 1/).check({ force: true });
    await page.waitForURL(/model=1/);
    await settled(page);
    const one = await plotOf(base, 1);
    assert.match(await page.locator('figcaption').textContent(), new RegExp(one.total.toLocaleString('en-IN')));
    await page.locator('.plot').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#product/);
    assert.equal(paramsOf(page).get('model'), '1', 'a product is opened as the map’s model sees it');
  },

  'map: along the principal components, by address, and back': async ({ open, base }) => {
    const data = await plotOf(base);
    const { components, explained_variance_ratio: shares } = data.principal_components;
    const page = await open();
    await page.view('map');
    await page.getByLabel(/Where products differ/).check({ force: true });
    await page.waitForURL(/#map\?axes=pc$/);
    await settled(page);
    assert.deepEqual(await drawn(page), tally(data.points), 'every product has a place');
    const titles = await page.locator('.plot .axis').allTextContents();
    titles.forEach((text, i) => {
      assert.ok(text.includes(`(${(100 * shares[i]).toFixed(0)}%)`), text);
      const [heaviest] = Object.entries(components[i]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
      const word = { rating: 'stars', rating_count: 'votes', discounted_price: 'dearer' }[heaviest[0]];
      assert.ok(text.includes(word), `${text}: ${heaviest}`);
    });
    await page.locator('.plot').focus();
    for (const [key, pick] of [
      ['Home', (xs) => Math.min(...xs)],
      ['End', (xs) => Math.max(...xs)],
    ]) {
      await page.keyboard.press(key);
      const x = pick(data.points.map((p) => p.pc[0]));
      const names = data.points.filter((p) => p.pc[0] === x).map((p) => p.name);
      const text = await said(page);
      assert.ok(
        names.some((n) => text.startsWith(n)),
        `${key}: ${text}`,
      );
    }
    // The chosen mark stands where its coordinates say, between the outermost ones.
    const [x, y] = await page
      .locator('.cursor path')
      .last()
      .evaluate((mark) => {
        const box = mark.getBBox();
        const plot = mark.ownerSVGElement.viewBox.baseVal;
        return [(box.x + box.width / 2) / plot.width, (box.y + box.height / 2) / plot.height];
      });
    assert.ok(x > 0.9 && y > 0 && y < 1, `the last one is on the right: ${x}, ${y}`);
    await screenshot(page, 'map-components');
    const shared = await open({ colorScheme: 'dark' });
    await shared.goto(page.url());
    await settled(shared);
    assert.deepEqual(await shared.locator('.plot .axis').allTextContents(), titles);
    await page.goBack();
    await settled(page);
    assert.deepEqual(await page.locator('.plot .axis').allTextContents(), ['Price', 'Votes']);
  },

  'map: groups that are switched off stay so, in the address too': async ({ open, base }) => {
    const data = await plotOf(base);
    const page = await open();
    await page.view('map');
    const before = await drawn(page);
    await page.locator('.legend input').first().uncheck();
    const rest = { ...before };
    delete rest['group-0'];
    assert.deepEqual(await drawn(page), rest);
    await page.waitForURL(/hide=0/);
    await page.reload();
    await settled(page);
    assert.deepEqual(await drawn(page), rest);
    for (let i = 1; i < data.centroids.length; i++) await page.locator('.legend input').nth(i).uncheck();
    assert.deepEqual(await drawn(page), {});
    assert.match(await page.locator('.plot-canvas').textContent(), /Every group is switched off/);
    for (let i = 0; i < data.centroids.length; i++) await page.locator('.legend input').nth(i).check();
    assert.deepEqual(await drawn(page), before);
    assert.equal(paramsOf(page).get('hide'), null);
  },

  'map: the centre of each group has its shape and lies on top': async ({ open, base }) => {
    const data = await plotOf(base);
    const page = await open();
    for (const view of ['map', 'map?axes=pc']) {
      await page.view(view);
      const shapes = await page
        .locator('.middle path:last-child')
        .evaluateAll((all) => all.map((p) => (p.getAttribute('d').match(/[LAa]/g) ?? []).join('')));
      assert.equal(shapes.length, data.centroids.length);
      assert.equal(new Set(shapes).size, shapes.length, 'told apart by form');
      assert.ok(
        await page.evaluate(() => {
          const [mark] = [...document.querySelectorAll('.marks')].slice(-1);
          const after = Node.DOCUMENT_POSITION_FOLLOWING;
          return [...document.querySelectorAll('.middle')].every((m) => mark.compareDocumentPosition(m) & after);
        }),
      );
    }
  },

  'map: on a phone a tapped product can be opened where it is': async ({ open, base }) => {
    const { points } = await plotOf(base, 2);
    const page = await open(PHONE);
    await page.view('map?model=2');
    assert.ok((await overflow(page)) <= 0);
    await page.locator('.plot').scrollIntoViewIfNeeded();
    const box = await page.locator('.plot').boundingBox();
    for (let dy = 0; dy < box.height / 2 && !(await page.locator('.plot-tip').isVisible()); dy += 15)
      await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2 + dy);
    const link = page.locator('.plot-tip a');
    const place = await link.boundingBox();
    assert.ok(place.y > 0 && place.y + place.height < 740, 'the link is in sight');
    const name = await link.textContent();
    assert.ok(points.some((p) => p.name === name));
    await link.tap();
    await page.waitForURL(/#product/);
    await settled(page);
    assert.equal(await page.locator('.product h1').textContent(), name);
    assert.equal(paramsOf(page).get('model'), '2');
  },

  'map: ticks read the same everywhere, and none is cut': async ({ open }) => {
    for (const options of [{}, PHONE]) {
      const page = await open(options);
      await page.view('map');
      const labels = await page.locator('.axes text:not(.axis)').allTextContents();
      assert.ok(labels.length >= 5);
      for (const text of labels) assert.match(text, /^₹?[\d,.]+( lakh| crore)?$/);
      const cut = await page.evaluate(() => {
        const plot = document.querySelector('.plot').getBoundingClientRect();
        return [...document.querySelectorAll('.axes text')]
          .filter((t) => {
            const box = t.getBoundingClientRect();
            return box.left < plot.left + 2 || box.right > plot.right - 2 || box.bottom > plot.bottom - 2;
          })
          .map((t) => t.textContent);
      });
      assert.deepEqual(cut, []);
    }
  },
};
