// What is loaded, how old it is, and how the server is doing, from its own /readyz, /api/models and /metrics.

import { el, svg, table } from './dom.js';
import { getText, readiness } from './api.js';
import { createPane } from './pane.js';
import { models } from './groups.js';
import { sourcesTable } from './origin.js';
import { ago, count, dateTime, duration, NONE, plural, score } from './format.js';

export const title = () => 'Status';

const POLL_MS = 3000;
const HISTORY = 60; // points of the requests-per-second line

/** Prometheus text as [{name, labels: {…}, value}]. */
export function parseMetrics(text) {
    const series = [];
    for (const line of text.split('\n')) {
        const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
        if (!match || line.startsWith('#')) continue;
        const labels = {};
        for (const [, key, value] of (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
            labels[key] = value.replace(/\\(.)/g, '$1');
        series.push({ name: match[1], labels, value: Number(match[3].replace('Inf', 'Infinity')) });
    }
    return series;
}

/** Cumulative buckets [[upper bound, count]] of the histogram `name`, summed over the series that `keep` accepts. */
function buckets(series, name, keep) {
    const sums = new Map();
    for (const s of series) {
        if (s.name !== `${name}_bucket` || !keep(s.labels)) continue;
        const bound = s.labels.le === '+Inf' ? Infinity : Number(s.labels.le);
        sums.set(bound, (sums.get(bound) ?? 0) + s.value);
    }
    return [...sums].sort(([a], [b]) => a - b);
}

/** The value below which the part q of all observations lies, straight-line within its bucket (as Prometheus does). */
export function quantile(cumulative, q) {
    const total = cumulative.at(-1)?.[1] ?? 0;
    if (total === 0) return null;
    let low = 0;
    let below = 0;
    for (const [bound, upTo] of cumulative) {
        if (upTo >= q * total) {
            if (bound === Infinity) return low;
            return upTo === below ? bound : low + ((bound - low) * (q * total - below)) / (upTo - below);
        }
        low = bound;
        below = upTo;
    }
    return low;
}

const ENOUGH = 20; // observations, below which their percentiles are chance

/** The quantile in words; of the first and the last bucket only one bound is known. */
export function within(cumulative, q) {
    const total = cumulative.at(-1)?.[1] ?? 0;
    if (total < ENOUGH) return NONE;
    const [[first, inFirst]] = cumulative;
    const [last, upToLast] = cumulative.at(-2) ?? [0, 0];
    if (inFirst >= q * total) return `< ${duration(first)}`;
    if (upToLast < q * total) return `> ${duration(last)}`;
    return duration(quantile(cumulative, q));
}

const sum = (series, name, keep = () => true) =>
    series.reduce((n, s) => (s.name === name && keep(s.labels) ? n + s.value : n), 0);

function tile(name, value, note) {
    return el(
        'div',
        { class: 'panel tile' },
        el('dt', {}, name),
        el('dd', {}, el('b', {}, value), note ? el('small', { class: 'muted' }, note) : null),
    );
}

const rate = (v) => `${v.toFixed(v < 10 ? 1 : 0)} /s`;

/** The rates so far, the newest on the right, between 0 and the highest of them. */
function line(history) {
    const most = Math.max(...history);
    const points = history.map((v, i) => {
        const x = 300 * (1 - (history.length - 1 - i) / (HISTORY - 1));
        return `${x.toFixed(1)} ${(38 - (v / (most || 1)) * 36).toFixed(1)}`;
    });
    const path = (d, more) => svg('path', { d, fill: 'none', 'vector-effect': 'non-scaling-stroke', ...more });
    return [
        svg(
            'svg',
            { class: 'sparkline', viewBox: '0 0 300 40', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
            path('M0 38H300M0 2H300', { class: 'grid' }),
            points.length > 1 ? path(`M${points.join('L')}`, { stroke: 'currentColor', 'stroke-width': 1.5 }) : null,
        ),
        el(
            'p',
            { class: 'muted small' },
            points.length > 1
                ? `Highest: ${rate(most)}. Up to ${(HISTORY * POLL_MS) / 60000} minutes, since this view was opened; now is on the right.`
                : 'Collecting…',
        ),
    ];
}

// The server's names for its counters.
const REQUESTS = 'pasar_api_requests_total';
const SECONDS = 'pasar_api_request_seconds';
const ROUTE = 'endpoint';
// What this view and other watchers ask for to see how the server is doing.
const CHECKS = new Set(['/metrics', '/readyz', '/healthz']);
const isVisit = (labels) => !CHECKS.has(labels[ROUTE]);

const section = (title, ...content) => el('section', { class: 'panel numbers' }, el('h2', {}, title), content);

function endpoints(series) {
    const names = [...new Set(series.filter((s) => s.name === REQUESTS).map((s) => s.labels[ROUTE]))]
        .filter(Boolean)
        .sort();
    const rows = names
        .map((name) => {
            const here = (labels) => labels[ROUTE] === name;
            const h = buckets(series, SECONDS, here);
            const n = sum(series, REQUESTS, here);
            const refused = sum(series, REQUESTS, (l) => here(l) && /^4/.test(l.code ?? ''));
            // "Not ready yet" is an answer, not a failure.
            const failed = sum(series, REQUESTS, (l) => here(l) && name !== '/readyz' && /^5/.test(l.code ?? ''));
            return n > 0
                ? [
                      name,
                      count(n),
                      count(refused),
                      count(failed),
                      within(h, 0.5),
                      within(h, 0.99),
                  ]
                : null;
        })
        .filter(Boolean);
    if (rows.length === 0) return null;
    const columns = ['Address', 'Requests', 'Refused', 'Failed', '50% within', '99% within'];
    const few = el('p', { class: 'muted small' }, `How long answers take is told from ${ENOUGH} requests on.`);
    return section('By address', table('Requests by address', columns, rows), few);
}

function loadedModels(list) {
    const rows = list.map((m) => [
        `Model ${m.model}`,
        count(m.rows),
        count(m.k),
        score(m.silhouette),
        dateTime(m.trained_at),
    ]);
    return section('Models', table('Models loaded', ['Model', 'Rows', 'Groups', 'Silhouette', 'Trained'], rows));
}

export function mount(main) {
    const body = el('div', { class: 'status-body' });
    const pane = createPane(body, {
        skeleton: () =>
            el(
                'div',
                { class: 'tiles' },
                Array.from({ length: 6 }, () =>
                    el(
                        'div',
                        { class: 'panel tile skeleton', 'aria-hidden': 'true' },
                        el('span', { class: 'bone' }),
                        el('span', { class: 'bone short' }),
                    ),
                ),
            ),
    });
    const pulse = el('span');
    const beat = () => {
        const paused = body.contains(document.activeElement);
        pulse.textContent = paused
            ? 'Paused while a table has the focus.'
            : `Refreshed every ${POLL_MS / 1000} seconds.`;
    };
    body.addEventListener('focusin', beat);
    body.addEventListener('focusout', () => setTimeout(beat));
    beat();
    main.append(
        el(
            'div',
            { class: 'view-head' },
            el('h1', { tabIndex: -1 }, 'Status'),
            el('p', { class: 'lead' }, 'What the server has loaded and how it is doing. ', pulse),
        ),
        body,
    );
    const history = [];
    let before = null; // {at, requests} of the scrape before

    async function look(signal) {
        const [ready, text] = await Promise.all([readiness(signal), getText('/metrics', signal)]);
        const list = ready.status === 'ready' || ready.generation ? await models().catch(() => []) : [];
        const series = parseMetrics(text);
        const now = { at: performance.now(), requests: sum(series, REQUESTS, isVisit) };
        if (before && now.requests >= before.requests) {
            history.push(((now.requests - before.requests) * 1000) / (now.at - before.at));
            if (history.length > HISTORY) history.shift();
        }
        before = now;
        const h = buckets(series, SECONDS, isVisit);
        const trained = list[0]?.trained_at;
        const open = list.length > 0;
        return [
            open && ready.error
                ? el('p', { class: 'relaxed' }, `A newer generation was refused: ${ready.error}`)
                : null,
            el(
                'dl',
                { class: 'tiles' },
                tile(
                    'State',
                    open ? 'Open' : 'Waiting',
                    open ? 'Answers from the newest generation' : 'No generation is loaded yet',
                ),
                tile(
                    'Generation',
                    String(ready.generation ?? NONE),
                    trained ? `Trained ${ago(trained)}, ${dateTime(trained)}` : null,
                ),
                tile(
                    'Made of',
                    plural(list.at(-1)?.rows ?? null, 'row'),
                    open
                        ? `${plural(ready.products, 'different product')}, from ${plural(ready.batches, 'batch file')}`
                        : null,
                ),
                tile(
                    'Requests',
                    history.length ? rate(history.at(-1)) : '…',
                    `${count(now.requests)} since the server started; status checks not counted`,
                ),
                tile('Time to answer', within(h, 0.5), '50% are answered within'),
                tile('Slow answers', within(h, 0.99), '99% are answered within'),
            ),
            section('Requests a second', line(history)),
            open ? section('Where the rows come from', sourcesTable(ready.sources)) : null,
            list.length ? loadedModels(list) : null,
            endpoints(series),
        ].filter(Boolean);
    }

    let timer = 0;
    function update() {
        clearInterval(timer);
        timer = setInterval(() => {
            // Redrawing under someone who reads a table by keyboard would take the focus away.
            if (!document.hidden && !body.contains(document.activeElement) && !body.querySelector('.failure'))
                pane.run(look);
        }, POLL_MS);
        return pane.run(look);
    }

    return {
        update,
        stop: () => {
            clearInterval(timer);
            pane.stop();
        },
    };
}
