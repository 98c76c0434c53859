// SPDX-License-Identifier: Apache-2.0
// The way to the first byte, step by step: from the medians of the marks to the segments of a bar.
'use strict';

const {contestants, measureOf, seriesOf} = require('./data');
const {quantity, times} = require('./figures');

// Each ends with the mark of its name.
const phases = [
  {mark: 'kernel', kind: 'host', label: 'QEMU and firmware'},
  {mark: 'init', kind: 'kernel', label: 'kernel'},
  {mark: 'exec', kind: 'init', label: '/init'},
  {mark: 'beam', kind: 'start', label: 'exec to BEAM'},
  {mark: 'listening', kind: 'load', label: 'BEAM to listening'},
  {mark: 'first_byte', kind: 'answer', label: 'listening to first byte'},
];

/** What is unseen between two marks, because somebody writes none. */
const unseen = {
  kind: 'unseen',
  label: 'not told apart'
};

/**
 * The steps of one contestant: [{kind, label, from, to}], between the medians of the marks that it
 * has. Steps whose marks are missing are one, which is called `unseen`.
 */
function steps(run, contestant) {
  const list = [];
  let from = 0;
  let skipped = false;
  for (const {mark, kind, label} of phases) {
    const {median} = seriesOf(measureOf(run, mark), contestant);
    if (median === undefined) {
      skipped = true;
      continue;
    }
    // Who is only asked now and then may answer before the mark.
    const to = Math.max(from, median);
    list.push({...(skipped ? unseen : {kind, label}), mark, from, to});
    from = to;
    skipped = false;
  }
  return list;
}

/** The measure that the run is about: the first byte, or under -icount listening. */
function finish(run) { return measureOf(run, 'first_byte') || measureOf(run, 'listening'); }

/** How many times better a series is than that of the baseline; undefined without either. */
function ratio(measure, series, baseline) {
  const base = seriesOf(measure, baseline).median;
  if (!base || !series.median || series.contestant === baseline) return undefined;
  return measure.more ? series.median / base : base / series.median;
}

/** Rows for pictures.bars: the waterfall of each contestant. */
function waterfall(run) {
  const measure = finish(run);
  return contestants(run).map((name) => {
    const series = seriesOf(measure, name);
    if (series.values.length === 0) return {name, segments: [], why: series.why};
    const better = ratio(measure, series, run.baseline);
    return {
      name,
      segments:
          steps(run, name).map(({kind, label, from, to}) => ({
                                 kind,
                                 value: to - from,
                                 title: `${name}, ${label}: ${quantity(to - from, measure.unit)}`
                               })),
      text: quantity(series.median, measure.unit),
      note: better && `${times(better)} sooner`
    };
  });
}

/** The entries of a legend for what is in these rows. */
function kinds(rows) {
  const used = new Set(rows.flatMap(({segments}) => segments.map(({kind}) => kind)));
  return [...phases, unseen].filter(({kind}) => used.has(kind));
}

module.exports = {
  finish,
  kinds,
  phases,
  ratio,
  steps,
  waterfall
};
