// Products around a price: a target and a tolerance, above a picture of where the catalogue's prices lie.

import { debounce, el, newId, svg } from './dom.js';
import { get, watchGeneration } from './api.js';
import { createResults } from './results.js';
import { address, shown } from './route.js';
import { capital, plural, rupees } from './format.js';

const DEFAULT = { target: 500, tolerance: 10 };
const STEPS = 1000; // positions of the slider
const BARS = 60;
const RETRY_MS = 3000;

let spreading = null;
watchGeneration((now, before) => {
    if (before !== null) spreading = null;
});

/** How the prices are spread, asked for once per generation: {low, high, counts}. */
function spread() {
    if (!spreading) {
        const asked = get('/api/prices', { bins: BARS }).then(({ body }) => body);
        spreading = asked;
        asked.catch(() => {
            if (spreading === asked) spreading = null;
        });
    }
    return spreading;
}

const positive = (text, otherwise) => {
    const x = Number.parseFloat(text);
    return Number.isFinite(x) && x > 0 ? x : otherwise;
};

export const title = (params) => `Around ${rupees(positive(params.target, DEFAULT.target))}`;

/** A price with few digits, as people would say it: 2 significant below 1000, 3 above. */
function roundPrice(x) {
    const digits = x < 1000 ? 2 : 3;
    return Number(x.toPrecision(digits));
}

/** An end of the range: whole rupees, unless they are few. */
const roundEnd = (x) => rupees(x < 100 ? Number(x.toFixed(2)) : Math.round(x));

export function mount(main, app) {
    let state = { ...DEFAULT };
    let low = 10;
    let high = 200000;

    // Prices spread over orders of magnitude: on a logarithmic slider ₹100 is as easy to hit as ₹50,000.
    const toStep = (price) => Math.round((STEPS * Math.log(price / low)) / Math.log(high / low));
    const toPrice = (step) => low * (high / low) ** (step / STEPS);

    const slider = el('input', { type: 'range', min: 0, max: STEPS, step: 5, id: newId('target') });
    const exact = el('input', { type: 'number', min: 1, step: 'any', inputmode: 'decimal', id: newId('exact') });
    const tolerance = el('input', { type: 'range', min: 1, max: 100, step: 1, id: newId('tolerance') });
    const toleranceText = el('output', { for: tolerance.id });
    const range = el('b', { class: 'price-range' });
    const chart = svg('svg', {
        class: 'price-chart',
        viewBox: `0 0 ${BARS * 10} 100`,
        preserveAspectRatio: 'none',
        'aria-hidden': 'true',
    });
    const ends = el('p', { class: 'price-ends muted', 'aria-hidden': 'true' }, el('span'), el('span'));
    const form = el(
        'form',
        { class: 'price-form panel waiting', 'aria-label': 'Price' },
        el(
            'div',
            { class: 'price-target' },
            el('p', { class: 'price-head' }, el('label', { for: slider.id }, 'Target price'), range),
            el('div', { class: 'price-slider' }, chart, slider),
            ends,
        ),
        el('div', { class: 'field' }, el('label', { for: exact.id }, 'Exactly, ₹'), exact),
        el('div', { class: 'field' }, el('label', { for: tolerance.id }, 'Give or take ', toleranceText), tolerance),
    );
    const results = createResults({
        describe: (total) => (total === 0 ? '' : `${plural(total, 'product')}, best rated first`),
        reword: widened,
        missing: () => `${none()}.`,
        suggest: (texts) => texts.map((text) => [rupees(Number(text)), address('price', { ...state, target: text })]),
        advice: 'A wider tolerance or another price may help.',
        onMore: (n) => app.note({ ...state, n }),
    });
    main.append(
        el(
            'div',
            { class: 'view-head' },
            el('h1', { tabIndex: -1 }, 'Around a price'),
            el(
                'p',
                { class: 'lead' },
                'Name what you want to spend. The bars show how many products lie at each price.',
            ),
        ),
        form,
        results.node,
    );

    /** Both ends of the range that is asked for. */
    const reach = () => [state.target * (1 - state.tolerance / 100), state.target * (1 + state.tolerance / 100)];
    const none = () => `No product costs ${reach().map(roundEnd).join(' to ')}`;

    /** The API says how far it looked instead; it writes prices as plain numbers. */
    function widened(text) {
        const tolerance = /within ([\d.]+) percent$/.exec(text)?.[1];
        return tolerance ? `${none()}: shown is what lies within ${tolerance}% of ${rupees(state.target)}` : capital(text);
    }

    let bins = [];
    function drawChart() {
        const [from, to] = reach();
        const most = Math.max(1, ...bins);
        chart.replaceChildren(
            ...bins.map((n, i) => {
                const left = toPrice((i * STEPS) / BARS);
                const right = toPrice(((i + 1) * STEPS) / BARS);
                const height = n === 0 ? 0 : 4 + (96 * n) / most;
                return svg('rect', {
                    x: i * 10 + 1,
                    y: 100 - height,
                    width: 8,
                    height,
                    class: right >= from && left <= to ? 'inside' : null,
                });
            }),
        );
    }

    function drawState() {
        if (document.activeElement !== exact) exact.value = state.target;
        slider.value = toStep(state.target);
        slider.setAttribute('aria-valuetext', rupees(state.target));
        tolerance.value = state.tolerance;
        tolerance.setAttribute('aria-valuetext', `${state.tolerance} percent`);
        toleranceText.textContent = `${state.tolerance}%`;
        range.textContent = reach().map(roundEnd).join(' to ');
        drawChart();
    }

    // The slider and list work without; it is asked for until it comes.
    let again = 0;
    async function loadChart() {
        clearTimeout(again);
        try {
            const { low: from, high: to, counts } = await spread();
            if (from < to) {
                [low, high, bins] = [from, to, counts];
                ends.firstChild.textContent = rupees(low);
                ends.lastChild.textContent = rupees(high);
            }
        } catch {
            if (form.isConnected) again = setTimeout(loadChart, RETRY_MS);
        }
        form.classList.remove('waiting');
        drawState();
    }

    // Taking hold of a control makes a history entry, what follows changes it.
    let fresh = true;
    for (const type of ['pointerdown', 'focusin']) {
        form.addEventListener(type, () => {
            fresh = true;
        });
    }
    const apply = debounce(() => {
        app.go('price', state, { replace: !fresh });
        fresh = false;
    }, 160);
    function change(next) {
        state = { ...state, ...next };
        drawState();
        apply();
    }
    slider.addEventListener('input', () => change({ target: roundPrice(toPrice(Number(slider.value))) }));
    exact.addEventListener('input', () => {
        const x = positive(exact.value, null);
        if (x !== null) change({ target: x });
    });
    tolerance.addEventListener('input', () => change({ tolerance: Number(tolerance.value) }));
    form.addEventListener('submit', (event) => event.preventDefault());

    function update(params) {
        state = {
            target: positive(params.target, DEFAULT.target),
            tolerance: Math.min(100, positive(params.tolerance, DEFAULT.tolerance)),
        };
        drawState();
        // strict=0: the API widens the tolerance, and says so, rather than find nothing.
        return results.load(
            '/api/products_by_price',
            { target_price: state.target, tolerance: state.tolerance, strict: 0 },
            shown(params),
        );
    }

    loadChart();
    return {
        update,
        stop: () => {
            apply.cancel();
            clearTimeout(again);
            results.stop();
        },
    };
}
