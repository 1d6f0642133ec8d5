// A product as a card, and the pieces of it that other views use too.

import { el, svg } from './dom.js';
import { productAddress } from './route.js';
import { picture, webAddress } from './pictures.js';
import { groupChip } from './groups.js';
import { categoryName, count, decimal, oneDirection, percent, rupees } from './format.js';

const STAR = 'l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z';
const FIVE_STARS = [10, 30, 50, 70, 90].map((x) => `M${x} 1.5${STAR}`).join('');

/** Five stars, filled to the rating, with the number and the votes beside them. */
export function stars(rating, votes) {
    if (typeof rating !== 'number') {
        return el('p', { class: 'stars' }, el('span', { class: 'muted' }, 'Not rated yet'));
    }
    const row = (kind) =>
        svg(
            'svg',
            { viewBox: '0 0 100 20', width: 80, height: 16, class: kind, 'aria-hidden': 'true' },
            svg('path', { d: FIVE_STARS, fill: 'currentColor' }),
        );
    const full = row('stars-full');
    full.setAttribute('viewBox', `0 0 ${rating * 20} 20`);
    full.setAttribute('width', rating * 16);
    return el(
        'p',
        { class: 'stars' },
        el('span', { class: 'stars-row' }, row('stars-none'), full),
        el('span', { class: 'unseen' }, `Rated ${decimal(rating, 1)} of 5, `),
        el('b', { 'aria-hidden': 'true' }, decimal(rating, 1)),
        typeof votes === 'number'
            ? el('span', { class: 'muted' }, `(${count(votes)})`, el('span', { class: 'unseen' }, ' votes'))
            : el(
                  'span',
                  { class: 'muted', title: 'Number of votes unknown' },
                  el('span', { 'aria-hidden': 'true' }, '(?)'),
                  el('span', { class: 'unseen' }, 'number of votes unknown'),
              ),
    );
}

/** Price now, the list price it is compared with, and the discount. */
export function prices(product) {
    const { price, actual_price: list, discount } = product;
    const cheaper = typeof price === 'number' && typeof list === 'number' && list > price;
    return el(
        'p',
        { class: 'prices' },
        typeof price === 'number'
            ? el('b', { class: 'price' }, rupees(price))
            : el('span', { class: 'muted' }, 'Price unknown'),
        cheaper ? [el('span', { class: 'unseen' }, ', list price '), el('s', {}, rupees(list))] : null,
        cheaper && typeof discount === 'number' && discount > 0
            ? el('span', { class: 'discount' }, `−${percent(discount)}`)
            : null,
    );
}

/** Link to the shop that sells it; null when the address is not one to follow. */
export function shopLink(product, className = 'quiet', text = 'Shop') {
    const href = webAddress(product.link);
    if (!href) return null;
    return el(
        'a',
        { class: className, href, target: '_blank', rel: 'noopener noreferrer' },
        text,
        el('span', { class: 'unseen' }, ` for ${product.name} (opens a new tab)`),
        el('span', { 'aria-hidden': 'true' }, ' ↗'),
    );
}

function whyChips(why) {
    if (!Array.isArray(why) || why.length === 0) return null;
    return el(
        'ul',
        { class: 'why', 'aria-label': 'Why it is here' },
        why.map((text) => el('li', { class: 'chip' }, text)),
    );
}

/** `model` is the number of the model that the product's group comes from. */
export function card(product, model = 3) {
    const name = product.name || product.product_id;
    return el(
        'article',
        { class: 'card' },
        picture(product),
        el(
            'div',
            { class: 'card-body' },
            el('p', { class: 'card-category' }, categoryName(product.category)),
            el(
                'h3',
                { class: 'card-name' },
                el(
                    'a',
                    {
                        href: productAddress(product, model),
                        title: oneDirection(name),
                    },
                    name,
                ),
            ),
            prices(product),
            stars(product.rating, product.rating_count),
            el('p', { class: 'card-group' }, groupChip(product.cluster, model)),
            whyChips(product.why),
            el(
                'p',
                { class: 'card-actions' },
                el(
                    'a',
                    {
                        class: 'quiet',
                        href: productAddress(product, model, 'similar'),
                    },
                    'Similar',
                    el('span', { class: 'unseen' }, ` to ${name}`),
                ),
                shopLink(product),
            ),
        ),
    );
}

/** Grey shapes of the size of cards, so that nothing moves when the cards come. */
export function cardSkeletons(n) {
    return el(
        'ul',
        { class: 'cards', 'aria-hidden': 'true' },
        Array.from({ length: n }, () =>
            el(
                'li',
                {},
                el(
                    'div',
                    { class: 'card skeleton' },
                    el('div', { class: 'picture' }),
                    el(
                        'div',
                        { class: 'card-body' },
                        el('p', { class: 'card-category' }, el('span', { class: 'bone short' })),
                        el('p', { class: 'card-name' }, el('span', { class: 'bone' }), el('span', { class: 'bone' })),
                        el('p', { class: 'prices' }, el('span', { class: 'bone short' })),
                        el('p', { class: 'stars' }, el('span', { class: 'bone' })),
                        el('p', { class: 'card-group' }, el('span', { class: 'bone short' })),
                        el('p', { class: 'card-actions' }, el('span', { class: 'bone short' })),
                    ),
                ),
            ),
        ),
    );
}
