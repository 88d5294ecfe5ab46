// What live figures are drawn with: elements, cells, words for numbers, planes of pixels.

/** An HTML element; `properties` are set as they are, `children` appended. */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** An SVG element; `attributes` are attributes, `children` elements or words. */
export function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A drawing of `width` × `height`, as wide as that at most. */
export function drawing(width, height, label, ...children) {
  return shape('svg', {viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label}, ...children);
}

/** Another size and other parts for a drawing that stays, so that it keeps the reader's focus and hand. */
export function redraw(svg, width, height, parts) {
  for (const [name, value] of Object.entries({viewBox: `0 0 ${width} ${height}`, width, height})) svg.setAttribute(name, value);
  svg.replaceChildren(...parts);
}

/** One cell of a grid with a word in it, in letters that it has room for and of at least 9 pixels. */
export function cell(x, y, size, kind, word = '') {
  const parts = kind.split(' ').map((part) => shape('rect', {x, y, width: size, height: size, class: part}));
  if (word !== '') parts.push(shape('text', {x: x + size / 2, y: y + size / 2, 'font-size': Math.max(Math.min(0.46, 1.6 / String(word).length) * size, 9)}, word));
  return shape('g', {}, ...parts);
}

/** A grid of cells, its corner at (1, 1); `look(row, column)` gives the kind and the word of each. Plain ones lie below. */
export function grid(rows, columns, size, look) {
  const cells = Array.from({length: rows * columns}, (_, at) => [Math.floor(at / columns), at % columns]);
  const looks = cells.map(([r, c]) => [r, c, ...look(r, c)]).sort((a, b) => a[2].includes(' ') - b[2].includes(' '));
  return looks.map(([r, c, kind, word]) => cell(1 + c * size, 1 + r * size, size, kind, word));
}

/** Parts beside each other, as many as there is room for. */
export const row = (...parts) => element('div', {className: 'live-row'}, ...parts);

/** A drawing with its title above it. */
export const panel = (title, ...parts) => element('div', {className: 'live-panel'}, element('span', {}, title), ...parts);

/** Controls beside each other. */
export const controls = (...parts) => element('div', {className: 'live-controls'}, ...parts);

/** A number as people write it: at most `digits` decimals, a true minus sign. */
export function number(value, digits = 2) {
  const words = String(Number(value.toFixed(digits)));
  return words === '-0' ? '0' : words.replace('-', '−');
}

/** The same words with “3 × 3”, “5 %” and “24 MB” each kept on one line. */
export const unbroken = (words) => words.replace(/ (?=[×%])|(?<=×) |(?<=\d) (?=(?:MB|px)\b)/g, '\u00a0');

/** "a, b and c" */
export const listed = (words) => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** A drawn picture (an SVG file of this site) as a document. */
const drawn = async (picture) => new DOMParser().parseFromString(await (await fetch(picture.src)).text(), 'image/svg+xml');

/** The data that a drawn picture brings along in its element `metadata`. */
export const broughtAlong = async (picture) => JSON.parse((await drawn(picture)).querySelector('metadata').textContent);

/** The photographs inside a drawn picture, each on a canvas of its own. */
export async function canvases(picture) {
  const images = [...(await drawn(picture)).querySelectorAll('image')];
  return Promise.all(images.map((node) => loaded(node.getAttribute('href') ?? node.getAttributeNS('http://www.w3.org/1999/xlink', 'href'))));
}

/** The picture at an address, on a canvas of its own size. */
export async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = element('canvas', {width: image.naturalWidth, height: image.naturalHeight});
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas;
}

/** The same photographs as planes of brightness in 0…1. */
export const photographs = async (picture) => (await canvases(picture)).map(brightness);

/** What a canvas shows, as a plane of brightness in 0…1: the mean of red, green and blue. */
export function brightness(canvas) {
  const {height, width} = canvas, {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  const grey = Float64Array.from({length: height * width}, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 765);
  return {height, width, data: grey};
}

/** Paints a plane, `low` black and `high` white, one pixel a number; what is not a number stays clear. */
export function paint(canvas, {height, width, data}, low = 0, high = 1) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(width, height);
  data.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    pixels.data.fill(Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1)), 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
}
