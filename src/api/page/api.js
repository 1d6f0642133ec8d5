// Requests to the API. Replies carry the generation they were answered from; whoever cares can watch it change.

const TIMEOUT_MS = 20000;

/** What went wrong. kind: 'unreachable' (no reply), 'busy' (5xx), 'refused' (4xx, `problem` says why). */
export class ApiError extends Error {
    constructor(kind, status, problem) {
        super(problem?.detail ?? problem?.error ?? problem?.title ?? (status ? `status ${status}` : 'no reply'));
        this.name = 'ApiError';
        this.kind = kind;
        this.status = status;
        this.problem = problem ?? {};
    }

    /** Whether asking again later can help. */
    get passing() {
        return this.kind !== 'refused';
    }
}

let generation = null;
const watchers = new Set();

/** Calls `fn(now, before)` whenever a reply comes from another generation than the one before. */
export function watchGeneration(fn) {
    watchers.add(fn);
}

export function currentGeneration() {
    return generation;
}

function noteGeneration(now) {
    if (!now || now === generation) return;
    const before = generation;
    generation = now;
    for (const fn of watchers) fn(now, before);
}

/** The text of a header that is percent-encoded where it is not plain ASCII; as it came if it was cut inside a letter. */
function headerText(value) {
    if (value === null) return null;
    try {
        return decodeURIComponent(value);
    } catch {
        return value;
    }
}

async function request(path, params, signal, as) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(params ?? {})) {
        if (value !== undefined && value !== null && value !== '') query.set(key, value);
    }
    const text = query.toString();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let reply;
    let body;
    try {
        reply = await fetch(text ? `${path}?${text}` : path, {
            signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        });
        body = reply.ok ? await reply[as]() : await reply.json().catch(() => null);
    } catch (error) {
        if (signal?.aborted) throw signal.reason;
        throw new ApiError('unreachable', 0, null);
    }
    noteGeneration(reply.headers.get('X-Pasar-Generation'));
    if (!reply.ok) throw new ApiError(reply.status >= 500 ? 'busy' : 'refused', reply.status, body);
    const total = Number.parseInt(reply.headers.get('X-Total-Count'), 10);
    return {
        body,
        total: Number.isFinite(total) ? total : null,
        relaxed: headerText(reply.headers.get('X-Pasar-Relaxed')),
    };
}

/** GET as JSON: {body, total, relaxed}. Throws ApiError, or the signal's reason when it was aborted. */
export function get(path, params, signal) {
    return request(path, params, signal, 'json');
}

let mostItems = Infinity; // of one reply: a server may allow less than lists ask for (--max-limit)

/** The same for lists: asks for what the server gives at most when it says that `params.limit` is too much. */
export async function getList(path, params, signal) {
    try {
        return await get(path, { ...params, limit: Math.min(params.limit, mostItems) }, signal);
    } catch (error) {
        const most = /^limit must be between 1 and (\d+)/.exec(error.status === 400 ? error.message : '');
        if (!most || Number(most[1]) >= Math.min(params.limit, mostItems)) throw error;
        mostItems = Number(most[1]);
        return get(path, { ...params, limit: mostItems }, signal);
    }
}

/** GET as text, for /metrics. */
export async function getText(path, signal) {
    return (await request(path, null, signal, 'text')).body;
}

/** /readyz answers 503 with the same JSON while nothing is loaded: that is an answer here, not an error. */
export async function readiness(signal) {
    try {
        return (await get('/readyz', null, signal)).body;
    } catch (error) {
        if (error instanceof ApiError && error.kind === 'busy') return { status: 'not ready', ...error.problem };
        throw error;
    }
}
