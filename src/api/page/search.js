// Search results: products most like the words typed, each with the reasons why.

import { el } from './dom.js';
import { createResults } from './results.js';
import { shown } from './route.js';
import { count } from './format.js';

export const title = (params) => (params.q ? `“${params.q}”` : 'Search');

export function mount(main, app) {
    let state = {};
    const heading = el('h1', { tabIndex: -1 }, 'Search');
    const results = createResults({
        describe: () => '',
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
            if (total === 0) return 'No matches';
            return total === 1
                ? '1 product, and why it is here'
                : `${count(total)} products, most similar first, each with why it is here`;
        });
    }

    return { update, stop: results.stop };
}
