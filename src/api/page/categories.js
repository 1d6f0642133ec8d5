// Browsing: the category tree with counts, filters, sort order, and the products that remain.

import { debounce, el, newId, svg } from './dom.js';
import { get } from './api.js';
import { createPane } from './pane.js';
import { createResults } from './results.js';
import { model } from './groups.js';
import { address, shown } from './route.js';
import { capital, categoryName, count, plural, rupees } from './format.js';

// The first is the page's own default: five stars from two people are no recommendation.
const BEST = '-score';
const SORTS = [
    ['', 'Best rated by many'],
    ['-rating', 'Highest rated'],
    ['-rating_count', 'Most votes'],
    ['price', 'Price: low to high'],
    ['-price', 'Price: high to low'],
    ['-discount', 'Largest discount'],
];
const RATINGS = [
    ['', 'Any'],
    ['3', '3 and up'],
    ['3.5', '3.5 and up'],
    ['4', '4 and up'],
    ['4.5', '4.5 and up'],
];
const FILTERS = ['sort', 'min_price', 'max_price', 'min_rating', 'cluster'];

/** Prices of which the lowest is above the highest: no list could be filtered by them. */
const isCrossed = ({ min_price: low, max_price: high }) => Boolean(low && high) && Number(low) > Number(high);

/** What to say of them, and links to what may have been meant. */
function crossedWords(state) {
    const { min_price: low, max_price: high } = state;
    const [from, to] = [rupees(Number(high)), rupees(Number(low))];
    return [
        `The lowest price, ${to}, is above the highest, ${from}.`,
        [
            [`${from} to ${to}`, address('browse', { ...state, min_price: high, max_price: low })],
            ['Any price', address('browse', { ...state, min_price: '', max_price: '' })],
        ],
    ];
}

const filtered = (state) => FILTERS.some((name) => name !== 'sort' && state[name]);
const lastPart = (path) =>
    String(path ?? '')
        .split('|')
        .pop();

export const title = (params) => categoryName(lastPart(params.category));

/** Rows of the tree from the API's answer: [{name, count, children: [{name, count}]}]. */
function treeOf(body) {
    return Object.entries(body).map(([name, main]) => ({
        name,
        count: main.count,
        children: main.subcategories ?? [],
    }));
}

function option([value, text]) {
    return el('option', { value }, text);
}

/** The tree: each main category is a link, with a button that opens its second level. */
function tree(rows, chosen, total) {
    const link = (path, name, n) =>
        el(
            'a',
            {
                href: address('browse', { category: path }),
                'data-path': path,
                'aria-current': chosen === path ? 'true' : null,
            },
            el('span', {}, categoryName(name)),
            el('span', { class: 'tally' }, count(n)),
        );
    const top = chosen.split('|')[0];
    return el(
        'ul',
        { class: 'tree' },
        el(
            'li',
            {},
            el('div', { class: 'tree-row' }, el('span', { class: 'tree-gap' }), link('', 'All products', total)),
        ),
        rows.map((row) => {
            const id = newId('sub');
            const list = el(
                'ul',
                { id, hidden: row.name !== top },
                row.children.map((sub) => el('li', {}, link(`${row.name}|${sub.name}`, sub.name, sub.count))),
            );
            const toggle = el(
                'button',
                {
                    type: 'button',
                    class: 'tree-toggle',
                    'aria-controls': id,
                    'aria-expanded': String(row.name === top),
                    'aria-label': `Parts of ${categoryName(row.name)}`,
                },
                svg(
                    'svg',
                    { viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true' },
                    svg('path', {
                        d: 'M4 2l4 4-4 4',
                        fill: 'none',
                        stroke: 'currentColor',
                        'stroke-width': 1.6,
                        'stroke-linecap': 'round',
                    }),
                ),
            );
            toggle.addEventListener('click', () => {
                list.hidden = !list.hidden;
                toggle.setAttribute('aria-expanded', String(!list.hidden));
            });
            return el(
                'li',
                {},
                el(
                    'div',
                    { class: 'tree-row' },
                    row.children.length ? toggle : el('span', { class: 'tree-gap' }),
                    link(row.name, row.name, row.count),
                ),
                list,
            );
        }),
    );
}

function treeSkeleton() {
    return el(
        'ul',
        { class: 'tree skeleton', 'aria-hidden': 'true' },
        Array.from({ length: 9 }, () => el('li', {}, el('div', { class: 'tree-row' }, el('span', { class: 'bone' })))),
    );
}

export function mount(main, app) {
    let state = {};

    const field = (label, control) => {
        control.id = newId('filter');
        return el('div', { class: 'field' }, el('label', { for: control.id }, label), control);
    };
    const number = (placeholder) =>
        el('input', { type: 'number', min: 0, step: 'any', inputmode: 'decimal', placeholder });
    const controls = {
        sort: el('select', {}, SORTS.map(option)),
        min_price: number('any'),
        max_price: number('any'),
        min_rating: el('select', {}, RATINGS.map(option)),
        cluster: el('select', {}, option(['', 'Any'])),
    };
    const clear = el('button', { type: 'button', class: 'plain', hidden: true }, 'Clear filters');
    const crossedNote = el(
        'p',
        { class: 'field-note', id: newId('crossed'), hidden: true },
        'The lowest is above the highest.',
    );
    const filters = el(
        'form',
        { class: 'filters', 'aria-label': 'Filters' },
        el(
            'div',
            { class: 'field-pair' },
            field('Lowest price, ₹', controls.min_price),
            field('Highest price, ₹', controls.max_price),
        ),
        crossedNote,
        field('Stars', controls.min_rating),
        field('Group', controls.cluster),
    );
    const treeNode = el('nav', { class: 'tree-pane', 'aria-label': 'Categories' });
    const treePane = createPane(treeNode, { skeleton: treeSkeleton });
    const heading = el('h1', { tabIndex: -1 }, 'All products');
    /** The same category without filters if there are any, then the categories that the API names, or all of them. */
    function suggest(texts) {
        const links = texts
            .filter((text) => text !== state.category)
            .map((text) => [categoryName(text), address('browse', { category: text })]);
        const bare = address('browse', { category: state.category, sort: state.sort });
        if (filtered(state)) return [['Without filters', bare], ...links];
        return [...links, ['All products', address('browse')]];
    }

    function missing() {
        const name = `“${categoryName(lastPart(state.category))}”`;
        if (!filtered(state)) return `There is no category ${name}.`;
        return state.category ? `Nothing in ${name} fits the filters.` : 'No product fits the filters.';
    }

    function markCrossed(crossed) {
        crossedNote.hidden = !crossed;
        for (const box of [controls.min_price, controls.max_price]) {
            const mark = (name, value) => (crossed ? box.setAttribute(name, value) : box.removeAttribute(name));
            mark('aria-invalid', 'true');
            mark('aria-describedby', crossedNote.id);
        }
    }

    const results = createResults({
        describe: (total) => plural(total, 'product'),
        missing,
        suggest,
        advice: 'A wider price range, fewer stars or another category may help.',
        onMore: (n) => app.note({ ...state, n }),
        onLoaded: () => loadGroups().catch(() => {}), // the other filters work without
    });
    const active = el('span', { class: 'muted' }); // how many filters are set, for the closed box of a phone
    const side = el(
        'details',
        { class: 'side' },
        el('summary', {}, 'Filters and categories', active),
        // The filters first: below the tree they would leave the window as soon as a branch of it is open.
        el(
            'div',
            { class: 'side-in' },
            el('div', { class: 'side-head' }, el('h2', {}, 'Filters'), clear),
            filters,
            el('h2', {}, 'Categories'),
            treeNode,
        ),
    );
    const wide = matchMedia('(min-width: 60rem)');
    const fold = () => {
        side.open = wide.matches;
    };
    wide.addEventListener('change', fold);
    fold();
    results.node.querySelector('.results-head').append(field('Sort by', controls.sort));
    const lead = el('p', { class: 'lead' }, 'Search, name a price, or see on the map how three models group it all.');
    main.append(el('div', { class: 'view-head' }, heading, lead), side, results.node);

    // Each choice is an entry of the history; a price that is being typed is one, however many digits it has.
    let typing = null;
    function apply(replace = false) {
        const next = { category: state.category };
        for (const name of FILTERS) next[name] = controls[name].value.trim();
        app.go('browse', next, { replace });
    }
    const applySoon = debounce((name) => {
        apply(typing === name);
        typing = name;
    }, 300);
    filters.addEventListener('submit', (event) => {
        event.preventDefault();
        applySoon.cancel();
        apply();
    });
    for (const name of ['sort', 'min_rating', 'cluster']) controls[name].addEventListener('change', () => apply());
    for (const name of ['min_price', 'max_price']) {
        controls[name].addEventListener('input', () => applySoon(name));
        controls[name].addEventListener('blur', () => {
            typing = null;
        });
    }
    clear.addEventListener('click', () => app.go('browse', { category: state.category, sort: state.sort }));

    async function loadGroups() {
        const m = await model(3);
        if (!m || controls.cluster.options.length > 1) return;
        controls.cluster.append(
            ...m.clusters.map((c) => option([String(c.id), `${capital(c.label)} (${count(c.size)})`])),
        );
        controls.cluster.value = state.cluster ?? '';
    }

    let drawTree = () => {};
    treePane.run(async (signal) => {
        const [categories, all] = await Promise.all([
            get('/api/categories', { counts: 1 }, signal),
            get('/api/products', { category: '', limit: 1 }, signal), // some may be in no category
        ]);
        const rows = treeOf(categories.body);
        const total = all.total ?? rows.reduce((sum, row) => sum + row.count, 0);
        drawTree = () => treeNode.replaceChildren(tree(rows, state.category ?? '', total));
        return tree(rows, state.category ?? '', total);
    });

    function update(params) {
        const moved = state.category !== params.category;
        state = { category: params.category };
        for (const name of FILTERS) state[name] = params[name];
        for (const name of FILTERS) {
            if (document.activeElement !== controls[name]) controls[name].value = params[name] ?? '';
        }
        clear.hidden = !filtered(state);
        const set = FILTERS.filter((name) => name !== 'sort' && state[name]).length;
        active.textContent = set ? ` (${set} set)` : '';
        const crossed = isCrossed(state);
        markCrossed(crossed);
        lead.hidden = Boolean(params.category) || filtered(state);
        heading.textContent = params.category ? categoryName(lastPart(params.category)) : 'All products';
        if (moved) {
            const focused = treeNode.contains(document.activeElement) ? document.activeElement.dataset.path : undefined;
            drawTree();
            if (focused !== undefined) {
                [...treeNode.querySelectorAll('a')]
                    .find((a) => a.dataset.path === focused)
                    ?.focus({ preventScroll: true });
            }
        }
        if (crossed) return results.refuse(...crossedWords(state));
        return results.load('/api/products', { ...state, sort: state.sort || BEST }, shown(params));
    }

    return {
        update,
        stop: () => {
            wide.removeEventListener('change', fold);
            applySoon.cancel();
            treePane.stop();
            results.stop();
        },
    };
}
