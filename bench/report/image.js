// SPDX-License-Identifier: Apache-2.0
// What an image weighs: its components in groups, from the manifest, and the two files of each
// contestant.
'use strict';

const path = require('path');
const {size} = require('./figures');

// Of what is in the root; the first that fits decides.
const kinds = [
  {kind: 'erts', label: 'ERTS', fits: ({name}) => name === 'erts'},
  {kind: 'elixir', label: 'Elixir', fits: ({source}) => source === 'elixir'},
  {kind: 'otp', label: 'OTP applications', fits: ({source}) => source === 'erlang'},
  {kind: 'release', label: 'the release', fits: ({path}) => `${path}/`.startsWith('/app/')},
  {kind: 'system', label: 'system', fits: () => true}
];

/**
 * The kernel and the root, for pictures.areas: the components in groups, by what they weigh as
 * shipped, that is each compressed by itself, unless the root is not compressed.
 */
function wholes({components, bytes, root}) {
  const shipped = (one) =>
      root === 'root.cpio' && one.name !== 'linux' ? one.bytes : one.compressed;
  // What has no bytes is linked into another, and in that one's.
  const parts = components.filter((one) => one.bytes !== null)
                    .map((one) => ({...one, raw: one.bytes, bytes: shipped(one)}));
  const linux = parts.filter(({name}) => name === 'linux');
  const groups = kinds.map(
      ({kind, label, fits}) => ({
        kind,
        label,
        parts: parts.filter(
            (one) => one.name !== 'linux' && kinds.find((each) => each.fits(one)).kind === kind)
      }));
  return [
    {
      label: 'kernel',
      bytes: bytes.kernel,
      groups: [{kind: 'kernel', label: 'Linux', parts: linux}]
    },
    {label: 'root', bytes: bytes.root, groups: groups.filter(({parts}) => parts.length > 0)}
  ];
}

/**
 * Rows for pictures.bars: kernel and root of each contestant, from what a run says of its files.
 */
function files({binaries}) {
  const rows = new Map();
  for (const {contestant, path: file, bytes} of binaries) {
    const kind = path.basename(file).startsWith('root.') ? 'root' : 'kernel';
    if (!rows.has(contestant)) rows.set(contestant, {name: contestant, segments: [], bytes: 0});
    const row = rows.get(contestant);
    row.segments.push({kind, value: bytes, title: `${contestant}, ${kind}: ${size(bytes)}`});
    row.bytes += bytes;
    row.text = size(row.bytes);
  }
  return [...rows.values()];
}

module.exports = {
  files,
  wholes
};
