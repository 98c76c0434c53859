// SPDX-License-Identifier: Apache-2.0
// Put behind pictures by report.bats: writes into `seen` what a browser paints of each.
'use strict';

const blues = {
  '0,114,178': 'blue',
  '86,180,233': 'sky'
};

function paint(image) {
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const at = (x, y) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)].join(',');
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4)
    seen.add(data.slice(i, i + 3).join(','));
  const found =
      Object.keys(blues).filter((colour) => seen.has(colour)).map((colour) => blues[colour]);
  return [image.title, `rgb(${at(10, canvas.height - 10)})`, ...found].join(' ');
}

Promise.all([...document.images].map((image) => image.decode().then(() => paint(image))))
    .then((lines) => {
      document.getElementById('seen').textContent = lines.join('\n');
    });
