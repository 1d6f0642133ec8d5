// A scatter plot in SVG: sharp on every screen, coloured by the style sheet. One path for each group keeps it light.

import { el, say, svg } from './dom.js';
import { capital, countShort, plural, rupees, rupeesShort } from './format.js';
import { markerClass, markerPath } from './groups.js';

const MARGIN = { left: 58, right: 14, top: 14, bottom: 46 };
const REACH_PX = 24; // how far from a point the pointer still finds it

/** A logarithmic scale from [min, max] onto [from, to], widened a little so that no mark is cut off. */
function logScale(min, max, from, to) {
    const pad = 1.15;
    const low = Math.log10(min / pad);
    const high = Math.log10(Math.max(max, min * 1.01) * pad);
    const scale = (x) => from + ((Math.log10(x) - low) / (high - low)) * (to - from);
    scale.ticks = () => {
        const ticks = [];
        for (let e = Math.floor(low); e <= Math.ceil(high); e++) {
            for (const step of [1, 2, 5]) {
                const at = step * 10 ** e;
                if (Math.log10(at) >= low && Math.log10(at) <= high) ticks.push({ at, major: step === 1 });
            }
        }
        // A span of less than two decades has too few powers of ten to read it by.
        if (ticks.filter((t) => t.major).length < 3) for (const t of ticks) t.major = true;
        return ticks;
    };
    return scale;
}

function axes(width, height, x, y) {
    const bottom = height - MARGIN.bottom;
    const parts = [];
    for (const { at, major } of x.ticks()) {
        const px = x(at);
        parts.push(svg('path', { d: `M${px} ${MARGIN.top}V${bottom}`, class: major ? 'grid' : 'grid minor' }));
        if (major) parts.push(svg('text', { x: px, y: bottom + 18, 'text-anchor': 'middle' }, rupeesShort(at)));
    }
    for (const { at, major } of y.ticks()) {
        const py = y(at);
        parts.push(
            svg('path', { d: `M${MARGIN.left} ${py}H${width - MARGIN.right}`, class: major ? 'grid' : 'grid minor' }),
        );
        if (major) parts.push(svg('text', { x: MARGIN.left - 8, y: py + 4, 'text-anchor': 'end' }, countShort(at)));
    }
    parts.push(
        svg(
            'text',
            { x: (MARGIN.left + width - MARGIN.right) / 2, y: height - 8, 'text-anchor': 'middle', class: 'axis' },
            'Price',
        ),
    );
    parts.push(
        svg(
            'text',
            {
                transform: `translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`,
                'text-anchor': 'middle',
                class: 'axis',
            },
            'Votes',
        ),
    );
    return svg('g', { class: 'axes' }, parts);
}

/**
 * Draws `data` of /api/plot. `onPoint(point)` is told of the product pointed at, `onOpen(point)` of one chosen by
 * Enter or double click. Returns {node, drawn, hide(set of group ids)}. Points without a price or votes have no place
 * and are left out; `drawn` counts the others.
 */
export function createPlot(data, clusters, { onPoint, onOpen }) {
    const points = data.points.filter((p) => p.price > 0 && p.rating_count > 0);
    const labels = new Map(clusters.map((c) => [c.id, capital(c.label)]));
    const byPrice = [...points].sort((a, b) => a.price - b.price);
    const byVotes = [...points].sort((a, b) => a.rating_count - b.rating_count);
    let hidden = new Set();
    let chosen = null;
    let placed = []; // {point, px, py} of what is drawn
    let scales = null;

    const canvas = svg('svg', { class: 'plot-canvas', 'aria-hidden': 'true' });
    const cursor = svg('g', { class: 'cursor' });
    const tip = el('div', { class: 'plot-tip', hidden: true, 'aria-hidden': 'true' });
    const node = el(
        'div',
        {
            class: 'plot',
            tabIndex: 0,
            role: 'application',
            'aria-roledescription': 'scatter plot',
            'aria-label':
                `${plural(points.length, 'product')} by price and votes. Left and right arrows go by price, ` +
                'up and down by votes, Enter opens one.',
        },
        canvas,
        tip,
    );

    const visible = (p) => !hidden.has(p.cluster);

    function draw() {
        const width = node.clientWidth;
        const height = node.clientHeight;
        if (width < 50 || height < 50) return;
        canvas.setAttribute('viewBox', `0 0 ${width} ${height}`);
        if (points.length === 0) {
            canvas.replaceChildren(
                svg(
                    'text',
                    { x: width / 2, y: height / 2, 'text-anchor': 'middle' },
                    'No product has both a price and votes',
                ),
            );
            return;
        }
        const x = logScale(byPrice[0].price, byPrice.at(-1).price, MARGIN.left, width - MARGIN.right);
        const y = logScale(byVotes[0].rating_count, byVotes.at(-1).rating_count, height - MARGIN.bottom, MARGIN.top);
        scales = { x, y, width, height };
        const radius = width < 500 ? 3 : 4;
        placed = points.filter(visible).map((point) => ({ point, px: x(point.price), py: y(point.rating_count) }));
        const paths = new Map();
        for (const { point, px, py } of placed) {
            const list = paths.get(point.cluster) ?? paths.set(point.cluster, []).get(point.cluster);
            list.push(markerPath(point.cluster ?? 0, px, py, radius));
        }
        const marks = [...paths]
            .sort(([a], [b]) => a - b)
            .map(([id, list]) =>
                svg('path', { d: list.join(''), class: `marks ${markerClass(id ?? 0)}`, fill: 'currentColor' }),
            );
        const middles = data.centroids
            .filter((c) => !hidden.has(c.cluster) && c.price > 0 && c.rating_count > 0)
            .map((c) =>
                svg('circle', {
                    cx: x(c.price),
                    cy: y(c.rating_count),
                    r: radius * 3,
                    class: `middle ${markerClass(c.cluster)}`,
                }),
            );
        canvas.replaceChildren(axes(width, height, x, y), ...marks, ...middles, cursor);
        choose(chosen && visible(chosen) ? chosen : null);
    }

    function choose(point, aloud = false) {
        chosen = point;
        cursor.replaceChildren();
        tip.hidden = point === null;
        if (point === null || !scales) return;
        const { x, y, width, height } = scales;
        const px = x(point.price);
        const py = y(point.rating_count);
        cursor.append(
            svg('path', { d: `M${px} ${py}V${height - MARGIN.bottom}M${px} ${py}H${MARGIN.left}`, class: 'cross' }),
            svg('path', {
                d: markerPath(point.cluster ?? 0, px, py, 7),
                class: markerClass(point.cluster ?? 0),
                fill: 'currentColor',
            }),
        );
        const votes = plural(point.rating_count, 'vote');
        const group = labels.get(point.cluster) ?? `Group ${point.cluster}`;
        tip.replaceChildren(
            el('b', {}, point.name),
            el('span', {}, `${rupees(point.price)} · ${votes}`),
            el('span', { class: 'muted' }, group),
        );
        // Beside the point, on the side with more room.
        const room = Math.min(260, width - 20);
        tip.style.width = `${room}px`;
        tip.style.left = `${Math.max(6, Math.min(width - room - 6, px > width / 2 ? px - room - 14 : px + 14))}px`;
        tip.style.top = `${Math.max(6, Math.min(height - tip.offsetHeight - 6, py - tip.offsetHeight - 12))}px`;
        onPoint(point);
        if (aloud) say(`${point.name}. ${rupees(point.price)}, ${votes}. ${group}`);
    }

    function nearest(event) {
        const box = node.getBoundingClientRect();
        const mx = event.clientX - box.left;
        const my = event.clientY - box.top;
        let best = null;
        let bestDistance = REACH_PX ** 2;
        for (const { point, px, py } of placed) {
            const distance = (px - mx) ** 2 + (py - my) ** 2;
            if (distance < bestDistance) {
                bestDistance = distance;
                best = point;
            }
        }
        return best;
    }

    node.addEventListener('pointermove', (event) => {
        if (event.pointerType === 'touch') return;
        const point = nearest(event);
        if (point && point !== chosen) choose(point);
    });
    node.addEventListener('click', (event) => {
        const point = nearest(event);
        if (point) choose(point, true);
    });
    node.addEventListener('dblclick', (event) => {
        const point = nearest(event);
        if (point) onOpen(point);
    });
    node.addEventListener('focus', () => {
        if (!chosen && node.matches(':focus-visible')) choose(byPrice.find(visible) ?? null, true);
    });
    node.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && chosen) return onOpen(chosen);
        if (event.key === 'Escape') return choose(null);
        const steps = {
            ArrowLeft: [byPrice, -1],
            ArrowRight: [byPrice, 1],
            ArrowDown: [byVotes, -1],
            ArrowUp: [byVotes, 1],
            Home: [byPrice, -Infinity],
            End: [byPrice, Infinity],
            PageDown: [byVotes, -25],
            PageUp: [byVotes, 25],
        };
        const step = steps[event.key];
        if (!step) return undefined;
        event.preventDefault();
        const row = step[0].filter(visible);
        if (row.length === 0) return undefined;
        const at = chosen ? row.indexOf(chosen) : 0;
        return choose(row[Math.max(0, Math.min(row.length - 1, at + step[1]))], true);
    });

    new ResizeObserver(draw).observe(node);
    return {
        node,
        drawn: points.length,
        hide(ids) {
            hidden = new Set(ids);
            draw();
        },
    };
}
