// A pane is a part of a view that shows what one request brings: skeleton, content, nothing found, or a failure that
// tries again by itself. A newer run overtakes an older one.

import { el, say } from './dom.js';
import { ApiError } from './api.js';

const BACKOFF_S = [1, 2, 4, 8, 15, 30];

function why(error) {
    if (error.kind === 'unreachable') {
        return navigator.onLine === false
            ? ['You are offline', 'This device has no network. The page goes on as soon as it is back.']
            : ['The server does not answer', 'It may be restarting, or the network between you and it is down.'];
    }
    if (error.status === 503) return ['The market is not open yet', 'The server runs, but has no data loaded so far.'];
    return ['The server could not answer', error.message];
}

/** A centred message with an optional row of actions. */
export function message(title, text, ...actions) {
    return el(
        'div',
        { class: 'panel message' },
        el('h2', {}, title),
        text ? el('p', {}, text) : null,
        actions.length ? el('div', { class: 'actions' }, actions) : null,
    );
}

function failure(error, attempt, again) {
    const [title, text] = why(error);
    const wait = BACKOFF_S[Math.min(attempt, BACKOFF_S.length - 1)];
    const clock = el('span', { class: 'muted' });
    let left = wait;
    const tick = () => {
        clock.textContent = `Trying again in ${left} s`;
    };
    tick();
    const timer = setInterval(() => {
        left -= 1;
        if (left <= 0) again();
        else tick();
    }, 1000);
    const node = message(
        title,
        text,
        el('button', { type: 'button', class: 'primary', onclick: () => again() }, 'Try now'),
        clock,
    );
    node.classList.add('failure');
    if (attempt === 0) say(`${title}. ${text}`);
    const back = () => again();
    addEventListener('online', back);
    return {
        node,
        stop: () => {
            clearInterval(timer);
            removeEventListener('online', back);
        },
    };
}

/**
 * Makes `node` a pane. `skeleton()` returns the nodes to show while nothing is there yet; `refused(error)` returns the
 * nodes (or a promise of them) to show when the API says no (default: its words); `failed()` hears of a failure that is shown.
 */
export function createPane(node, { skeleton, refused, failed } = {}) {
    let controller = null;
    let waiting = null;
    let filled = false;

    function settle() {
        waiting?.stop();
        waiting = null;
    }

    async function run(job, attempt = 0) {
        controller?.abort();
        settle();
        controller = new AbortController();
        const { signal } = controller;
        node.setAttribute('aria-busy', 'true');
        if (!filled && attempt === 0 && skeleton) node.replaceChildren(...[skeleton()].flat());
        try {
            const nodes = await job(signal);
            if (signal.aborted) return;
            if (nodes) node.replaceChildren(...[nodes].flat());
            filled = true;
        } catch (error) {
            if (signal.aborted) return;
            filled = false;
            if (!(error instanceof ApiError)) {
                node.replaceChildren(message('Something in this page broke', String(error.message ?? error)));
                console.error(error);
            } else if (error.passing) {
                waiting = failure(error, attempt, () => run(job, attempt + 1));
                node.replaceChildren(waiting.node);
                failed?.();
            } else {
                const nodes = refused ? await refused(error) : message('Not found', error.message);
                if (signal.aborted) return;
                node.replaceChildren(...[nodes].flat());
            }
        }
        node.removeAttribute('aria-busy');
    }

    /** Ends what is under way; the pane is left as it is. */
    function stop() {
        controller?.abort();
        settle();
    }

    return { node, run, stop };
}
