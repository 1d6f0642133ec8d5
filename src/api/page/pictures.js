// Product pictures come from other hosts and often cannot load: then a drawing of the kind of thing stands in, in a box
// of the same size.

import { el, svg } from './dom.js';
import { categoryName } from './format.js';

// Each drawing: strokes on a 48 x 48 board, and the words in a category path that call for it (whole words:
// no car in a memory card). First match wins.
const DRAWINGS = [
    [
        /\b(headphone|earphone|in-ear|headset|earbud)/i,
        'M10 28v-4a14 14 0 0 1 28 0v4M10 28h6v10h-3a3 3 0 0 1-3-3zM38 28h-6v10h3a3 3 0 0 0 3-3z',
    ],
    [
        /\b(cable|charger|adapter|power|batter|extension)/i,
        'M14 8v8M22 8v8M10 16h16v6a8 8 0 0 1-16 0zM18 30v4a6 6 0 0 0 12 0v-8a5 5 0 0 1 10 0v14',
    ],
    [/\b(smart ?)?watch/i, 'M18 14l1-8h10l1 8M18 34l1 8h10l1-8M24 14a10 10 0 1 0 .1 0M24 19v5l4 3'],
    [/\b(smart ?phone|mobile|tablet|phone)/i, 'M15 6h18a2 2 0 0 1 2 2v32a2 2 0 0 1-2 2H15a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM21 37h6'],
    [/\b(televis|projector|monitor|home ?theater)/i, 'M6 10h36v24H6zM18 40h12M24 34v6'],
    [/\b(camera|photo|webcam)/i, 'M6 15h9l3-5h12l3 5h9v24H6zM24 19a8 8 0 1 0 .1 0'],
    [/\bkeyboard/i, 'M5 15h38v18H5zM10 20h3M17 20h3M24 20h3M31 20h3M38 20h.1M10 28h3M18 28h12M35 28h3'],
    [/\b(mouse|mice)\b/i, 'M24 8a10 10 0 0 1 10 10v12a10 10 0 0 1-20 0V18A10 10 0 0 1 24 8zM24 8v12M14 20h20'],
    [/\b(laptop|computer|notebook computer|storage|memory|network|router|drive)/i, 'M10 10h28v20H10zM4 36h40l-3 4H7z'],
    [
        /\b(heat|cool|fan|air)(er|ers|ing|s)?\b/i,
        'M24 24a3 3 0 1 0 .1 0M24 21c-6-4-5-13 1-14 6 1 6 9-1 14' +
            'M27 25c7-3 14 3 12 9-4 5-11 1-12-9M21 26c-1 8-9 11-13 6-2-6 5-11 13-6',
    ],
    [
        /\b(kitchen|cook|kettle|mixer|juicer|toaster|coffee)/i,
        'M10 18h26v14a8 8 0 0 1-8 8H18a8 8 0 0 1-8-8zM36 22h3a4 4 0 0 1 0 10h-3M18 6v6M24 6v6M30 6v6',
    ],
    [/\b(iron|clean|vacuum|laundry|water|wash)/i, 'M24 6c8 10 12 16 12 22a12 12 0 0 1-24 0c0-6 4-12 12-22zM18 29a6 6 0 0 0 6 6'],
    [/\b(pens?|pencils?|paper|office|stationery|notebooks?|paint|art)\b/i, 'M10 38l3-10L32 9l7 7-19 19zM28 13l7 7M10 42h28'],
    [/\b(home|lamp|light|furniture|furnishing|curtain|decor|improvement)/i, 'M6 24L24 8l18 16M11 20v20h26V20M20 40V28h8v12'],
    [/\b(speaker|music|microphone|mics?\b|audio|soundbar)/i, 'M14 5h20v38H14zM24 11a3 3 0 1 0 .1 0M24 22a7 7 0 1 0 .1 0'],
    [/\b(toys?|games?|cars?|bikes?|vehicle)\b/i, 'M6 30l4-12h28l4 12v7H6zM14 33h.1M34 33h.1M10 18l-3-4M38 18l3-4'],
];
const BOX = 'M8 16l16-9 16 9v17l-16 9-16-9zM8 16l16 9 16-9M24 25v17';

function drawing(categoryPath) {
    // The last words of the path say most about the thing.
    const parts = String(categoryPath ?? '').split('|').map(categoryName).reverse();
    for (const part of parts) {
        const found = DRAWINGS.find(([words]) => words.test(part));
        if (found) return found[1];
    }
    return BOX;
}

function standIn(product) {
    return svg(
        'svg',
        { viewBox: '0 0 48 48', class: 'stand-in', 'aria-hidden': 'true' },
        svg('path', {
            d: drawing(product.category_path),
            fill: 'none',
            stroke: 'currentColor',
            'stroke-width': '1.6',
            'stroke-linecap': 'round',
            'stroke-linejoin': 'round',
        }),
    );
}

/** The address if it is one a browser may follow from a page like this, else null. */
export function webAddress(text, schemes = ['https:', 'http:']) {
    if (!text) return null;
    try {
        const url = new URL(text);
        return schemes.includes(url.protocol) ? url.href : null;
    } catch {
        return null;
    }
}

/** A picture of the product, always of the same size. It is decoration: the name stands beside it. */
export function picture(product) {
    const frame = el('div', { class: 'picture' });
    const src = webAddress(product.image, ['https:']);
    if (!src) {
        frame.append(standIn(product));
        return frame;
    }
    const image = el('img', {
        alt: '',
        loading: 'lazy',
        decoding: 'async',
        referrerpolicy: 'no-referrer',
        width: 300,
        height: 200,
    });
    image.addEventListener('load', () => frame.classList.add('loaded'));
    image.addEventListener('error', () => image.replaceWith(standIn(product)));
    image.src = src;
    frame.append(image);
    return frame;
}
