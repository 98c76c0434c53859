// SPDX-License-Identifier: Apache-2.0
// report.js BENCH MANIFEST OUT PROJECT [PICTURES]
// Makes the page OUT of the runs in the folder BENCH and of an image's manifest; PROJECT says of
// which state of the project it is. The main pictures go into the folder PICTURES too, each by
// itself. `microbeam report` calls it. Status 1 and a sentence, and nothing written, if the figures
// are not what they should be.
'use strict';

const fs = require('fs');
const path = require('path');
const {finish} = require('./boot');
const {BadData, readManifest, readRuns} = require('./data');
const {files} = require('./image');
const {page} = require('./page');
const {svg, wide} = require('./pictures');
const {views} = require('./views');

// Those that go into PICTURES.
const main = ['boot', 'icount', 'first', 'image', 'memory'];

const own = (name) => fs.readFileSync(path.join(__dirname, name), 'utf8');

/** The runs that the page is about have an end, and say which machine it was. */
function checkBoot(name, run) {
  if (name !== 'boot' && name !== 'icount') return;
  const measure = finish(run);
  if (!run.guest) throw new BadData(`${run.file}: it does not say which machine was booted`);
  if (!measure || measure.series.every(({values}) => values.length === 0)) {
    throw new BadData(`${run.file}: nobody has come as far as an answer: nothing to draw`);
  }
}

/** A sentence if the images have changed since they were measured. */
function doubtOf({boot}, image) {
  const measured = files(boot).find(({name}) => name === image.release);
  if (!measured || measured.bytes === image.bytes.kernel + image.bytes.root) return undefined;
  return `The image ${image.release} has changed since it was measured; to measure again: ` +
      'scripts/microbeam report --again 10';
}

function report([bench, manifest, out, project, folder]) {
  const runs = readRuns(bench, checkBoot);
  if (!runs.boot) throw new BadData(`${path.join(bench, 'boot.json')} is not there`);
  const image = readManifest(manifest);
  const doubt = doubtOf(runs, image);
  if (doubt) process.stderr.write(`warning: ${doubt}\n`);
  const pictures = views({runs, image});
  const style = own('page.css') + own('pictures.css');
  fs.writeFileSync(out, page({runs, image, pictures, project, date: new Date(), style, doubt}));
  if (!folder) return;
  for (const name of main.filter((name) => pictures[name])) {
    const picture = svg(pictures[name], wide, own('pictures.css'));
    fs.writeFileSync(path.join(folder, `${pictures[name].id}.svg`), picture.text);
  }
}

try {
  report(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BadData)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
