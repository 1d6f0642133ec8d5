// Where rows come from: the sources of a generation, and the record behind a product.

import { el, table } from './dom.js';
import { get } from './api.js';
import { createPane, message } from './pane.js';
import { capital, count, decimal, plural } from './format.js';

const offsets = ({ first_offset: first, last_offset: last }) =>
    first === last ? count(first) : `${count(first)} to ${count(last)}`;

/** Where in the topic a batch's record was: its offset, or those of the batch. */
function placeInTopic(batch) {
    const at = batch.offset === null ? `among offsets ${offsets(batch)}` : `offset ${count(batch.offset)}`;
    return `${batch.topic}, partition ${batch.partition}, ${at}`;
}

/** Topic partitions and their offsets, as /readyz and the lineage of a product tell them. */
export function sourcesTable(sources) {
    if (!sources?.length) return el('p', { class: 'muted' }, 'The names of the batch files do not tell.');
    const rows = sources.map((s) => [
        `${s.topic}, partition ${s.partition}`,
        offsets(s),
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
                    : item('Batch file', 'not on record, since an older trainer wrote this generation'),
                batch?.topic ? item('Topic', placeInTopic(batch)) : null,
                batch ? item('SHA-256', el('code', {}, batch.sha256)) : null,
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
