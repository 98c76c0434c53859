// SPDX-License-Identifier: Apache-2.0
// The page: sections of a picture and a table each. No script in it, and nothing from outside.
'use strict';

const {finish, ratio} = require('./boot');
const {commandOf, contestants, memoryOf, seriesOf, titleOf} = require('./data');
const {quantity, size, times} = require('./figures');
const {files} = require('./image');
const {markup, verbatim} = require('./markup');
const {narrow, svg, wide} = require('./pictures');
const {componentsTable, filesTable, stepsTable, summaryTable, table} = require('./tables');

// What the images are; see ../README.md.
const about = {
  'stock': 'what one gets by default: BusyBox’s init and shell, bin/hello start as Mix wrote it; ' +
      'the JIT, every module loaded at start, distribution and epmd',
  'busybox-exec':
      'our root, whose /init is a shell script that executes the very command that beam-init would',
  'tini': 'the same script below tini, which is /init: the BEAM is its child',
  'dumb-init': 'the same below dumb-init',
  'debian':
      'what one gets with a distribution: Debian 12 with systemd, and the sample as a service',
  'hello': 'ours, with the interpreter',
  'hello-small': 'the fewest bytes: pruned, xz, a kernel for one processor',
  'hello-small-squashfs': 'hello-small with its root on a disk',
  'hello-fast': 'ours for a short boot: a root that is not compressed, that same kernel',
  'hello-jit-fast': 'hello-fast with the JIT',
  'hello-fast-profiled':
      'hello-fast, and what the boot and the first request need is loaded first, all at once'
};

const accelerators = {
  tcg: 'under TCG, where QEMU translates every instruction of the guest in software',
  kvm: 'under KVM, where the processor itself runs the guest'
};
const underWhich = ({accel}) => accelerators[accel] || `under ${accel}`;

const day = (date) => date.toISOString().slice(0, 10);
const plural = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;

const paragraph = (text, kind = '') => markup`<p class="${kind}">${text}</p>\n`;
const heading = (text) => markup`<h3>${text}</h3>\n`;
const code = (text) => markup`<code>${text}</code>`;

function section(id, title, ...body) {
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${body}</section>
`;
}

/** The picture in both widths; the style sheet shows one. */
function figure(picture) {
  return markup`<figure>
<div class="wide">${svg(picture, wide)}</div>
<div class="narrow">${svg(picture, narrow)}</div>
</figure>
`;
}

function details(summary, body) {
  return markup`<details><summary>${summary}</summary>
${body}</details>
`;
}

function definitions(rows) {
  const row = ([name, text]) => markup`<dt>${name}</dt><dd>${text}</dd>\n`;
  return markup`<dl class="facts">
${rows.map(row)}</dl>
`;
}

const isLeast = ({measure}) => measure.name === 'least';
const memoryTile = (memory) =>
    isLeast(memory) ? 'of memory are enough to answer' : 'of memory on the host: all that QEMU has';

/** The best of ours, in a few figures. */
function tiles({runs, image: {release, bytes}}) {
  const {boot, icount} = runs;
  const tile = (value, what, more) =>
      markup`<div><dt>${what}</dt><dd><b>${value}</b> <span>${more}</span></dd></div>\n`;
  const best = (run, measure, what, word) => {
    const ours = measure.series.filter(
        ({contestant, values}) => contestant !== run.baseline && values.length > 0);
    if (ours.length === 0) return [];
    const one = ours.reduce((a, b) => b.median < a.median ? b : a);
    const better = ratio(measure, one, run.baseline);
    const more = better ? `, ${times(better)} ${word} than ${run.baseline}` : '';
    return tile(quantity(one.median, measure.unit), what, `${one.contestant}${more}`);
  };
  const list = [best(
      boot, finish(boot), `to the first byte of an answer, ${underWhich(boot.guest).split(',')[0]}`,
      'sooner')];
  if (icount) {
    list.push(best(icount, finish(icount), 'instructions of the guest up to listening', 'less'));
  }
  list.push(tile(
      size(bytes.kernel + bytes.root), 'for kernel and root',
      `${release}: ${size(bytes.kernel)} and ${size(bytes.root)}`));
  const memory = memoryOf(runs);
  if (memory) list.push(best(memory.run, memory.measure, memoryTile(memory), 'less'));
  return markup`<dl class="tiles">
${list}</dl>
`;
}

/** What the reference design aims at, and the figure for it of each image. */
function targets({runs}) {
  const {boot} = runs;
  const weights = new Map(files(boot).map(({name, bytes}) => [name, bytes]));
  const columns = [
    {head: 'kernel and root: 15–18 MB', most: 18e6, unit: 'bytes', of: (name) => weights.get(name)},
    {
      head: 'first answer: under 200 ms',
      most: 200,
      unit: 'ms',
      of: (name) => seriesOf(finish(boot), name).median
    }
  ];
  const memory = memoryOf(runs);
  if (memory) {
    const {unit} = memory.measure;
    const of = (name) => seriesOf(memory.measure, name).median;
    columns.push(
        {head: 'memory: 50 MB', most: 50e6 / (unit === 'MiB' ? 2 ** 20 : 2 ** 10), unit, of});
  }
  const cell = ({most, unit, of}, name) => {
    const value = of(name);
    if (value === undefined) return '–';
    const text = quantity(value, unit);
    return value <= most ? markup`<span class="met">✓ ${text}</span>` : text;
  };
  const rows = contestants(boot).map((name) => [name, ...columns.map((one) => cell(one, name))]);
  const unmeasured = boot.guest.accel === 'tcg' ?
      ': the target is meant for a processor that runs the guest itself, which was not measured' :
      '';
  const how = !memory ? '' :
      isLeast(memory) ? ' Memory is the least with which the machine answers.' :
                        ' Memory is all that QEMU has on the host (PSS), its own besides the ' +
          `guest’s, which was offered ${boot.guest.memory_mib} MiB.`;
  return section(
      'targets', 'The targets of the reference design, and what is measured',
      table('Targets, and medians', ['', ...columns.map(({head}) => head)], rows),
      paragraph(
          `✓: within the target. Times are ${underWhich(boot.guest)}${unmeasured}.${how}`, 'note'));
}

function bootSection({runs: {boot}, pictures}) {
  const known = contestants(boot).filter((name) => about[name]);
  const rounds = Math.max(...finish(boot).series.map(({values}) => values.length));
  return section(
      'boot', 'The way to the first byte',
      paragraph(
          `Medians of ${plural(rounds, 'boot')} of each, in turns. Who does not say when a step ` +
          'is done has one bar for several.'),
      figure(pictures.boot), stepsTable(boot), known.length > 0 ? heading('Who they are') : '',
      known.length > 0 ? definitions(known.map((name) => [name, about[name]])) : '');
}

function icountSection({runs: {icount}, pictures}) {
  if (!icount) return '';
  return section(
      'icount', titleOf('icount'),
      paragraph('From reset to listening. Unlike times these repeat, whatever else the host does.'),
      figure(pictures.icount), stepsTable(icount));
}

function firstSection({runs: {boot}, pictures}) {
  return section(
      'first', 'Every first byte',
      paragraph(
          'A point for each boot, by how far it is from the median of its image; the box has the ' +
          'middle half of them. On the right the median, the least and the most.'),
      figure(pictures.first), summaryTable(boot, finish(boot)));
}

function imageSection({runs: {boot}, image, pictures}) {
  const how = image.root === 'root.cpio' ? '' : ', of the root each component compressed by itself';
  const others = pictures.files ?
      [heading('Beside the others'), figure(pictures.files), filesTable(boot)] :
      '';
  return section(
      'image', 'What an image weighs',
      paragraph(
          `Area is bytes${how}. What is linked into another is a part of it: OpenSSL of crypto, ` +
          'for one.'),
      figure(pictures.image), details('The components as a table', componentsTable(image)), others);
}

/** A picture and a table for each measure of a run. */
function measures(run, list) {
  return list.map(
      ({measure,
        picture}) => [heading(measure.title), figure(picture), summaryTable(run, measure)]);
}

function memorySection({runs, pictures}) {
  const memory = memoryOf(runs);
  if (!memory) return '';
  return section('memory', 'Memory', runs.memory ? measures(runs.memory, pictures.others.memory) : [
    figure(pictures.memory), summaryTable(memory.run, memory.measure)
  ]);
}

function otherSections({runs: {boot, icount, memory, ...others}, pictures}) {
  return Object.entries(others).map(
      ([name, run]) => section(name, titleOf(name), measures(run, pictures.others[name])));
}

function everything({runs}) {
  const figures = (run) => run.measures.map(
      (measure) => measure.why ? paragraph(`${measure.title}: ${measure.why}.`) :
                                 summaryTable(run, measure));
  return section(
      'all', 'Everything',
      Object.entries(runs).map(
          ([name, run]) => details(
              `${titleOf(name)}: ${plural(run.measures.length, 'measure')}`, figures(run))));
}

function made({runs, image, project, date, doubt}) {
  const guestOf = ({qemu, accel, memory_mib, cpus}) =>
      `QEMU ${qemu}, ${accel.toUpperCase()}, ${memory_mib} MiB, ${plural(cpus, 'processor')}`;
  const rows =
      Object.entries(runs).map(([name, run]) => [titleOf(name), [
                                 code(commandOf(name, run)), `, ${day(run.date)}`, markup`<br>`,
                                 run.machine, run.guest ? [markup`<br>`, guestOf(run.guest)] : ''
                               ]]);
  const sources = Object.entries(image.sources).map(([name, {version}]) => `${name} ${version}`);
  rows.push(['Sources', sources.join(', ')]);
  rows.push(
      ['This page', [code('scripts/microbeam report'), `, ${day(date)}, MicroBEAM ${project}`]]);
  return section(
      'made', 'How this was made', definitions(rows), doubt ? paragraph(doubt, 'note') : '');
}

/**
 * The page: of the runs and the image as data.js reads them, the pictures as views.js makes them,
 * `project`, which state of the project it is of, and `style`, the contents of the style sheets;
 * `doubt` is a sentence about the figures, if there is something to be said.
 */
function page(all) {
  const {runs: {boot}, project, style} = all;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>MicroBEAM, measured</title>
<link rel="icon" href="data:,">
<style>
${verbatim(style)}</style>
</head>
<body>
<header>
<h1>MicroBEAM, measured</h1>
<p>An Erlang or Elixir release as a virtual machine in which the BEAM is process 1, beside the same
release started in other ways; ${underWhich(boot.guest)}. Measured on ${day(boot.date)}, MicroBEAM
${project}.</p>
</header>
<main>
${
                 [tiles, targets, bootSection, icountSection, firstSection, imageSection,
                  memorySection, otherSections, everything, made]
                     .map((part) => part(all))}</main>
</body>
</html>
`.text;
}

module.exports = {page};
