// A list of products: how many there are, the cards, and a button for more.

import { el, newId, say } from './dom.js';
import { getList } from './api.js';
import { createPane, message } from './pane.js';
import { card, cardSkeletons } from './cards.js';
import { PAGE } from './route.js';
import { capital, count, plural } from './format.js';

const CHUNK = 48; // cards that are built between two frames

/** Long lists are built a piece at a time, so that keys and scrolling are never held up. */
async function fill(list, items, model, signal) {
    for (let i = 0; i < items.length; i += CHUNK) {
        if (i > 0) await new Promise((resolve) => setTimeout(resolve));
        if (signal.aborted) return;
        list.append(...items.slice(i, i + CHUNK).map((p) => el('li', {}, card(p, model))));
    }
}

const UNUSABLE = 'That does not work';

/** Why there is no list, and where to go from there: links as [text, address]. */
function nothing(title, text, links, advice) {
    say(`${title}. ${text}`);
    const node = message(title, text);
    if (links.length > 0) {
        const chips = links.map(([text, href]) => el('li', {}, el('a', { class: 'chip', href }, text)));
        node.append(el('p', { class: 'muted' }, 'Try instead'), el('ul', { class: 'suggestions' }, chips));
    } else if (advice) {
        node.append(el('p', { class: 'muted' }, advice));
    }
    return node;
}

/**
 * A list for one view, under `heading` if given. `describe(total)` says in words what is listed, `reword(text)` the
 * API's note that it looked for less than was asked. When nothing is found, `missing()` says so in the words of the
 * view, `suggest(texts)` turns the API's suggestions, if any, into links [text, address] (or a promise of them), and
 * `advice` helps when there are none. `onMore(n)` is told when n products are shown, to keep the address in step;
 * `onLoaded()` that the API answers (again).
 */
export function createResults({ heading, describe, reword = capital, missing, suggest, advice, onMore, onLoaded }) {
    const head = heading ?? el('h2', { class: 'unseen' }, 'Products');
    head.id = newId('results');
    const summary = el('p', { class: 'summary' });
    const relaxed = el('p', { class: 'relaxed', hidden: true });
    const body = el('div', { class: 'results-body' });
    const node = el(
        'section',
        { class: 'results', 'aria-labelledby': head.id },
        head,
        el('div', { class: 'results-head' }, summary),
        relaxed,
        body,
    );
    let described = describe;
    const pane = createPane(body, {
        skeleton: () => {
            summary.textContent = 'Looking…';
            return cardSkeletons(12);
        },
        failed: () => {
            summary.textContent = '';
            relaxed.hidden = true;
        },
        refused: async (error) => {
            summary.textContent = described(0);
            relaxed.hidden = true;
            const texts = Array.isArray(error.problem.suggestions) ? error.problem.suggestions : [];
            const links = (await suggest?.(texts)) ?? [];
            // What is wrong with an address that was cut or made up is told in names of the API that nobody here knows.
            if (error.status !== 404) return nothing(UNUSABLE, 'The address may have been cut or mistyped.', links);
            return nothing('Nothing found', missing?.() ?? capital(error.message), links, advice);
        },
    });

    /** Lists what `path` answers to `params`: the first `n`, in the words of `words` if given. Done when shown. */
    function load(path, params, n, words = describe) {
        described = words;
        const model = Number(params.model) || 3;
        return pane.run(async (signal) => {
            const reply = await getList(path, { ...params, limit: n }, signal);
            const items = Array.isArray(reply.body) ? reply.body : [];
            const total = reply.total ?? items.length;
            summary.textContent = words(total);
            relaxed.hidden = !reply.relaxed;
            relaxed.textContent = reply.relaxed ? `${reword(reply.relaxed)}.` : '';
            say(`${words(total)}. ${relaxed.textContent}`);
            onLoaded?.();
            if (items.length === 0) return message('Nothing here', advice ?? '');
            const list = el('ul', { class: 'cards' });
            await fill(list, items, model, signal);
            return [list, more({ list, path, params, model, signal }, items.length, total)];
        });
    }

    /** In place of a list: why it is not even asked for. */
    function refuse(text, links) {
        return pane.run(async () => {
            summary.textContent = '';
            relaxed.hidden = true;
            return nothing(UNUSABLE, text, links);
        });
    }

    /** The button below a list; what it brings is dropped when another list has come meanwhile. */
    function more({ list, path, params, model, signal }, shown, total) {
        const button = el('button', { type: 'button', class: 'more' });
        const note = el('span', { class: 'muted' });
        const row = el('div', { class: 'more-row' }, note, button);
        const update = () => {
            note.textContent = `${count(shown)} of ${plural(total, 'product')} shown`;
            button.textContent = `Show ${count(Math.min(PAGE, total - shown))} more`;
            button.hidden = shown >= total;
        };
        button.addEventListener('click', async () => {
            if (button.getAttribute('aria-disabled') === 'true') return;
            button.setAttribute('aria-disabled', 'true');
            button.textContent = 'Loading…';
            try {
                const { body } = await getList(path, { ...params, limit: PAGE, offset: shown }, signal);
                await fill(list, body, model, signal);
                if (signal.aborted) return;
                list.children[shown]?.querySelector('a')?.focus({ preventScroll: true });
                shown += body.length;
                if (body.length === 0) total = shown;
                onMore?.(shown);
                update();
                say(note.textContent);
            } catch {
                if (signal.aborted) return;
                button.textContent = 'That did not work. Try again';
                say(button.textContent);
            }
            button.removeAttribute('aria-disabled');
        });
        update();
        return row;
    }

    return { node, load, refuse, stop: pane.stop, summary };
}
