// Groups (the clusters a model found): their labels, and the marker each has everywhere: a colour and a shape, so that
// nobody needs to tell them apart by colour alone.

import { el, svg } from './dom.js';
import { get, watchGeneration } from './api.js';

let loading = null;
watchGeneration((now, before) => {
    if (before !== null) loading = null; // the first reply of all may be the answer that is under way
});

/** The loaded models, asked for once per generation. */
export function models() {
    if (!loading) {
        const asked = get('/api/models').then(({ body }) => body);
        loading = asked;
        asked.catch(() => {
            if (loading === asked) loading = null;
        });
    }
    return loading;
}

export async function model(number) {
    return (await models()).find((m) => m.model === number) ?? null;
}

const point = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;

function polygon(x, y, r, corners, turn) {
    const points = [];
    for (let i = 0; i < corners; i++) {
        const angle = turn + (i * 2 * Math.PI) / corners;
        points.push(point(x + r * Math.cos(angle), y + r * Math.sin(angle)));
    }
    return `M${points.join('L')}Z`;
}

function cross(x, y, r) {
    const a = r * 0.9;
    const b = r * 0.32;
    const at = [
        [-b, -a],
        [b, -a],
        [b, -b],
        [a, -b],
        [a, b],
        [b, b],
        [b, a],
        [-b, a],
        [-b, b],
        [-a, b],
        [-a, -b],
        [-b, -b],
    ];
    return `M${at.map(([dx, dy]) => point(x + dx, y + dy)).join('L')}Z`;
}

const UP = -Math.PI / 2;
const SHAPES = [
    (x, y, r) =>
        `M${point(x - r * 0.9, y)}a${r * 0.9} ${r * 0.9} 0 1 0 ${r * 1.8} 0a${r * 0.9} ${r * 0.9} 0 1 0 ${-r * 1.8} 0Z`,
    (x, y, r) => polygon(x, y + r * 0.15, r * 1.1, 3, UP),
    (x, y, r) => polygon(x, y, r * 1.1, 4, Math.PI / 4),
    (x, y, r) => polygon(x, y, r * 1.1, 4, 0),
    cross,
    (x, y, r) => polygon(x, y - r * 0.15, r * 1.1, 3, -UP),
    (x, y, r) => polygon(x, y, r, 5, UP),
    (x, y, r) => polygon(x, y, r, 6, 0),
];

// Colours and shapes repeat after this many groups.
const MARKERS = SHAPES.length;

/** Path data of a group's marker, centred on (x, y). */
export function markerPath(id, x, y, r) {
    return SHAPES[id % MARKERS](x, y, r);
}

/** Class that gives a node its group's colour (as `color`). */
export function markerClass(id) {
    return `group-${id % MARKERS}`;
}

export function marker(id, size = 12) {
    return svg(
        'svg',
        { viewBox: '0 0 12 12', width: size, height: size, class: `marker ${markerClass(id)}`, 'aria-hidden': 'true' },
        svg('path', { d: markerPath(id, 6, 6, 5), fill: 'currentColor' }),
    );
}

/**
 * The group of a product as a chip: marker and label. The label is true of the group beside the others, not of each
 * product in it, and is worded so. It is filled in when the models are there.
 */
export function groupChip(id, modelNumber = 3) {
    if (id === null || id === undefined) return null;
    const label = el('span', {}, `Group ${id}`);
    const chip = el('span', { class: 'chip group' }, marker(id), label);
    model(modelNumber).then(
        (m) => {
            const group = m?.clusters.find((c) => c.id === id);
            if (!group) return;
            label.textContent = `Group: ${group.label}`;
            chip.title = `Compared with the other groups: ${group.label}`;
        },
        () => {},
    );
    return chip;
}
