// SPDX-License-Identifier: Apache-2.0
// From what was measured to pictures: which there are, and what each shows.
'use strict';

const {finish, kinds, ratio, waterfall} = require('./boot');
const {memoryOf} = require('./data');
const {number, quantity, shown, size, times} = require('./figures');
const {files, wholes} = require('./image');
const {areas, bars, strip} = require('./pictures');

/** "hello 1,521 ms, stock 6,926 ms": what a picture says, for who does not see it. */
const spoken = (rows) => rows.map(({name, text, why}) => `${name} ${text || why}`).join(', ');

/** A row for each series of a measure, with the word for what is better: "sooner". */
function measureRows(run, measure, image, word) {
  return measure.series.map((series) => {
    const {contestant: name, median, values, why} = series;
    const kind = name.startsWith(image.release) ? 'ours' : 'peer';
    if (values.length === 0) return {name, kind, values, segments: [], why};
    const text = quantity(median, measure.unit);
    const better = ratio(measure, series, run.baseline);
    return {
      name,
      kind,
      values,
      median,
      segments: [{kind, value: median, title: `${name}: ${text}`}],
      text,
      note: better && `${times(better)} ${word}`
    };
  });
}

/** A bar for each series of a measure. */
function barView(id, title, run, measure, image) {
  const rows = measureRows(run, measure, image, measure.more ? 'more' : 'less');
  return {
    id,
    title,
    description: spoken(rows),
    draw: (width) => bars({rows, unit: measure.unit}, width)
  };
}

function waterfallView(id, title, run) {
  const rows = waterfall(run);
  const {unit} = finish(run);
  return {
    id,
    title,
    description: spoken(rows),
    draw: (width) => bars({rows, unit, legend: kinds(rows)}, width)
  };
}

function stripView(id, title, run, image) {
  const measure = finish(run);
  const {unit} = measure;
  const plain = (value) => number(shown(value, unit).value);
  const rows =
      measureRows(run, measure, image, '')
          .map((row, index) => ({
                 ...row,
                 note: row.text &&
                     `${plain(measure.series[index].min)}–${plain(measure.series[index].max)}`
               }));
  return {id, title, description: spoken(rows), draw: (width) => strip({rows, unit}, width)};
}

function areaView(id, image) {
  const list = wholes(image);
  const weight = ({parts}) => parts.reduce((sum, {bytes}) => sum + bytes, 0);
  return {
    id,
    title: `The image ${image.release}: ${size(image.bytes.kernel + image.bytes.root)}`,
    description: list.flatMap(({groups}) => groups)
                     .map((group) => `${group.label} ${size(weight(group))}`)
                     .join(', '),
    draw: (width) => areas({wholes: list}, width)
  };
}

function filesView(id, title, run, target) {
  const rows = files(run);
  const legend = [{kind: 'kernel', label: 'kernel (bzImage)'}, {kind: 'root', label: 'root'}];
  return {
    id,
    title,
    description: spoken(rows),
    draw: (width) => bars({rows, unit: 'bytes', legend, target}, width)
  };
}

/** A bar picture of each measure of a run: [{measure, picture}]. */
function measureViews(name, run, image) {
  return run.measures.filter(({why}) => !why).map((measure) => {
    const picture = barView(`${name}-${measure.name}`, measure.title, run, measure, image);
    return {measure, picture};
  });
}

/**
 * Every picture, {id, title, description, draw}; `others` has, by the name of a run, those of its
 * measures.
 */
function views({runs, image}) {
  const {boot, icount, ...others} = runs;
  const memory = memoryOf(runs);
  const under = boot.guest.accel.toUpperCase();
  const target = {from: 15, to: 18, label: 'reference design: 15–18 MB'};
  const all = {
    boot: waterfallView(
        'boot', `From QEMU’s start to the first byte of an answer (medians, ${under})`, boot),
    first: stripView(
        'first-byte', `Every first byte, by how far it is from the median (${under})`, boot, image),
    image: areaView('image', image),
    others: Object.fromEntries(
        Object.entries(others).map(([name, run]) => [name, measureViews(name, run, image)]))
  };
  if (icount) {
    all.icount =
        waterfallView('instructions', 'Instructions of the guest, from reset to listening', icount);
  }
  if (boot.binaries.length > 0) all.files = filesView('files', 'Kernel and root', boot, target);
  if (memory) all.memory = barView('memory', memory.title, memory.run, memory.measure, image);
  return all;
}

module.exports = {views};
