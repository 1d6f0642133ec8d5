// The address bar holds the state: "#search?q=usb+cable&n=48". One place writes and reads such addresses.

export const HOME = 'browse';

/** Address of a view; parameters that are empty or null are left out, so that equal views have equal addresses. */
export function address(view, params = {}) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(params)) {
        if (value !== undefined && value !== null && value !== '') query.set(key, value);
    }
    const text = query.toString();
    return `#${view}${text ? `?${text}` : ''}`;
}

/** Address of a product as `model` sees it. */
export function productAddress(product, model = 3, at = '') {
    return address('product', { id: product.product_id, model: model === 3 ? '' : model, at });
}

/** {view, params} of an address; an empty one is the home view. */
export function parse(hash) {
    const text = hash.replace(/^#/, '');
    const cut = text.indexOf('?');
    const view = (cut < 0 ? text : text.slice(0, cut)) || HOME;
    const params = Object.fromEntries(new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1)));
    return { view, params };
}

/** Page size of every list of products, and how many of them an address asks for. */
export const PAGE = 24;
export function shown(params) {
    const n = Number.parseInt(params.n, 10);
    return Number.isFinite(n) ? Math.min(Math.max(n, PAGE), 960) : PAGE;
}
