// The map: all products as points, marked by group; by price and votes, or along the directions in which products
// differ most. What is drawn is in plot.js.

import { el, table } from './dom.js';
import { get } from './api.js';
import { createPane, message } from './pane.js';
import { createPlot } from './plot.js';
import { marker, models } from './groups.js';
import { productAddress } from './route.js';
import { capital, count, countShort, decimal, percent, plural, rupees, rupeesShort } from './format.js';

export const title = () => 'Map of the market';

const PARTS = { 1: 'first third of the rows', 2: 'first two thirds', 3: 'all rows' };

// A feature's name, and what more and less of it are called.
const FEATURES = {
    discounted_price: ['price', 'dearer', 'cheaper'],
    actual_price: ['list price', 'higher list price', 'lower list price'],
    discount_percentage: ['discount', 'bigger discount', 'smaller discount'],
    rating: ['stars', 'more stars', 'fewer stars'],
    rating_count: ['votes', 'more votes', 'fewer votes'],
};

const MARKET = {
    x: { of: (p) => p.price ?? NaN, log: true, name: 'price', title: 'Price', tick: rupeesShort },
    y: { of: (p) => p.rating_count ?? NaN, log: true, name: 'votes', title: 'Votes', tick: countShort },
};
const MARKET_LEAD =
    'Each mark is a product: cheap on the left, dear on the right, few votes below, many above. ' +
    'Both scales grow tenfold from line to line. Colour and shape tell the group.';

/** Where a component leads, by its largest weights: "more votes, dearer". */
function direction(weights) {
    return Object.entries(weights)
        .filter(([, w]) => Math.abs(w) >= 0.4)
        .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
        .slice(0, 3)
        .map(([feature, w]) => FEATURES[feature]?.[w > 0 ? 1 : 2] ?? feature)
        .join(', ');
}

/** The axes and the words of the principal components; null when the model has no two of them. */
function componentsOf(data) {
    const { components = [], explained_variance_ratio: shares = [] } = data.principal_components ?? {};
    if (components.length < 2) return null;
    const axis = (i) => ({
        of: (p) => p.pc?.[i] ?? NaN,
        log: false,
        name: `component ${i + 1}`,
        title: `${'→↑'[i]} ${direction(components[i])} (${percent(100 * shares[i])})`,
        tick: (at) => String(at).replace('-', '−'),
    });
    const names = Object.keys(components[0]).map((f) => FEATURES[f]?.[0] ?? f);
    return {
        x: axis(0),
        y: axis(1),
        lead:
            `The two directions in which products differ most, each a mixture of ${names.join(', ')} (principal ` +
            `components). Together they show ${percent(100 * (shares[0] + shares[1]))} of all differences: groups that ` +
            'lie on top of each other by price and votes come apart here.',
    };
}

function legend(clusters, hidden, onToggle) {
    return el(
        'fieldset',
        { class: 'legend' },
        el('legend', {}, 'Groups, with their rows'),
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

/** How many products are drawn, of how many, from how many rows. */
function caption(data, rows, left) {
    const note = [
        data.sampled < data.total
            ? `${plural(data.sampled, 'product')} of ${count(data.total)}, evenly sampled`
            : `${plural(data.total, 'different product')} from ${plural(rows, 'row')}`,
    ];
    if (left > 0) note.push(`${count(left)} without a price or votes cannot be placed`);
    return `${note.join('; ')}. Large marks stand at the average of each group.`;
}

function choice(legendText, name, options, onChange) {
    return el(
        'fieldset',
        { class: 'segments' },
        el('legend', { class: 'unseen' }, legendText),
        options.map(([value, text, small]) =>
            el(
                'label',
                {},
                el('input', { type: 'radio', name, value, onchange: () => onChange(value) }),
                el('span', {}, text, el('small', {}, small)),
            ),
        ),
    );
}

export function mount(main, app) {
    let state = {};
    const go = (change) => app.go('map', { ...state, ...change });
    const byModel = choice(
        'Model',
        'model',
        [1, 2, 3].map((n) => [n, `Model ${n}`, PARTS[n]]),
        (n) => go({ model: n === 3 ? '' : n }),
    );
    const byAxes = choice(
        'Axes',
        'axes',
        [
            ['', 'Price and votes', 'logarithmic scales'],
            ['pc', 'Where products differ', 'principal components'],
        ],
        (axes) => go({ axes }),
    );
    const lead = el('p', { class: 'lead' }, MARKET_LEAD);
    const body = el('div', { class: 'map-body' });
    const pane = createPane(body, {
        skeleton: () => el('div', { class: 'plot skeleton', 'aria-hidden': 'true' }),
        refused: (error) => message('No map', error.message),
    });
    main.append(
        el('div', { class: 'view-head' }, el('h1', { tabIndex: -1 }, 'Map of the market'), lead),
        el('div', { class: 'choices' }, byModel, byAxes),
        body,
    );

    function update({ model, axes, hide = '' }) {
        const number = [1, 2, 3].includes(Number(model)) ? Number(model) : 3;
        state = { model: number === 3 ? '' : number, axes: axes === 'pc' ? 'pc' : '', hide };
        byModel.querySelector(`[value="${number}"]`).checked = true;
        byAxes.querySelector(`[value="${state.axes}"]`).checked = true;
        return pane.run(async (signal) => {
            const [{ body: data }, loaded] = await Promise.all([get('/api/plot', { model: number }, signal), models()]);
            const m = loaded.find((one) => one.model === number);
            const clusters = m?.clusters ?? [];
            const hidden = new Set(hide === '' ? [] : hide.split('.').map(Number));
            const components = componentsOf(data);
            const shown = state.axes === 'pc' && components ? components : MARKET;
            byAxes.querySelector('[value="pc"]').disabled = components === null;
            if (shown === MARKET) byAxes.querySelector('[value=""]').checked = true;
            lead.textContent = shown.lead ?? MARKET_LEAD;
            const plot = createPlot(data, clusters, {
                x: shown.x,
                y: shown.y,
                hidden,
                link: (point) => productAddress(point, number),
            });
            const side = legend(clusters, hidden, (id, on) => {
                if (on) hidden.delete(id);
                else hidden.add(id);
                plot.hide(hidden);
                state.hide = [...hidden].sort((a, b) => a - b).join('.');
                app.note(state);
            });
            return [
                el(
                    'figure',
                    { class: 'plot-figure' },
                    plot.node,
                    el(
                        'figcaption',
                        { class: 'muted small' },
                        caption(data, m?.rows ?? data.total, data.points.length - plot.drawn),
                    ),
                ),
                el('div', { class: 'map-side' }, side),
                groupTable(clusters),
            ];
        });
    }

    return { update, stop: pane.stop };
}
