// SPDX-License-Identifier: Apache-2.0
// The tables of the page: what the pictures show, in numbers.
'use strict';

const {finish, phases, ratio, steps} = require('./boot');
const {contestants, measureOf, seriesOf} = require('./data');
const {number, shown, times} = require('./figures');
const {files, wholes} = require('./image');
const {markup} = require('./markup');

const spelled = (unit) => unit === 'M' ? 'millions of instructions' : shown(0, unit).unit;
const whole = (bytes) => bytes.toLocaleString('en-US');

/** A table; the first cell of each row names it, and one may be {text, span}. */
function table(caption, head, rows) {
  const cell = (one) => one.span > 1 ? markup`<td colspan="${one.span}">${one.text}</td>` :
                                       markup`<td>${one.span ? one.text : one}</td>`;
  return markup`<figure>
<figcaption>${caption}</figcaption>
<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<thead><tr>${head.map((text) => markup`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>
${rows.map(([name, ...cells]) => markup`<tr><th scope="row">${name}</th>${cells.map(cell)}</tr>
`)}</tbody>
</table></div>
</figure>
`;
}

/** The steps of everybody; what is not told apart spans what it is of. */
function stepsTable(run) {
  const {unit} = finish(run);
  const seen = phases.filter(({mark}) => measureOf(run, mark));
  const row = (name) => {
    const own = steps(run, name);
    if (own.length === 0)
      return [name, {text: seriesOf(finish(run), name).why, span: seen.length + 1}];
    let span = 1;
    const cells = [];
    for (const {mark} of seen) {
      const step = own.find((one) => one.mark === mark);
      if (step) cells.push({text: number(step.to - step.from), span});
      span = step ? 1 : span + 1;
    }
    return [name, ...cells, number(own[own.length - 1].to)];
  };
  return table(
      `The steps of a boot, ${spelled(unit)}`, ['', ...seen.map(({label}) => label), 'together'],
      contestants(run).map(row));
}

/** The middle and the ends of one measure, for everybody. */
function summaryTable(run, measure) {
  const unit = spelled(measure.unit);
  const row = (series) => {
    if (series.values.length === 0) return [series.contestant, {text: series.why, span: 6}];
    const better = ratio(measure, series, run.baseline);
    const figures = ['median', 'p95', 'min', 'max'].map(
        (key) => number(shown(series[key], measure.unit).value));
    return [series.contestant, series.values.length, ...figures, better ? times(better) : '–'];
  };
  return table(
      `${measure.title}${unit && `, ${unit}`} (${measure.more ? 'more' : 'less'} is better)`,
      ['', 'n', 'median', 'p95', 'min', 'max', `better than ${run.baseline}`],
      measure.series.map(row));
}

function filesTable(run) {
  const of = (segments, kind) => {
    const found = segments.find((one) => one.kind === kind);
    return found ? whole(found.value) : '–';
  };
  const row =
      ({name,
        segments,
        bytes}) => [name, of(segments, 'kernel'), of(segments, 'root'), whole(bytes)];
  return table('Kernel and root, bytes', ['', 'bzImage', 'root', 'together'], files(run).map(row));
}

function componentsTable(image) {
  const rows = wholes(image)
                   .flatMap(({groups}) => groups)
                   .flatMap(({label, parts}) => parts.map((part) => ({...part, label})));
  rows.sort((a, b) => b.bytes - a.bytes);
  return table(
      `The components of ${image.release}`, ['', 'of', 'version', 'licence', 'bytes', 'as shipped'],
      rows.map(
          (part) =>
              [part.name, part.label, part.version, part.licence, whole(part.raw),
               whole(part.bytes)]));
}

module.exports = {
  componentsTable,
  filesTable,
  stepsTable,
  summaryTable,
  table
};
