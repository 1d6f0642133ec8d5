// The page's frame: reads the address, shows the view it names, keeps the search box and the notices.
// Read next: route.js (addresses), pane.js (loading and failing), results.js (lists), then one file for each view.

import { debounce, el, say } from './dom.js';
import { address, HOME, parse } from './route.js';
import { arrive, move, restore } from './places.js';
import { ApiError, currentGeneration, readiness, watchGeneration } from './api.js';
import { createPane } from './pane.js';
import { models as loadedModels } from './groups.js';
import { ago, oneDirection, plural } from './format.js';
import * as browse from './categories.js';
import * as search from './search.js';
import * as price from './price.js';
import * as product from './product.js';

// A view has title(params) and mount(main, app), which returns {update(params), stop()}. update() may run many times;
// its promise settles when there is something to see.
const VIEWS = { browse, search, price, product };
// These are fetched when they are asked for: most who come to the market never do.
const LATER = {
    models: () => import('./models.js'),
    map: () => import('./map.js'),
    status: () => import('./status.js'),
};

const TYPING_MS = 160;
const GENERATION_POLL_MS = 30000;

const main = document.getElementById('main');
const input = document.getElementById('search-input');
const notice = document.getElementById('notice');
let current = null; // {name, stop, update}

/**
 * Goes to a view. With `replace` the address changes without a new entry in the history; `typed`: the search box has
 * the text already, and its owner may be writing on.
 */
function go(view, params, { replace = false, typed = false } = {}) {
    const hash = address(view, params);
    if (hash === location.hash) return;
    move(hash, replace);
    arrive();
    show({ keepFocus: true, typed });
}

/** Changes the address of the view that is shown, without showing it anew. */
function note(params) {
    move(address(current.name, params), true);
}

function markNav(name) {
    for (const link of document.querySelectorAll('.nav a')) {
        if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
    }
}

/** Lists start at their beginning: what is new must not come up above the window. */
function showTop(entered) {
    const heading = main.querySelector('h1');
    if (entered || (heading && heading.getBoundingClientRect().bottom < 0)) scrollTo(0, 0);
}

/** Stands for a view that could not be fetched: says so, tries again, and gives way to it. */
function absent(name) {
    function mount(node) {
        const body = el('div', {});
        node.append(body);
        const pane = createPane(body);
        const bring = async () => {
            VIEWS[name] = await LATER[name]().catch(() => {
                throw new ApiError('unreachable', 0, null);
            });
            current.stop();
            current = null;
            show();
        };
        return { update: () => pane.run(bring), stop: pane.stop };
    }
    return { title: () => '', mount };
}

async function fetchView(name) {
    main.setAttribute('aria-busy', 'true');
    try {
        VIEWS[name] = await LATER[name]();
        return VIEWS[name];
    } catch {
        return absent(name);
    } finally {
        main.removeAttribute('aria-busy');
    }
}

/** Shows what the address says: from the top, or from `y` where it was left. */
async function show(how = {}) {
    const { view } = parse(location.hash);
    const name = VIEWS[view] || LATER[view] ? view : HOME;
    const shown = VIEWS[name] ?? (await fetchView(name));
    if (parse(location.hash).view === view) await display(name, shown, how); // else someone has gone on meanwhile
}

async function display(name, view, { keepFocus = false, typed = false, y = null }) {
    const { params } = parse(location.hash);
    const entered = current?.name !== name;
    const first = current === null;
    if (entered) {
        current?.stop();
        main.replaceChildren();
        main.className = `view-${name}`;
        current = { name, ...view.mount(main, { go, note }) };
        markNav(name);
    }
    const title = view.title(params);
    document.title = title ? `${oneDirection(title)} · Pasar` : 'Pasar';
    if (!typed) {
        searchSoon.cancel();
        input.value = name === 'search' ? (params.q ?? '') : '';
    }
    const shown = current.update(params);
    if (entered && !keepFocus && !first) main.querySelector('h1')?.focus({ preventScroll: true });
    if (y === null) showTop(entered);
    else await restore(y, shown);
}

// Search as you type: the first letter makes a history entry, the next ones change it.
function searchFor(text) {
    const q = text.trim();
    const searching = current?.name === 'search';
    if (q === '') {
        if (searching) go(HOME, {}, { replace: true, typed: true });
    } else {
        go('search', { q }, { replace: searching, typed: true });
    }
}
const searchSoon = debounce(searchFor, TYPING_MS);
input.addEventListener('input', () => searchSoon(input.value));
document.getElementById('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    searchSoon.cancel();
    searchFor(input.value);
});
addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, textarea, select, [role="application"]');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
        input.select();
    }
});

document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault(); // "#main" is no address of a view
    main.focus();
});

addEventListener('popstate', () => show({ y: arrive() }));

/** A bar at the foot of the window: it covers nothing that moves and moves nothing that is there. */
function tell(text, action, onAction) {
    const hide = () => {
        notice.hidden = true;
    };
    notice.replaceChildren(
        el('span', {}, text),
        el(
            'button',
            {
                type: 'button',
                class: 'primary',
                onclick: () => {
                    hide();
                    onAction();
                },
            },
            action,
        ),
        el('button', { type: 'button', class: 'plain', 'aria-label': 'Dismiss', onclick: hide }, '✕'),
    );
    notice.hidden = false;
    say(text);
}

/** What is loaded and how old it is, at the foot of every view. */
function describeData(generation) {
    const foot = document.getElementById('foot-generation');
    const what = `Data generation ${generation}`;
    foot.textContent = what;
    loadedModels().then(
        (list) => {
            const m = list.at(-1);
            if (m) foot.textContent = `${what}: ${plural(m.rows, 'row')}, trained ${ago(m.trained_at)}`;
        },
        () => {},
    );
}

watchGeneration((now, before) => {
    describeData(now);
    if (before === null || current?.name === 'status') return;
    tell(`New data has arrived (generation ${now}).`, 'Show it', () => {
        current.stop();
        current = null;
        show({ y: scrollY });
    });
});
setInterval(() => {
    if (!document.hidden && currentGeneration() !== null) readiness().catch(() => {});
}, GENERATION_POLL_MS);

show({ y: arrive() });
