// SPDX-License-Identifier: Apache-2.0
// Numbers for people: a value and its unit, with as many digits as say something.
'use strict';

const {format} = require('d3-format');

// Units of the figures that are not those in which people think of them.
const scaled = {
  KiB: {factor: 1024 / 1e6, unit: 'MB'},
  bytes: {factor: 1 / 1e6, unit: 'MB'},
  us: {factor: 1, unit: 'µs'},
  '1/s': {factor: 1, unit: 'a second'}
};

/** The number and the unit in which it is shown: KiB and bytes as MB. */
function shown(value, unit) {
  const scale = scaled[unit];
  return scale ? {value: value * scale.factor, unit: scale.unit} : {value, unit};
}

/** Three digits at least, but of whole numbers and large ones what is before the point. */
function number(value) {
  if (Number.isInteger(value)) return format(',')(value);
  const size = Math.abs(value);
  return format(size >= 100 ? ',.0f' : size >= 10 ? ',.1f' : ',.2f')(value);
}

/** "1,255 ms" */
function quantity(value, unit) {
  const is = shown(value, unit);
  return `${number(is.value)} ${is.unit}`.trim();
}

/** "5.5×" */
function times(ratio) { return `${format(ratio >= 9.95 ? ',.0f' : '.1f')(ratio)}×`; }

/** Bytes, of something that may be small: "54 kB", "2.29 MB". */
function size(bytes) {
  if (bytes >= 1e6) return quantity(bytes, 'bytes');
  return bytes >= 1e3 ? `${format(',.0f')(bytes / 1e3)} kB` : `${bytes} bytes`;
}

module.exports = {
  number,
  quantity,
  shown,
  size,
  times
};
