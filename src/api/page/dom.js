// Building DOM nodes. Text goes in as text, never as HTML: nothing in this page parses markup from data.

const SVG = 'http://www.w3.org/2000/svg';

// Set as properties, because the attribute of that name means something else (a default) or does not exist.
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'selected', 'tabIndex', 'textContent']);

function fill(node, props, children) {
    for (const [key, value] of Object.entries(props ?? {})) {
        if (value === undefined || value === null || value === false) continue;
        if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
        else if (PROPERTIES.has(key)) node[key] = value;
        else node.setAttribute(key, value === true ? '' : value);
    }
    node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
    return node;
}

/** An HTML element. Children are nodes or strings; null, undefined and false are left out, arrays flattened. */
export function el(name, props, ...children) {
    return fill(document.createElement(name), props, children);
}

/** The same for SVG. */
export function svg(name, props, ...children) {
    return fill(document.createElementNS(SVG, name), props, children);
}

/** A table that scrolls sideways where it does not fit. `rows` are lists of cells, the first of each names its row. */
export function table(label, columns, rows) {
    const row = ([first, ...cells]) =>
        el(
            'tr',
            {},
            el('th', { scope: 'row' }, first),
            cells.map((c, i) => el('td', { 'data-label': columns[i + 1] }, c)),
        );
    return el(
        'div',
        { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': label },
        el(
            'table',
            {},
            el(
                'thead',
                {},
                el(
                    'tr',
                    {},
                    columns.map((text) => el('th', { scope: 'col' }, text)),
                ),
            ),
            el('tbody', {}, rows.map(row)),
        ),
    );
}

/** A function that calls `fn` once `ms` have passed without another call; `.cancel()` drops a call that is due. */
export function debounce(fn, ms) {
    let timer = 0;
    const later = (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => {
            timer = 0;
            fn(...args);
        }, ms);
    };
    later.cancel = () => {
        clearTimeout(timer);
        timer = 0;
    };
    return later;
}

/** Tells a screen reader, and nobody else. */
export function say(text) {
    document.getElementById('live').textContent = text;
}

/** An id no other element of the page has, to join labels with what they label. */
let ids = 0;
export function newId(stem) {
    ids += 1;
    return `${stem}-${ids}`;
}
