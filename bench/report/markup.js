// SPDX-License-Identifier: Apache-2.0
// XML and HTML from template literals: what is put in is escaped, unless it was made here.
'use strict';

class Markup {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

const entities = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\'': '&#39;'
};

function escape(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(escape).join('');
  if (value === undefined || value === null || value === false) return '';
  // Coordinates: a hundredth of a pixel, the same digits from every machine.
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  return String(value).replace(/[&<>"']/g, (character) => entities[character]);
}

/** Tag of a template literal. Arrays are joined; undefined, null and false are nothing. */
function markup(strings, ...values) {
  return new Markup(String.raw({raw: strings}, ...values.map(escape)));
}

/** Text that is markup already: the contents of a style sheet. */
function verbatim(text) { return new Markup(text); }

module.exports = {
  markup,
  verbatim
};
