// How far each entry of the history was scrolled: Back, Forward and a reload lead to where one was. Entries are known by
// a key in their state.

const KEPT = 'pasar-place'; // of the session: where the window was when it went away

const scrolled = new Map();
let key = null;
let restoring = null; // the key of an entry on its way to where it was

/**
 * The address has changed, the window has not yet: remembers how far the entry that goes was scrolled, and gives a new
 * one its key. Returns how far the one that comes was scrolled, null when it is new.
 */
export function arrive() {
    const { state } = history;
    if (key && restoring !== key) scrolled.set(key, scrollY);
    if (state?.key) {
        ({ key } = state);
        return scrolled.get(key) ?? null;
    }
    key = `${Date.now()}-${Math.random()}`;
    history.replaceState({ key }, '');
    return null;
}

/** Makes room for a new entry at `hash`, or gives this one another address. */
export function move(hash, replace) {
    if (replace) history.replaceState(history.state, '', hash);
    else history.pushState(null, '', hash);
}

/** Scrolls to `y` once `shown` is there. What the way there looks like is not remembered. */
export async function restore(y, shown) {
    const mine = key;
    restoring = mine;
    try {
        await shown;
    } finally {
        if (restoring === mine) restoring = null;
    }
    if (mine === key) scrollTo(0, y);
}

history.scrollRestoration = 'manual';
try {
    const [where, y] = JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
    if (where === history.state?.key) scrolled.set(where, y);
    addEventListener('pagehide', () => sessionStorage.setItem(KEPT, JSON.stringify([key, scrollY])));
} catch {
    // Storage is switched off: a reload starts at the top.
}
