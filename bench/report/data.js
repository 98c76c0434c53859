// SPDX-License-Identifier: Apache-2.0
// What was measured, read and checked: the JSON that `microbeam bench` saves
// (../common/comparison.h has its form) and the manifest of an image. What is wrong with a file is
// said with its name.
'use strict';

const fs = require('fs');
const path = require('path');

// What `microbeam bench` measures: its option, and what it is called. In the order of the page.
const known = {
  boot: {option: '', title: 'Boot'},
  icount: {option: ' --icount', title: 'Boot, in instructions of the guest'},
  memory: {option: ' --what memory', title: 'Memory'},
  load: {option: ' --what load', title: 'Under load'},
  idle: {option: ' --what idle', title: 'Idle'},
  native: {option: ' --what native', title: 'On the host, without a machine'}
};

/** What a run is called. */
const titleOf = (name) => known[name].title;

/** Something is wrong with what was read; the message is for people. */
class BadData extends Error {}

function readJson(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadData(`${file} cannot be read (${error.code})`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadData(`${file} is not JSON: ${error.message}`);
  }
}

function check(good, file, what) {
  if (!good) throw new BadData(`${file}: ${what}`);
}

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isText = (value) => typeof value === 'string';
const isList = (value, of) => Array.isArray(value) && value.every(of);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function checkSeries(series, where, file) {
  check(
      isObject(series) && isText(series.contestant), file,
      `${where} has a series without a contestant`);
  const whose = `${where} of ${series.contestant}`;
  if (series.n === 0)
    return {contestant: series.contestant, values: [], why: series.why || 'not measured'};
  check(Array.isArray(series.values) && series.values.length > 0, file, `${whose} has no values`);
  for (const value of series.values)
    check(isNumber(value), file, `${whose} has a value that is no number: ${value}`);
  for (const key of ['median', 'p95', 'min', 'max'])
    check(isNumber(series[key]), file, `${whose} has no ${key}`);
  return series;
}

function checkMeasure(measure, file) {
  check(isObject(measure) && isText(measure.name), file, 'it has a measure without a name');
  const where = `the measure ${measure.name}`;
  check(isText(measure.unit), file, `${where} has no unit`);
  check(Array.isArray(measure.series), file, `${where} has no series`);
  return {
    name: measure.name,
    unit: measure.unit,
    title: measure.title || measure.name,
    more: measure.better === 'more',
    why: measure.why,
    series: measure.series.map((series) => checkSeries(series, where, file))
  };
}

/** A run of `microbeam bench`, from its file. */
function readRun(file) {
  const run = readJson(file);
  check(
      isObject(run) && Array.isArray(run.measures), file,
      'it has no measures: not of microbeam bench');
  check(isText(run.machine) && isText(run.baseline), file, 'it has no machine or no baseline');
  const measures = run.measures.map((measure) => checkMeasure(measure, file));
  check(
      measures.some(({series}) => series.some(({values}) => values.length > 0)), file,
      'no measure has a value');
  const binaries = run.binaries || [];
  check(
      isList(
          binaries,
          ({contestant, path, bytes}) => isText(contestant) && isText(path) && isNumber(bytes)),
      file, 'its binaries have no sizes');
  return {
    file,
    date: fs.statSync(file).mtime,
    machine: run.machine,
    guest: isObject(run.guest) ? run.guest : undefined,
    baseline: run.baseline,
    binaries,
    measures
  };
}

function checkManifest(manifest, file) {
  check(
      isObject(manifest) && Array.isArray(manifest.components), file,
      'it has no components: not of an image');
  check(
      isObject(manifest.bytes) && isNumber(manifest.bytes.bzImage), file,
      'it does not say what the image weighs');
  for (const one of manifest.components) {
    check(
        isObject(one) && isText(one.name) && isText(one.version), file,
        'it has a component without a name or version');
    check(
        one.bytes === null || (isNumber(one.bytes) && isNumber(one.compressed)), file,
        `it does not say what ${one.name} weighs`);
  }
  check(manifest.components.some(({name}) => name === 'linux'), file, 'it has no component linux');
  check(rootOf(manifest) !== undefined, file, 'it names no root');
}

const rootOf = ({bytes}) => Object.keys(bytes).find((name) => name.startsWith('root.'));

/** manifest.json of an image; see ../../rootfs/README.md. */
function readManifest(file) {
  const manifest = orType('build', () => {
    const json = readJson(file);
    checkManifest(json, file);
    return json;
  });
  const root = rootOf(manifest);
  return {
    file,
    release: manifest.release ? manifest.release.name : 'none',
    sources: manifest.sources || {},
    components: manifest.components,
    root,
    bytes: {kernel: manifest.bytes.bzImage, root: manifest.bytes[root]}
  };
}

/** What `read` returns; a complaint gets the command that helps. */
function orType(command, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadData) error.message += `; type: scripts/microbeam ${command}`;
    throw error;
  }
}

/**
 * The runs in a folder, by name: boot.json is `boot`. One that is missing is no error, but one that
 * is broken is; `further` looks at them too.
 */
function readRuns(folder, further) {
  const runs = {};
  for (const [name, {option}] of Object.entries(known)) {
    const file = path.join(folder, `${name}.json`);
    if (!fs.existsSync(file)) continue;
    orType(`bench${option}`, () => {
      runs[name] = readRun(file);
      further(name, runs[name]);
    });
  }
  return runs;
}

/** The command that makes a run. */
function commandOf(name, {measures}) {
  const rounds = measures.flatMap(({series}) => series.map(({values}) => values.length));
  return `scripts/microbeam bench${known[name].option} --rounds ${Math.max(...rounds)}`;
}

/** The measure of that name, or undefined. */
function measureOf(run, name) {
  return run && run.measures.find((measure) => measure.name === name);
}

/** What one contestant has shown; without values if it is not there. */
function seriesOf(measure, contestant) {
  const found = measure && measure.series.find((series) => series.contestant === contestant);
  return found || {contestant, values: [], why: 'not measured'};
}

/**
 * Which measure is the one of memory: the least that is enough, or else what QEMU has after a boot.
 * {run, measure, title}, or undefined.
 */
function memoryOf({boot, memory}) {
  const least = measureOf(memory, 'least');
  if (least) return {run: memory, measure: least, title: 'The least memory with which it answers'};
  const pss = measureOf(boot, 'pss');
  return pss &&
      {run: boot, measure: pss, title: 'Memory of QEMU when the guest has answered (PSS)'};
}

/** Everybody in it, in the order of the run. */
function contestants(run) {
  return [...new Set(run.measures.flatMap(({series}) => series.map(({contestant}) => contestant)))];
}

module.exports = {
  BadData,
  commandOf,
  contestants,
  measureOf,
  memoryOf,
  readManifest,
  readRuns,
  seriesOf,
  titleOf
};
