// Where a generation's rows come from: topic partitions and their offsets.

import { el, table } from './dom.js';
import { count } from './format.js';

/** `sources` as /readyz and the lineage of a product tell them. */
export function sourcesTable(sources) {
    if (!sources?.length) return el('p', { class: 'muted' }, 'The names of the batch files do not tell.');
    const rows = sources.map((s) => [
        `${s.topic}, partition ${s.partition}`,
        s.first_offset === s.last_offset
            ? count(s.first_offset)
            : `${count(s.first_offset)} to ${count(s.last_offset)}`,
        count(s.rows),
        count(s.files),
    ]);
    return table('Sources', ['Source', 'Offsets', 'Rows', 'Batch files'], rows);
}
