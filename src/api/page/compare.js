// The same question to all three models: their first five answers, and how many of those they share.

import { debounce, el, newId } from './dom.js';
import { get } from './api.js';
import { createPane, message } from './pane.js';
import { prices, stars } from './cards.js';
import { productAddress } from './route.js';

/** Part of the models view: {node, ask(text), stop()}. Asking goes through the address, so that it can be shared. */
export function createComparison(app) {
    const input = el('input', {
        type: 'search',
        id: newId('ask'),
        maxlength: 200,
        autocomplete: 'off',
        placeholder: 'For example: usb cable',
    });
    const body = el('div', { class: 'compare-body' });
    const skeleton = () =>
        el(
            'div',
            { class: 'columns skeleton', 'aria-hidden': 'true' },
            [1, 2, 3].map(() =>
                el(
                    'div',
                    {},
                    Array.from({ length: 12 }, () => el('p', {}, el('span', { class: 'bone' }))),
                ),
            ),
        );
    let asked = null;
    const refused = (error) =>
        error.status === 404
            ? message('Nothing found', `Nothing resembles “${asked}”.`)
            : message('That does not work', 'The address may have been cut or mistyped.');
    const pane = createPane(body, { skeleton, refused });

    const soon = debounce(() => app.go('models', { q: input.value.trim() }, { replace: true }), 250);
    input.addEventListener('input', soon);
    const form = el(
        'form',
        { class: 'compare-form', role: 'search', 'aria-label': 'Ask all three models' },
        el('label', { for: input.id }, 'Search in all three models'),
        input,
    );
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        soon.cancel();
        app.go('models', { q: input.value.trim() }, { replace: true });
    });

    function column(answer, seen) {
        return el(
            'section',
            { 'aria-label': `Answers of model ${answer.model}` },
            el('h3', {}, `Model ${answer.model}`),
            answer.items.length === 0 ? el('p', { class: 'muted' }, 'No match in this part of the data.') : null,
            el(
                'ol',
                { class: 'answers' },
                answer.items.map((p) =>
                    el(
                        'li',
                        {},
                        el(
                            'p',
                            { class: 'card-name' },
                            el('a', { href: productAddress(p, answer.model) }, p.name || p.product_id),
                        ),
                        prices(p),
                        stars(p.rating, p.rating_count),
                        seen.get(p.product_id) === 1 ? el('span', { class: 'chip' }, 'only here') : null,
                    ),
                ),
            ),
        );
    }

    function ask(q) {
        if (q === asked) return;
        asked = q;
        if (document.activeElement !== input) input.value = q;
        if (q === '') {
            pane.stop();
            body.replaceChildren(
                el(
                    'p',
                    { class: 'muted' },
                    'Each model knows only its part of the rows. Search for something to see which products the ' +
                        'smaller models miss, and where they agree.',
                ),
            );
            return;
        }
        if (!body.querySelector('.columns')) body.replaceChildren(skeleton());
        pane.run(async (signal) => {
            const { body: answer } = await get('/api/similar_products', { name: q, model: 'all', limit: 5 }, signal);
            const seen = new Map();
            for (const m of answer.models)
                for (const p of m.items) seen.set(p.product_id, (seen.get(p.product_id) ?? 0) + 1);
            const overlap = Object.entries(answer.overlap ?? {}).map(
                ([pair, n]) => `models ${pair.replace('-', ' and ')} share ${n}`,
            );
            return [
                el('p', {}, `Of their first five, ${overlap.join(', ')}.`),
                el(
                    'div',
                    { class: 'columns' },
                    answer.models.map((m) => column(m, seen)),
                ),
            ];
        });
    }

    return {
        node: el(
            'section',
            { class: 'panel', 'aria-labelledby': 'compare' },
            el('h2', { id: 'compare' }, 'Ask all three'),
            form,
            body,
        ),
        ask,
        stop: () => {
            soon.cancel();
            pane.stop();
        },
    };
}
