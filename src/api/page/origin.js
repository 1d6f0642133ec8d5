// Where rows come from: the sources of a generation, and the record behind a product.

import { el, table } from './dom.js';
import { get } from './api.js';
import { createPane, message } from './pane.js';
import { capital, count, decimal, plural } from './format.js';

/** Topic partitions and their offsets, as /readyz and the lineage of a product tell them. */
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

/** A product's way into the model, asked for when it is opened. */
export function origin(product, model) {
    const body = el('div', { class: 'origin' });
    const pane = createPane(body, { refused: (error) => message('Not known', capital(error.message)) });
    const item = (name, ...text) => el('div', {}, el('dt', {}, name), el('dd', {}, text));
    const load = async (signal) => {
        const query = { product_id: product.product_id };
        const { body: line } = await get(`/api/models/${model}/lineage`, query, signal);
        const { batch } = line;
        return [
            el(
                'dl',
                {},
                item('Record', `row ${count(line.row)} of ${plural(line.rows, 'row')} of model ${model}, as they arrived`),
                batch
                    ? item('Batch file', el('code', {}, batch.file), `, row ${count(batch.row)} of ${count(batch.rows)}`)
                    : item('Batch file', 'not on record: several partitions were merged by time; one of the sources below'),
                line.label
                    ? item(
                          'Group',
                          `${capital(line.label)}, ${decimal(line.distance, 2)} standard deviations from its centre`,
                      )
                    : null,
                item('Generation', count(line.generation)),
            ),
            sourcesTable(line.sources),
        ];
    };
    const node = el('details', { class: 'about' }, el('summary', {}, 'Where this record comes from'), body);
    node.addEventListener('toggle', () => {
        if (node.open && body.childElementCount === 0) pane.run(load);
    });
    return node;
}
