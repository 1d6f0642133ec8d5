// One product in full, and what is similar to it.

import { el } from './dom.js';
import { get } from './api.js';
import { createPane, message } from './pane.js';
import { createResults } from './results.js';
import { prices, shopLink, stars } from './cards.js';
import { picture } from './pictures.js';
import { groupChip } from './groups.js';
import { address, shown } from './route.js';
import { origin } from './origin.js';
import { capital, categoryName, oneDirection, plural } from './format.js';

export const title = () => 'Product';

/** The category path as links, the way from all products to this one. The tree has two levels; deeper ones are text. */
function crumbs(path) {
    const parts = String(path ?? '')
        .split('|')
        .filter(Boolean);
    return el(
        'nav',
        { class: 'crumbs', 'aria-label': 'Category' },
        el(
            'ol',
            {},
            el('li', {}, el('a', { href: address('browse') }, 'All products')),
            parts.map((part, i) =>
                el(
                    'li',
                    {},
                    el(
                        'a',
                        { href: address('browse', { category: parts.slice(0, i + 1).join('|') }) },
                        categoryName(part),
                    ),
                ),
            ),
        ),
    );
}

/** Descriptions are lists written in one line: "Fast : …|Durable : …". */
function description(text) {
    const points = String(text ?? '')
        .split('|')
        .map((s) => s.trim())
        .filter(Boolean);
    if (points.length === 0) return el('p', { class: 'muted' }, 'No description.');
    return el(
        'ul',
        { class: 'points' },
        points.map((p) => el('li', {}, capital(p))),
    );
}

function detail(product, model) {
    return el(
        'article',
        { class: 'product' },
        picture(product),
        el(
            'div',
            { class: 'product-body' },
            crumbs(product.category_path),
            el('h1', { tabIndex: -1 }, product.name || product.product_id),
            prices(product),
            stars(product.rating, product.rating_count),
            el(
                'p',
                {},
                groupChip(product.cluster, model),
                model === 3 ? null : el('span', { class: 'muted small' }, ` as model ${model} sees it`),
            ),
            el('p', { class: 'actions' }, shopLink(product, 'button primary', 'See it in the shop')),
            el(
                'details',
                { class: 'about', open: true },
                el('summary', {}, 'About this product'),
                description(product.description),
            ),
            origin(product, model),
            el('p', { class: 'muted small' }, `Product id ${product.product_id}`),
        ),
    );
}

function detailSkeleton() {
    return el(
        'div',
        { class: 'product skeleton', 'aria-hidden': 'true' },
        el('div', { class: 'picture' }),
        el(
            'div',
            { class: 'product-body' },
            Array.from({ length: 9 }, () => el('p', {}, el('span', { class: 'bone' }))),
        ),
    );
}

export function mount(main, app) {
    let state = {};
    const body = el('div', { class: 'product-pane' });

    /** In place of a product, with what is known about why it is not there. */
    function missing(title, text) {
        similar.node.hidden = true;
        document.title = 'No such product · Pasar';
        const home = el('a', { class: 'button', href: address('browse') }, 'Browse all products');
        return [el('h1', { tabIndex: -1 }, 'No such product'), message(title, text, home)];
    }

    const pane = createPane(body, {
        skeleton: detailSkeleton,
        refused: (error) => {
            if (error.status !== 404)
                return missing('That does not work', 'The address may have been cut or mistyped.');
            const model = Number(state.model) || 3;
            const id = `the id “${state.id.slice(0, 60)}”`;
            return missing(
                'It may have left the catalogue',
                model === 3 ? `No product has ${id}.` : `Model ${model} knows no product with ${id}.`,
            );
        },
    });
    const similarHead = el('h2', { tabIndex: -1 }, 'Similar products');
    const similar = createResults({
        heading: similarHead,
        missing: () => 'There is no such product.',
        describe: (total) => (total === 0 ? 'None found' : `${plural(total, 'product')}, most similar first`),
        onMore: (n) => app.note({ ...state, n }),
    });
    main.append(body, similar.node);
    let shownId = null;
    similar.node.hidden = true; // until the product is there: it would be pushed down by it

    async function update(params) {
        state = { id: params.id, model: params.model, at: params.at };
        const model = Number(params.model) || 3;
        const query = model === 3 ? {} : { model };
        if (shownId !== null && shownId !== params.id) scrollTo(0, 0);
        shownId = params.id;
        if (!params.id) {
            similar.stop();
            return pane.run(async () => missing('This address names no product', 'It may have been cut.'));
        }
        const found = pane.run(async (signal) => {
            const { body: product } = await get(`/api/products/${encodeURIComponent(params.id)}`, query, signal);
            document.title = oneDirection(`${product.name || product.product_id} · Pasar`);
            similar.node.hidden = false;
            return detail(product, model);
        });
        const listed = similar.load('/api/similar_products', { product_id: params.id, ...query }, shown(params));
        await Promise.all([found, listed]);
        if (params.at === 'similar') {
            similarHead.scrollIntoView();
            similarHead.focus({ preventScroll: true });
        } else if (document.activeElement === document.body) {
            main.querySelector('h1')?.focus({ preventScroll: true });
        }
    }

    return {
        update,
        stop: () => {
            pane.stop();
            similar.stop();
        },
    };
}
