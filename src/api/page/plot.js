// A scatter plot in SVG: sharp on every screen, coloured by the style sheet. A few paths for each group keep it light.

import { el, say, svg } from './dom.js';
import { oneDirection, plural, rupees } from './format.js';
import { markerClass, markerPath } from './groups.js';

const MARGIN = { left: 58, right: 30, top: 32, bottom: 46 };
const REACH_PX = 24; // how far from a point the pointer still finds it
const LABEL_PX = 54; // room that a label under the plot needs
const LAYERS = 8; // each group is drawn in so many turns, so that none lies on top everywhere

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

/** The same with even steps. */
function linearScale(min, max, from, to) {
    const span = max - min || 1;
    const low = min - span * 0.03;
    const high = max + span * 0.03;
    const scale = (x) => from + ((x - low) / (high - low)) * (to - from);
    scale.ticks = () => {
        const power = 10 ** Math.floor(Math.log10(span / 5));
        const step = power * [1, 2, 5, 10].find((n) => span / (n * power) <= 8);
        const ticks = [];
        for (let i = Math.ceil(low / step); i * step <= high; i++)
            ticks.push({ at: Number((i * step).toPrecision(6)), major: true });
        return ticks;
    };
    return scale;
}

/** Whether `item` has a place on an axis {of(item), log, title, tick(x)}. */
const fits = (axis, item) => Number.isFinite(axis.of(item)) && (!axis.log || axis.of(item) > 0);

function axes(width, height, x, y, titles) {
    const bottom = height - MARGIN.bottom;
    const parts = [];
    const line = (d, major) => parts.push(svg('path', { d, class: major ? 'grid' : 'grid minor' }));
    let labelled = -Infinity;
    for (const { at, major } of x.scale.ticks()) {
        const px = x.scale(at);
        line(`M${px} ${MARGIN.top}V${bottom}`, major);
        if (!major || px - labelled < LABEL_PX) continue;
        labelled = px;
        parts.push(svg('text', { x: px, y: bottom + 18, 'text-anchor': 'middle' }, x.tick(at)));
    }
    for (const { at, major } of y.scale.ticks()) {
        const py = y.scale(at);
        line(`M${MARGIN.left} ${py}H${width - MARGIN.right}`, major);
        if (major) parts.push(svg('text', { x: MARGIN.left - 8, y: py + 4, 'text-anchor': 'end' }, y.tick(at)));
    }
    const name = (text, place) => parts.push(svg('text', { ...place, class: 'axis' }, text));
    name(titles[0], { x: (MARGIN.left + width - MARGIN.right) / 2, y: height - 8, 'text-anchor': 'middle' });
    name(titles[1], { x: 10, y: 20 }); // level above its axis, where it meets no tick however long both are
    return svg('g', { class: 'axes' }, parts);
}

/**
 * Draws `data` of /api/plot on the axes x and y (see fits). `hidden` is a set of group ids, `link(point)` the address of
 * a product. Returns {node, drawn, hide(ids)}. Points that lack a value have no place and are left out; `drawn` counts
 * the others.
 */
export function createPlot(data, clusters, { x, y, hidden, link }) {
    const points = data.points.filter((p) => fits(x, p) && fits(y, p));
    const labels = new Map(clusters.map((c) => [c.id, `Group: ${c.label}`]));
    const byX = [...points].sort((a, b) => x.of(a) - x.of(b));
    const byY = [...points].sort((a, b) => y.of(a) - y.of(b));
    let chosen = null;
    let pinned = false; // chosen by click or key: stays until another is
    let placed = []; // {point, px, py} of what is drawn
    let frame = null;

    const canvas = svg('svg', { class: 'plot-canvas', 'aria-hidden': 'true' });
    const cursor = svg('g', { class: 'cursor' });
    const tip = el('div', { class: 'plot-tip', hidden: true });
    const node = el(
        'div',
        {
            class: 'plot',
            tabIndex: 0,
            role: 'application',
            'aria-roledescription': 'scatter plot',
            'aria-label':
                `${plural(points.length, 'product')} by ${x.name} and ${y.name}. Left and right arrows go by ` +
                `${x.name}, up and down by ${y.name}, Enter opens one.`,
        },
        canvas,
        tip,
    );

    const visible = (p) => !hidden.has(p.cluster);

    function marks(radius) {
        const layers = Array.from({ length: LAYERS }, () => new Map());
        placed.forEach(({ point, px, py }, i) => {
            const layer = layers[i % LAYERS];
            const id = point.cluster ?? 0;
            layer.set(id, (layer.get(id) ?? '') + markerPath(id, px, py, radius));
        });
        return layers.flatMap((layer) =>
            [...layer].map(([id, d]) => svg('path', { d, class: `marks ${markerClass(id)}`, fill: 'currentColor' })),
        );
    }

    /** The centroids: their group's marker, large and outlined so that none vanishes among the products. */
    function middles() {
        return data.centroids
            .filter((c) => visible(c) && fits(x, c) && fits(y, c))
            .map((c) => {
                const d = markerPath(c.cluster, frame.x.scale(x.of(c)), frame.y.scale(y.of(c)), 9);
                return svg(
                    'g',
                    { class: `middle ${markerClass(c.cluster)}` },
                    svg('path', { d, class: 'halo' }),
                    svg('path', { d }),
                );
            });
    }

    function draw() {
        const width = node.clientWidth;
        const height = node.clientHeight;
        if (width < 50 || height < 50) return;
        canvas.setAttribute('viewBox', `0 0 ${width} ${height}`);
        const words = (text) => svg('text', { x: width / 2, y: height / 2, 'text-anchor': 'middle' }, text);
        if (points.length === 0) {
            canvas.replaceChildren(words(`No product has both ${x.name} and ${y.name}`));
            return;
        }
        const scale = (axis, row, from, to) => ({
            ...axis,
            scale: (axis.log ? logScale : linearScale)(axis.of(row[0]), axis.of(row.at(-1)), from, to),
        });
        frame = {
            x: scale(x, byX, MARGIN.left, width - MARGIN.right),
            y: scale(y, byY, height - MARGIN.bottom, MARGIN.top),
            width,
            height,
        };
        placed = points
            .filter(visible)
            .map((point) => ({ point, px: frame.x.scale(x.of(point)), py: frame.y.scale(y.of(point)) }));
        canvas.replaceChildren(
            axes(width, height, frame.x, frame.y, [x.title, y.title]),
            ...marks(width < 500 ? 3 : 4),
            ...middles(),
            ...(placed.length === 0 ? [words('Every group is switched off')] : []),
            cursor,
        );
        choose(chosen && visible(chosen) ? chosen : null);
    }

    function choose(point, { aloud = false, pin = pinned } = {}) {
        chosen = point;
        pinned = point !== null && pin;
        cursor.replaceChildren();
        tip.hidden = point === null;
        if (point === null || !frame) return;
        const { width, height } = frame;
        const px = frame.x.scale(x.of(point));
        const py = frame.y.scale(y.of(point));
        const id = point.cluster ?? 0;
        cursor.append(
            svg('path', { d: `M${px} ${py}V${height - MARGIN.bottom}M${px} ${py}H${MARGIN.left}`, class: 'cross' }),
            svg('path', { d: markerPath(id, px, py, 7), class: markerClass(id), fill: 'currentColor' }),
        );
        const votes = plural(point.rating_count, 'vote');
        const group = labels.get(point.cluster) ?? `Group ${point.cluster}`;
        tip.classList.toggle('pinned', pinned);
        tip.replaceChildren(
            el('a', { href: link(point) }, point.name),
            el('span', {}, `${rupees(point.price)} · ${point.rating ?? '–'} stars · ${votes}`),
            el('span', { class: 'muted' }, group),
        );
        // Beside the point, on the side with more room.
        const room = Math.min(260, width - 20);
        tip.style.width = `${room}px`;
        tip.style.left = `${Math.max(6, Math.min(width - room - 6, px > width / 2 ? px - room - 14 : px + 14))}px`;
        const above = py - tip.offsetHeight - 12;
        tip.style.top = `${above >= 6 ? above : Math.min(height - tip.offsetHeight - 6, py + 12)}px`;
        if (aloud) say(oneDirection(`${point.name}. ${rupees(point.price)}, ${votes}. ${group}`));
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
        if (event.pointerType === 'touch' || pinned) return;
        const point = nearest(event);
        if (point !== chosen) choose(point);
    });
    node.addEventListener('pointerleave', () => {
        if (!pinned) choose(null);
    });
    node.addEventListener('click', (event) => {
        if (!tip.contains(event.target)) choose(nearest(event), { aloud: true, pin: true });
    });
    node.addEventListener('focus', () => {
        if (!chosen && node.matches(':focus-visible'))
            choose(byX.find(visible) ?? null, { aloud: true, pin: true });
    });
    node.addEventListener('keydown', (event) => {
        if (event.target !== node) return undefined; // the link in the tip has its own Enter
        if (event.key === 'Enter' && chosen) return tip.firstChild.click();
        if (event.key === 'Escape') return choose(null);
        const steps = {
            ArrowLeft: [byX, -1],
            ArrowRight: [byX, 1],
            ArrowDown: [byY, -1],
            ArrowUp: [byY, 1],
            Home: [byX, -Infinity],
            End: [byX, Infinity],
            PageDown: [byY, -25],
            PageUp: [byY, 25],
        };
        const step = steps[event.key];
        if (!step) return undefined;
        event.preventDefault();
        const row = step[0].filter(visible);
        if (row.length === 0) return undefined;
        // With none chosen, a step up enters at the first, a step down at the last.
        const from = chosen ? row.indexOf(chosen) : step[1] > 0 ? -1 : row.length;
        const to = Math.max(0, Math.min(row.length - 1, from + step[1]));
        return choose(row[to], { aloud: true, pin: true });
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
