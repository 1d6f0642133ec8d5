// Search results: products most like the words typed, each with the reasons why.

import { el } from './dom.js';
import { createResults } from './results.js';
import { get } from './api.js';
import { address, shown } from './route.js';
import { categoryName, plural } from './format.js';

export const title = (params) => (params.q ? `“${params.q}”` : 'Search');

/** The API's own suggestions as searches; if it has none, the parts of the market to look around in. */
async function suggest(texts) {
    if (texts.length > 0) return texts.map((text) => [categoryName(text), address('search', { q: text })]);
    const names = Object.keys((await get('/api/categories').catch(() => ({ body: {} }))).body);
    return names.slice(0, 8).map((name) => [categoryName(name), address('browse', { category: name })]);
}

export function mount(main, app) {
    let state = {};
    const heading = el('h1', { tabIndex: -1 }, 'Search');
    const results = createResults({
        describe: () => '',
        missing: () => `Nothing resembles “${state.q}”.`,
        suggest,
        advice: 'Fewer or other words may help.',
        onMore: (n) => app.note({ ...state, n }),
    });
    main.append(el('div', { class: 'view-head' }, heading), results.node);

    function update(params) {
        state = { q: params.q };
        const q = (params.q ?? '').trim();
        heading.textContent = q ? `Results for “${q}”` : 'Search';
        if (q === '') return Promise.resolve();
        return results.load('/api/similar_products', { name: q }, shown(params), (total) => {
            if (total === 0) return '';
            return `${plural(total, 'product')}, most similar first`;
        });
    }

    return { update, stop: results.stop };
}
