// SPDX-License-Identifier: Apache-2.0
// Put at the end of a copy of the page by report.bats: looks at every picture that is shown, and
// leaves what it has seen in an element of the name `seen`, where the test reads it.
'use strict';

const problems = [];

function visible(element) { return element.getClientRects().length > 0; }

/** Elements of type <text>, with the place that each takes on the screen. */
function texts(svg) {
  return [...svg.querySelectorAll('text')].map(
      (text) => ({text, box: text.getBoundingClientRect()}));
}

function overlap(a, b) {
  const slack = 1;
  return a.left + slack < b.right && b.left + slack < a.right && a.top + slack < b.bottom &&
      b.top + slack < a.bottom;
}

/** How bright a colour "rgb(1, 2, 3)" is to the eye, from 0 to 1: WCAG 2, relative luminance. */
function luminance(colour) {
  const [r, g, b] =
      colour.match(/\d+/g)
          .map((byte) => byte / 255)
          .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const fillOf = (element) => getComputedStyle(element).fill;

function look(svg) {
  const name = svg.querySelector('title').textContent;
  const say = (what) => problems.push(`${name}: ${what}`);
  const frame = svg.getBoundingClientRect();
  if (frame.width < 300 || frame.height < 50) say(`it is ${frame.width} by ${frame.height}`);
  if (/NaN|undefined|null|Infinity/.test(svg.outerHTML)) say('it has a value that is none');
  if (svg.querySelectorAll('rect, circle').length < 3) say('nothing is drawn');
  const all = texts(svg);
  for (const {text, box} of all) {
    const said = text.textContent;
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1) {
      say(`"${said}" does not fit in`);
    }
    const [, kind] = /\bon-(\w+)/.exec(text.getAttribute('class') || '') || [];
    // A second line of text has the area before the first.
    const area = kind && text.parentElement.querySelector('rect');
    if (area && contrast(fillOf(text), fillOf(area)) < 4.5) say(`"${said}" can hardly be read`);
    if (area && box.right > area.getBoundingClientRect().right + 1)
      say(`"${said}" is wider than its area`);
  }
  all.forEach(({text, box}, index) => {
    const hidden = all.slice(index + 1).find((other) => overlap(box, other.box));
    if (hidden) say(`"${text.textContent}" and "${hidden.text.textContent}" overlap`);
  });
}

/** How many colours a picture has, when the browser has painted it. */
async function colours(svg) {
  const copy = svg.cloneNode(true);
  const style = document.createElementNS('http://www.w3.org/2000/svg', 'style');
  style.textContent = document.querySelector('style').textContent;
  copy.prepend(style);
  const image = new Image();
  image.src =
      `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}

async function inspect() {
  document.querySelectorAll('details').forEach((one) => one.open = true);
  const shown = [...document.querySelectorAll('svg')].filter(visible);
  shown.forEach(look);
  for (const svg of shown) {
    const count = await colours(svg);
    if (count < 10)
      problems.push(`${svg.querySelector('title').textContent}: painted in ${count} colours`);
  }
  for (const section of document.querySelectorAll('section')) {
    if (section.querySelector('svg') && !section.querySelector('table')) {
      problems.push(`${section.querySelector('h2').textContent}: a picture without a table`);
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map(({id}) => id);
  if (new Set(ids).size < ids.length) problems.push('two elements have the same id');
  if (document.documentElement.scrollWidth > innerWidth) problems.push(`wider than the screen`);
  const dark = luminance(getComputedStyle(document.body).backgroundColor) < 0.5;
  const first = `${shown.length} pictures, ${innerWidth} wide, ${dark ? 'dark' : 'light'}`;
  parent.postMessage([first, ...problems, 'end'].join('\n'), '*');
}

inspect();
