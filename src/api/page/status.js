// What is loaded, how old it is, and how the server is doing, from its own /readyz, /api/models and /metrics.

import { el, svg, table } from './dom.js';
import { getText, readiness } from './api.js';
import { createPane } from './pane.js';
import { models } from './groups.js';
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

function line(history) {
    const most = Math.max(1, ...history);
    const points = history.map(
        (v, i) => `${((i / (HISTORY - 1)) * 300).toFixed(1)} ${(38 - (v / most) * 34).toFixed(1)}`,
    );
    return svg(
        'svg',
        { class: 'sparkline', viewBox: '0 0 300 40', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        points.length > 1
            ? svg('path', {
                  d: `M${points.join('L')}`,
                  fill: 'none',
                  stroke: 'currentColor',
                  'stroke-width': 1.5,
                  'vector-effect': 'non-scaling-stroke',
              })
            : null,
    );
}

// The server's names for its counters.
const REQUESTS = 'pasar_api_requests_total';
const SECONDS = 'pasar_api_request_seconds';
const ROUTE = 'endpoint';

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
            const failed = sum(series, REQUESTS, (l) => here(l) && /^5/.test(l.code ?? ''));
            return n > 0
                ? [
                      name,
                      count(n),
                      count(refused),
                      count(failed),
                      duration(quantile(h, 0.5)),
                      duration(quantile(h, 0.99)),
                  ]
                : null;
        })
        .filter(Boolean);
    if (rows.length === 0) return null;
    const columns = ['Address', 'Requests', 'Refused', 'Failed', 'Half within', '99 of 100 within'];
    return el('section', { class: 'panel' }, el('h2', {}, 'By address'), table('Requests by address', columns, rows));
}

function loadedModels(list) {
    const rows = list.map((m) => [
        `Model ${m.model}`,
        count(m.rows),
        count(m.k),
        score(m.silhouette),
        dateTime(m.trained_at),
    ]);
    return el(
        'section',
        { class: 'panel' },
        el('h2', {}, 'Models'),
        table('Models loaded', ['Model', 'Rows', 'Groups', 'Silhouette', 'Trained'], rows),
    );
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
    main.append(
        el(
            'div',
            { class: 'view-head' },
            el('h1', { tabIndex: -1 }, 'Status'),
            el(
                'p',
                { class: 'lead' },
                `What the server has loaded and how it is doing; refreshed every ${POLL_MS / 1000} seconds.`,
            ),
        ),
        body,
    );
    const history = [];
    let before = null; // {at, requests} of the scrape before

    async function look(signal) {
        const [ready, text] = await Promise.all([readiness(signal), getText('/metrics', signal)]);
        const list = ready.status === 'ready' || ready.generation ? await models().catch(() => []) : [];
        const series = parseMetrics(text);
        const now = { at: performance.now(), requests: sum(series, REQUESTS) };
        if (before && now.requests >= before.requests) {
            history.push(((now.requests - before.requests) * 1000) / (now.at - before.at));
            if (history.length > HISTORY) history.shift();
        }
        before = now;
        const h = buckets(series, SECONDS, () => true);
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
                    typeof ready.batches === 'number' ? `in ${plural(ready.batches, 'batch', 'batches')}` : null,
                ),
                tile(
                    'Requests',
                    history.length ? `${history.at(-1).toFixed(history.at(-1) < 10 ? 1 : 0)} /s` : '…',
                    `${count(now.requests)} since the server started`,
                ),
                tile('Time to answer', duration(quantile(h, 0.5)), 'half of all requests are faster'),
                tile('Slowest', duration(quantile(h, 0.99)), '99 of 100 requests are faster'),
            ),
            el(
                'section',
                { class: 'panel' },
                el('h2', {}, 'Requests a second'),
                line(history),
                el(
                    'p',
                    { class: 'muted small' },
                    `The last ${(HISTORY * (POLL_MS / 1000)) / 60} minutes at most, since this view was opened.`,
                ),
            ),
            endpoints(series),
            list.length ? loadedModels(list) : null,
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
