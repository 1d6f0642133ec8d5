// Three models side by side: how large their groups are, how good the grouping is, and what more data changed.

import { el, table } from './dom.js';
import { createComparison } from './compare.js';
import { createPane, message } from './pane.js';
import { marker, markerClass, models } from './groups.js';
import { address } from './route.js';
import { capital, categoryName, count, decimal, percent, plural, rupees, score } from './format.js';

export const title = () => 'Three models';

const GROUPS_AT_ONCE = 8;

const PARTS = ['the first third of the rows', 'the first two thirds', 'all rows'];

// What a model is measured by. better: 1 = higher is better, -1 = lower is better, 0 = not comparable between models.
const MEASURES = [
    {
        key: 'silhouette',
        name: 'Silhouette',
        better: 1,
        range: [-1, 1],
        explain:
            'How much nearer a product is to its own group than to the next one. 1: groups stand far apart. ' +
            '0: products lie on the border. Below 0: many are in the wrong group.',
        words: (x) =>
            x >= 0.7 ? 'clearly apart' : x >= 0.5 ? 'well apart' : x >= 0.25 ? 'touching at the edges' : 'hardly apart',
    },
    {
        key: 'davies_bouldin',
        name: 'Davies–Bouldin',
        better: -1,
        range: [2, 0],
        explain: 'How much each group overlaps with its closest neighbour, on average. 0: not at all; lower is better.',
        words: (x) => (x <= 0.5 ? 'little overlap' : x <= 1 ? 'some overlap' : 'much overlap'),
    },
    {
        key: 'calinski_harabasz',
        name: 'Calinski–Harabasz',
        better: 0,
        explain:
            'How much groups differ from each other, compared with the differences inside them. Higher is better, ' +
            'but it also grows with the number of rows.',
        short: 'grows with the rows',
    },
    {
        key: 'inertia',
        name: 'Inertia',
        better: -1,
        of: (m) => m.inertia / m.rows,
        explain:
            'How far products lie from the middle of their group, squared, on average over the rows. Lower is tighter.',
    },
];

function meter(measure, value) {
    if (!measure.range || typeof value !== 'number') return null;
    const [from, to] = measure.range;
    const bar = el('span', { class: 'meter-fill' });
    bar.style.width = `${Math.max(0, Math.min(100, ((value - from) / (to - from)) * 100))}%`;
    return el('span', { class: 'meter', 'aria-hidden': 'true' }, bar);
}

function sizesBar(m) {
    const total = m.clusters.reduce((sum, c) => sum + c.size, 0) || 1;
    return el(
        'div',
        { class: 'sizes', 'aria-hidden': 'true' },
        m.clusters.map((c) => {
            const part = el('span', { class: markerClass(c.id) });
            part.style.flexGrow = c.size / total;
            return part;
        }),
    );
}

function groupRow(c, rows) {
    const top = (c.top_categories ?? []).slice(0, 3).map((t) => categoryName(t.category.split('|').pop()));
    const middle = c.median ?? {};
    return el(
        'li',
        {},
        el('p', { class: 'group-name' }, marker(c.id, 14), el('b', {}, capital(c.label))),
        el('p', { class: 'muted small' }, `${plural(c.size, 'row')}, ${percent((100 * c.size) / rows)}`),
        el(
            'dl',
            { class: 'profile' },
            el('div', {}, el('dt', {}, 'Price'), el('dd', {}, rupees(Math.round(middle.discounted_price)))),
            el('div', {}, el('dt', {}, 'Stars'), el('dd', {}, decimal(middle.rating, 1))),
            el('div', {}, el('dt', {}, 'Votes'), el('dd', {}, count(middle.rating_count))),
        ),
        top.length ? el('p', { class: 'muted small' }, `Mostly ${top.join(', ')}`) : null,
    );
}

function modelCard(m, index) {
    return el(
        'section',
        { class: 'panel model', 'aria-label': `Model ${m.model}` },
        el('h2', {}, `Model ${m.model}`),
        el('p', { class: 'muted' }, `${plural(m.rows, 'row')}: ${PARTS[index]}`),
        sizesBar(m),
        el(
            'ul',
            { class: 'group-list' },
            m.clusters.slice(0, GROUPS_AT_ONCE).map((c) => groupRow(c, m.rows)),
        ),
        m.clusters.length > GROUPS_AT_ONCE
            ? el(
                  'details',
                  {},
                  el('summary', {}, `${m.clusters.length - GROUPS_AT_ONCE} more groups`),
                  el(
                      'ul',
                      { class: 'group-list' },
                      m.clusters.slice(GROUPS_AT_ONCE).map((c) => groupRow(c, m.rows)),
                  ),
              )
            : null,
        el(
            'dl',
            { class: 'measures' },
            MEASURES.map((measure) => {
                const value = m[measure.key];
                const words = typeof value === 'number' && measure.words ? measure.words(value) : null;
                const note = measure.key === 'inertia' ? perRow(m) : words;
                return el(
                    'div',
                    {},
                    el('dt', {}, measure.name),
                    el(
                        'dd',
                        {},
                        el('b', {}, score(value)),
                        note ? el('span', { class: 'muted' }, ` ${note}`) : null,
                        meter(measure, value),
                    ),
                );
            }),
        ),
        el(
            'p',
            {},
            el('a', { href: address('map', { model: m.model === 3 ? '' : m.model }) }, `Model ${m.model} on the map`),
        ),
    );
}

/** One sentence on what changed from the first to the last model. */
function verdict(measure, list) {
    const of = measure.of ?? ((m) => m[measure.key]);
    const from = of(list[0]);
    const to = of(list.at(-1));
    if (!list.every((m) => typeof m[measure.key] === 'number')) return 'not defined for every model';
    if (measure.better === 0) return measure.short;
    const change = (to - from) * measure.better;
    if (Math.abs(to - from) < 0.02 * Math.abs(from)) return 'about the same';
    return change > 0 ? 'better with more data' : 'worse with more data';
}

const perRow = (m) => (typeof m.inertia === 'number' ? `${score(m.inertia / m.rows)} a row` : score(null));

/** A group's share of a model's rows, and the medians of its prices, stars and votes. */
function groupCell(group, rows) {
    if (!group) return 'not there';
    const { discounted_price: price, rating, rating_count: votes } = group.median ?? {};
    return [
        percent((100 * group.size) / rows),
        el('small', {}, `middle values: ${rupees(Math.round(price))}, ${decimal(rating, 1)} stars, ${count(votes)} votes`),
    ];
}

const AGREEMENT = [
    [0.95, 'the same groups'],
    [0.8, 'nearly the same groups'],
    [0.5, 'partly the same groups'],
    [-1, 'other groups'],
];

/** How many rows a larger model groups otherwise, and whose centre moved most. Older generations do not tell. */
function drift(list) {
    const pairs = list.flatMap((m) => (m.agreement ?? []).map((a) => [m, a]));
    if (pairs.length === 0) return null;
    const rows = pairs.map(([m, a]) => {
        const most = a.centroid_moves.indexOf(Math.max(...a.centroid_moves));
        return [
            `From model ${a.model} to ${m.model}`,
            `${count(a.changed_rows)} of ${count(a.rows)} (${percent((100 * a.changed_rows) / a.rows, 1)})`,
            decimal(a.adjusted_rand, 3),
            [
                marker(most),
                ' ',
                capital(m.clusters.find((c) => c.id === most)?.label ?? `group ${most}`),
                el('small', {}, `by ${decimal(a.centroid_moves[most], 2)} standard deviations`),
            ],
            el('b', {}, AGREEMENT.find(([least]) => a.adjusted_rand >= least)?.[1] ?? ''),
        ];
    });
    const columns = ['Step', 'Rows in another group', 'Agreement', 'Centre that moved most', 'In short'];
    return [
        el('h3', {}, 'Did the groups hold?'),
        el(
            'p',
            { class: 'muted' },
            'The rows of the smaller model, as both models group them. Agreement is the adjusted Rand index: 1 is the ' +
                'same grouping, 0 no more than chance.',
        ),
        table('Agreement between models', columns, rows),
    ];
}

function changes(list) {
    const names = list.map((m) => `Model ${m.model}`);
    const quality = MEASURES.map((measure) => [
        [measure.name, el('small', {}, measure.explain)],
        ...list.map((m) => (measure.key === 'inertia' ? perRow(m) : score(m[measure.key]))),
        el('b', {}, verdict(measure, list)),
    ]);
    const groups = list.at(-1).clusters.map(({ id, label }) => [
        [marker(id), ' ', capital(label)],
        ...list.map((m) =>
            groupCell(
                m.clusters.find((c) => c.id === id),
                m.rows,
            ),
        ),
    ]);
    return el(
        'section',
        { class: 'panel', 'aria-labelledby': 'changes' },
        el('h2', { id: 'changes' }, 'What more data changed'),
        table('How good the grouping is, by model', ['Measure', ...names, 'In short'], quality),
        el('h3', {}, 'The groups themselves'),
        el(
            'p',
            { class: 'muted' },
            'Share of all rows in each group, and its middle price, stars and votes: for each of the three, half of ' +
                'the group lies below and half above.',
        ),
        table('Groups, by model', ['Group', ...names], groups),
        drift(list),
    );
}

export function mount(main, app) {
    const body = el('div', { class: 'models-body' });
    const pane = createPane(body, {
        skeleton: () =>
            el(
                'div',
                { class: 'columns' },
                [1, 2, 3].map(() =>
                    el(
                        'div',
                        { class: 'panel model skeleton', 'aria-hidden': 'true' },
                        Array.from({ length: 10 }, () => el('p', {}, el('span', { class: 'bone' }))),
                    ),
                ),
            ),
    });
    const compare = createComparison(app);
    compare.node.hidden = true; // until the models are there: it would be pushed down by them
    main.append(
        el(
            'div',
            { class: 'view-head' },
            el('h1', { tabIndex: -1 }, 'Three models of one market'),
            el(
                'p',
                { class: 'lead' },
                'Pasar sorts products into groups by price, votes and stars. Nobody tells it what the groups are: it ' +
                    'finds products that lie close together (the method is called k-means). It does so three times, on more ' +
                    'and more of the data, so that you can see what more data changes.',
            ),
        ),
        body,
        compare.node,
    );
    const loaded = pane.run(async () => {
        const list = await models();
        compare.node.hidden = false;
        if (list.length === 0) return message('No models', 'The server has none loaded.');
        return [el('div', { class: 'columns' }, list.map(modelCard)), changes(list)];
    });

    function update(params) {
        compare.ask((params.q ?? '').trim());
        return loaded;
    }

    return {
        update,
        stop: () => {
            pane.stop();
            compare.stop();
        },
    };
}
