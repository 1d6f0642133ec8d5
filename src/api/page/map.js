// The map: all products as points, price against votes, marked by group. What is drawn is in plot.js.

import { el, table } from './dom.js';
import { get } from './api.js';
import { createPane, message } from './pane.js';
import { createPlot } from './plot.js';
import { marker, models } from './groups.js';
import { prices, stars } from './cards.js';
import { address } from './route.js';
import { capital, count, decimal, plural, rupees } from './format.js';

export const title = () => 'Map of the market';

const PARTS = { 1: 'first third of the rows', 2: 'first two thirds', 3: 'all rows' };

/** The product under the pointer, beside the plot. */
function pointCard(point) {
    if (!point)
        return el('p', { class: 'muted' }, 'Point at the map, tap it, or move with the arrow keys to see a product.');
    return el(
        'div',
        {},
        el('p', { class: 'card-name' }, el('a', { href: address('product', { id: point.product_id }) }, point.name)),
        prices(point),
        stars(point.rating, point.rating_count),
    );
}

function legend(clusters, hidden, onToggle) {
    return el(
        'fieldset',
        { class: 'legend' },
        el('legend', {}, 'Groups'),
        clusters.map((c) => {
            const box = el('input', { type: 'checkbox', checked: !hidden.has(c.id) });
            box.addEventListener('change', () => onToggle(c.id, box.checked));
            return el(
                'label',
                {},
                box,
                marker(c.id, 14),
                el('span', {}, capital(c.label)),
                el('span', { class: 'tally' }, count(c.size)),
            );
        }),
    );
}

/** The groups in numbers, for those who would rather read than look. */
function groupTable(clusters) {
    const columns = ['Group', 'Rows', 'Middle price', 'Middle votes', 'Middle stars'];
    const rows = clusters.map(({ id, label, size, median = {} }) => [
        [marker(id), ' ', capital(label)],
        count(size),
        rupees(median.discounted_price),
        count(median.rating_count),
        decimal(median.rating, 1),
    ]);
    return el(
        'details',
        { class: 'about' },
        el('summary', {}, 'The groups as a table'),
        table('Groups', columns, rows),
    );
}

export function mount(main, app) {
    const chooser = el(
        'fieldset',
        { class: 'segments' },
        el('legend', { class: 'unseen' }, 'Model'),
        [1, 2, 3].map((n) =>
            el(
                'label',
                {},
                el('input', {
                    type: 'radio',
                    name: 'model',
                    value: n,
                    onchange: () => app.go('map', { model: n === 3 ? '' : n }),
                }),
                el('span', {}, `Model ${n}`, el('small', {}, PARTS[n])),
            ),
        ),
    );
    const body = el('div', { class: 'map-body' });
    const pane = createPane(body, {
        skeleton: () => el('div', { class: 'plot skeleton', 'aria-hidden': 'true' }),
        refused: (error) => message('No map', error.message),
    });
    main.append(
        el(
            'div',
            { class: 'view-head' },
            el('h1', { tabIndex: -1 }, 'Map of the market'),
            el(
                'p',
                { class: 'lead' },
                'Each mark is a product: cheap on the left, dear on the right, few votes below, many above. ' +
                    'Both scales grow tenfold from line to line. Colour and shape tell the group.',
            ),
        ),
        chooser,
        body,
    );

    function update(params) {
        const number = [1, 2, 3].includes(Number(params.model)) ? Number(params.model) : 3;
        chooser.querySelector(`input[value="${number}"]`).checked = true;
        return pane.run(async (signal) => {
            const [{ body: data }, loaded] = await Promise.all([get('/api/plot', { model: number }, signal), models()]);
            const clusters = loaded.find((m) => m.model === number)?.clusters ?? [];
            const detail = el('div', { class: 'panel plot-detail' }, pointCard(null));
            const hidden = new Set();
            const plot = createPlot(data, clusters, {
                onPoint: (point) => detail.replaceChildren(pointCard(point)),
                onOpen: (point) => app.go('product', { id: point.product_id }),
            });
            const left = data.points.length - plot.drawn;
            const note = [
                data.sampled < data.total
                    ? `${plural(data.sampled, 'product')} of ${count(data.total)}, evenly sampled`
                    : plural(data.total, 'product'),
            ];
            if (left > 0) note.push(`${count(left)} without a price or votes cannot be placed`);
            const side = el(
                'div',
                { class: 'map-side' },
                legend(clusters, hidden, (id, on) => {
                    if (on) hidden.delete(id);
                    else hidden.add(id);
                    plot.hide(hidden);
                }),
                detail,
            );
            return [
                el(
                    'figure',
                    { class: 'plot-figure' },
                    plot.node,
                    el(
                        'figcaption',
                        { class: 'muted small' },
                        `${note.join('; ')}. Rings mark the average of each group.`,
                    ),
                ),
                side,
                groupTable(clusters),
            ];
        });
    }

    return { update, stop: pane.stop };
}
