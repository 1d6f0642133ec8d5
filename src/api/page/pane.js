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

/**
 * The message of a failure, with a clock that counts down to `again()`. It stays the same node from attempt to attempt,
 * so that whoever has the focus on its button keeps it: show(error, attempt) renews its words, stop() its clock.
 */
function failure(again) {
    const clock = el('span', { class: 'muted' });
    const title = el('h2', {});
    const text = el('p', {});
    const button = el('button', { type: 'button', class: 'primary', onclick: again }, 'Try now');
    const node = el(
        'div',
        { class: 'panel message failure' },
        title,
        text,
        el('div', { class: 'actions' }, button, clock),
    );
    let timer = 0;
    function stop() {
        clearInterval(timer);
        removeEventListener('online', again);
    }
    function show(error, attempt) {
        stop();
        let left = BACKOFF_S[Math.min(attempt, BACKOFF_S.length - 1)];
        const tick = () => {
            clock.textContent = `Trying again in ${left} s`;
        };
        [title.textContent, text.textContent] = why(error);
        if (attempt === 0) say(`${title.textContent}. ${text.textContent}`);
        tick();
        timer = setInterval(() => {
            left -= 1;
            if (left <= 0) again();
            else tick();
        }, 1000);
        addEventListener('online', again);
    }
    return { node, show, stop };
}

/**
 * Makes `node` a pane. `skeleton()` returns the nodes to show while nothing is there yet; `refused(error)` returns the
 * nodes (or a promise of them) to show when the API says no (default: its words); `failed()` hears of a failure that is shown.
 */
export function createPane(node, { skeleton, refused, failed } = {}) {
    let controller = null;
    let waiting = null;
    let filled = false;

    function fail(error, job, attempt) {
        if (!waiting) waiting = failure(() => run(job, waiting.attempt + 1));
        waiting.attempt = attempt;
        waiting.show(error, attempt);
        if (waiting.node.parentNode !== node) node.replaceChildren(waiting.node);
        failed?.();
    }

    function settle() {
        waiting?.stop();
        waiting = null;
    }

    async function run(job, attempt = 0) {
        controller?.abort();
        if (attempt === 0) settle();
        else waiting?.stop();
        controller = new AbortController();
        const { signal } = controller;
        node.setAttribute('aria-busy', 'true');
        if (!filled && attempt === 0 && skeleton) node.replaceChildren(...[skeleton()].flat());
        try {
            const nodes = await job(signal);
            if (signal.aborted) return;
            settle();
            if (nodes) node.replaceChildren(...[nodes].flat());
            filled = true;
        } catch (error) {
            if (signal.aborted) return;
            filled = false;
            if (!(error instanceof ApiError)) {
                settle();
                node.replaceChildren(message('Something in this page broke', String(error.message ?? error)));
                console.error(error);
            } else if (error.passing) {
                fail(error, job, attempt);
            } else {
                settle();
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
