// SPDX-License-Identifier: Apache-2.0
// The pictures, as SVG: bars in rows, values on lines, areas. d3 lays them out; colours and type
// are classes of pictures.css. Each is drawn for a width, because a picture for a desk cannot be
// read on a phone.
'use strict';

const {max, min, quantile} = require('d3-array');
const {hierarchy, treemap, treemapDice, treemapSlice, treemapSquarify} = require('d3-hierarchy');
const {scaleLinear} = require('d3-scale');
const {number, quantity, shown, size} = require('./figures');
const {markup, verbatim} = require('./markup');

/** The widths that pictures are drawn for. */
const wide = 880;
const narrow = 360;
const isNarrow = (width) => width < 600;

// Where the rows of bars and strips begin: behind the names, or below them.
const indent = 176;

// What a text takes, in a typeface of the wider kind. Which it will be, only the browser knows.
const textWidth = (text, points = 13) => text.length * points * 0.6;

/** Squares of colour with their names, in as many lines as they need. */
function legend(entries, width) {
  let x = 0;
  let y = 0;
  const body = entries.map(({kind, label}) => {
    const room = 20 + textWidth(label) + 14;
    if (x > 0 && x + room - 14 > width) {
      x = 0;
      y += 20;
    }
    const at = x;
    x += room;
    return markup`<rect class="${kind}" x="${at}" y="${y + 1}" width="12" height="12" rx="2"/>
<text x="${at + 18}" y="${y + 12}">${label}</text>
`;
  });
  return {body, height: entries.length > 0 ? y + 30 : 0};
}

/** Grid lines and below them what they stand for. */
function axis(x, labels, top, bottom, width) {
  return labels.map(([value, label]) => {
    const half = textWidth(label) / 2;
    const anchor = x(value) < half ? 'start' : x(value) + half > width ? 'end' : 'middle';
    return markup`<line class="${value === 0 ? 'zero' : 'grid'}" x1="${x(value)}" y1="${top}" x2="${
        x(value)}" y2="${bottom}"/>
<text class="muted" x="${x(value)}" y="${bottom + 16}" text-anchor="${anchor}">${label}</text>
`;
  });
}

/** [[0, '0'], [500, '500'], [1000, '1,000 ms']] */
function ticks(x, count, unit) {
  const values = x.ticks(count);
  return values.map((value, index) => {
    const text = value.toLocaleString('en-US');
    return [value, index === values.length - 1 ? `${text} ${unit}` : text];
  });
}

/** What is said of a row: its figure and a remark, or why there is none. */
function remark({text, note, why}, place) {
  return markup`<text class="end" ${place}>${
      text ? markup`<tspan class="strong">${text}</tspan>` :
             markup`<tspan class="muted">${why}</tspan>`}${
      note && markup`<tspan class="muted" dx="7">${note}</tspan>`}</text>
`;
}

const remarkWidth = ({text, note = '', why = ''}) =>
    text ? textWidth(text) * 1.1 + 7 + textWidth(note) : textWidth(why);

/**
 * A row for each contestant, its bar made of one segment or several.
 * - rows: [{name, segments: [{kind, value, title}], text, note, why}], text and note for its end
 * - unit: of the values
 * - legend: [{kind, label}]
 * - target: {from, to, label}, a range to be marked, if any
 */
function bars({rows, unit, legend: entries = [], target}, width) {
  const below = isNarrow(width);
  const left = below ? 0 : indent;
  const thick = below ? 18 : 22;
  const pitch = below ? 46 : 34;
  const length = ({segments}) =>
      segments.reduce((sum, {value}) => sum + shown(value, unit).value, 0);
  const end = max([...rows.map(length), target ? target.to : 0]) || 1;
  // What stands behind a bar needs room too: as much for the longest, less for others.
  const fits = below ?
      1 :
      min(rows,
          (row) => (width - left - remarkWidth(row) - 12) / (length(row) / end) / (width - left));
  const x =
      scaleLinear().domain([0, end]).range([left, left + (width - left - 4) * Math.min(fits, 1)]);
  const head = legend(entries, width);
  const top = head.height + (target ? 18 : 0);
  const bottom = top + rows.length * pitch;
  const draw = (row, index) => {
    const y = top + index * pitch + (below ? 21 : (pitch - thick) / 2);
    const line = below ? y - 6 : y + thick / 2 + 4.5;
    const several = row.segments.length > 1;
    let at = 0;
    const segments = row.segments.map(({kind, value, title}) => {
      const own = shown(value, unit).value;
      const from = x(at);
      at += own;
      const room = x(at) - from - (several ? 1 : 0);
      const label = number(own);
      return markup`<g><title>${title}</title><rect class="${kind}" x="${from}" y="${y}" width="${
          Math.max(room, 0.5)}" height="${thick}"/>${
          several && room > textWidth(label, 11) + 4 &&
          markup`<text class="on-${kind} inside" x="${from + room / 2}" y="${
              y + thick / 2 + 4}" text-anchor="middle">${label}</text>`}</g>
`;
    });
    return markup`<text class="name" x="0" y="${line}">${row.name}</text>
${segments}${
        remark(
            row,
            below ? markup`x="${width}" y="${line}" text-anchor="end"` :
                    markup`x="${x(at) + 8}" y="${line}"`)}`;
  };
  return {
    height: bottom + 22,
    body: [
      head.body, target ? band(target, x, top, bottom) : [],
      axis(x, ticks(x, below ? 4 : 7, shown(0, unit).unit), top, bottom, width), rows.map(draw)
    ]
  };
}

/** A range that is aimed at. */
function band({from, to, label}, x, top, bottom) {
  return markup`<rect class="target" x="${x(from)}" y="${top}" width="${x(to) - x(from)}" height="${
      bottom - top}"/>
<text class="muted" x="${x(to)}" y="${top - 6}" text-anchor="end">${label}</text>
`;
}

/**
 * All values of each contestant, by how far they are from its median, the middle half in a box.
 * - rows: [{name, kind, values, median, text, note, why}]
 * - unit: of the values
 */
function strip({rows, unit}, width) {
  const below = isNarrow(width);
  const left = below ? 6 : indent;
  const right = below ? 6 : max(rows, remarkWidth) + 12;
  const pitch = below ? 64 : 44;
  const bottom = rows.length * pitch;
  const percent = ({values, median}) =>
      values.map((value) => ({value, off: (value / (median || 1) - 1) * 100}));
  const all = rows.flatMap((row) => percent(row).map(({off}) => off));
  const x = scaleLinear().domain([Math.min(min(all), -1), Math.max(max(all), 1)]).nice().range([
    left, width - right
  ]);
  const draw = (row, index) => {
    const y = index * pitch + (below ? 42 : pitch / 2);
    const line = below ? y - 20 : y + 4.5;
    const points = percent(row).sort((a, b) => a.off - b.off);
    const [low, high] = [0.25, 0.75].map((share) => quantile(points, share, ({off}) => off));
    const box = points.length > 1 &&
        markup`<rect class="box" x="${x(low)}" y="${y - 15}" width="${
                    Math.max(x(high) - x(low), 1)}" height="30" rx="2"/>
`;
    const dots = apart(points.map(({off}) => x(off))).map((shift, number) => {
      const {value, off} = points[number];
      return markup`<circle class="${row.kind} dot" cx="${x(off)}" cy="${
          y + shift}" r="4"><title>${`${row.name}: ${quantity(value, unit)}`}</title></circle>
`;
    });
    return markup`<text class="name" x="0" y="${line}">${row.name}</text>
${box}${dots}${
        remark(
            row,
            below ? markup`x="${width}" y="${line}" text-anchor="end"` :
                    markup`x="${width - right + 12}" y="${line}"`)}`;
  };
  const labels =
      x.ticks(below ? 4 : 6)
          .map(
              (tick) =>
                  [tick, tick === 0 ? 'median' : `${tick > 0 ? '+' : '−'}${Math.abs(tick)} %`]);
  return {height: bottom + 22, body: [axis(x, labels, 0, bottom, width), rows.map(draw)]};
}

/** How far down each of these points, from left to right, is moved so that none hides another. */
function apart(points) {
  const lanes = [0, -7, 7, -12, 12];
  const last = lanes.map(() => -Infinity);
  return points.map((point) => {
    const free = Math.max(last.findIndex((before) => point - before >= 9), 0);
    last[free] = point;
    return lanes[free];
  });
}

/**
 * What something is made of, by area, in wholes that stand side by side.
 * - wholes: [{label, bytes, groups: [{kind, label, parts: [{name, bytes}]}]}]
 */
function areas({wholes}, width) {
  const below = isNarrow(width);
  const nodes = wholes.map(
      ({groups, ...whole}) =>
          ({...whole, children: groups.map(({parts, ...group}) => ({...group, children: parts}))}));
  const root =
      hierarchy({children: nodes})
          .sum(({children, bytes}) => children ? 0 : bytes)
          .sort(
              (a, b) =>
                  a.depth === 1 ? 0 : b.value - a.value || (a.data.name < b.data.name ? -1 : 1));
  const weight = ({data, value}) => size(data.bytes || value);
  const headed = (node) => node.depth === 1 ||
      (node.depth === 2 && node.children.length > 1 &&
       node.x1 - node.x0 > textWidth(`${node.data.label} ${weight(node)}`) &&
       node.y1 - node.y0 > 60);
  treemap()
      .tile(
          (node, ...box) =>
              (node.depth > 0 ? treemapSquarify :
                   below      ? treemapSlice :
                                treemapDice)(node, ...box))
      .size([width, below ? 640 : 440])
      .round(true)
      .paddingInner(({depth}) => [10, 3, 1][depth])
      .paddingTop((node) => node.depth > 0 && headed(node) ? 22 : 0)(root);
  const head = (node) => markup`<text x="${node.x0}" y="${node.y0 + 15}"><tspan class="${
      node.depth === 1 ?
          'strong' :
          ''}">${node.data.label}</tspan> <tspan class="muted">${weight(node)}</tspan></text>
`;
  const leaf = (node) => {
    const {x0, x1, y0, y1, parent, data} = node;
    const {kind, label} = parent.data;
    const name = parent.children.length > 1 ? data.name : label;
    const room = x1 - x0 - 10;
    const named = room > textWidth(name) && y1 - y0 > 20;
    const weighed = named && room > textWidth(weight(node), 12) && y1 - y0 > 38;
    return markup`<g><title>${`${name}: ${weight(node)}`}</title><rect class="${kind}" x="${
        x0}" y="${y0}" width="${x1 - x0}" height="${y1 - y0}"/>${
        named && markup`<text class="on-${kind}" x="${x0 + 6}" y="${y0 + 16}">${name}</text>`}${
        weighed &&
        markup`<text class="on-${kind} small" x="${x0 + 6}" y="${y0 + 32}">${
            weight(node)}</text>`}</g>
`;
  };
  return {
    height: below ? 640 : 440,
    body: [
      root.descendants()
          .filter((node) => node.depth > 0 && node.children && headed(node))
          .map(head),
      root.leaves().map(leaf)
    ]
  };
}

/**
 * An <svg> of one picture, {id, title, description, draw}: draw(width) is one of the functions
 * above. With a style sheet it stands by itself, on paper of its own: a README may be white or
 * black.
 */
function svg({id, title, description, draw}, width, style) {
  const {height, body} = draw(width);
  const margin = style ? 20 : 0;
  const head = style ? 34 : 0;
  const [x, y, w, h] =
      [-margin, -margin - head, width + 2 * margin, Math.ceil(height) + 2 * margin + head];
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="${
               `${x} ${y} ${w} ${h}`}" width="${w}" height="${h}" role="img" aria-labelledby="${
      id}-${width} ${id}-${width}-text">
<title id="${id}-${width}">${title}</title>
<desc id="${id}-${width}-text">${description}</desc>
${style && markup`<style>
${verbatim(style)}</style>
<rect class="paper" x="${x + 0.5}" y="${y + 0.5}" width="${w - 1}" height="${h - 1}" rx="6"/>
<text class="caption" x="0" y="-20">${title}</text>
`}${body}</svg>
`;
}

module.exports = {
  areas,
  bars,
  narrow,
  strip,
  svg,
  wide
};
