// What all live figures share: taking the picture's place, controls with labels, drawings that follow the theme.

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

/**
 * Fills each figure of class `live-NAME`: `build` gets the box to fill and the still picture, and may take its time.
 * Only when it is done does the box take the picture's place, so the picture stays where something fails.
 */
export async function mount(name, label, build) {
  for (const figure of document.querySelectorAll(`figure.live-${name}`)) {
    const picture = figure.querySelector('img');
    const box = element('div', {className: 'live-box', role: 'group', ariaLabel: label});
    await build(box, picture);
    (picture.closest('a') ?? picture).replaceWith(box);
  }
}

/** A range with its name and value: {label, input}. `show` turns the value into words. */
export function slider(name, {min, max, value, step = 1, show = String}, changed) {
  const input = element('input', {type: 'range', min, max, step, value: String(value)});
  const output = element('output', {}, show(value));
  const tell = () => { output.textContent = show(Number(input.value)); };
  input.addEventListener('input', () => { tell(); changed(Number(input.value)); });
  const label = element('label', {}, name, input, output);
  /** Another value or limit, set by the figure itself; `changed` is not called. */
  const set = (properties) => { Object.assign(input, properties); tell(); };
  return {label, input, set};
}

/** A list to choose from: {label, input}; `options` are words, or pairs [value, words]. */
export function choice(name, options, value, changed) {
  const input = element('select', {}, ...options.map((option) => {
    const [key, words] = Array.isArray(option) ? option : [option, option];
    return element('option', {value: key}, words);
  }));
  input.value = value;
  input.addEventListener('change', () => changed(input.value));
  return {label: element('label', {}, name, input), input};
}

export function button(words, pressed) {
  const node = element('button', {type: 'button'}, words);
  node.addEventListener('click', () => pressed(node));
  return node;
}

/** A table of number fields: {field, set, values}; `changed` gets all values, row by row, whenever all are numbers. */
export function kernelEditor(name, rows, changed) {
  const inputs = rows.map((row, r) => row.map((value, c) => element('input', {
    type: 'number', step: 'any', value: String(value), ariaLabel: `${name}, row ${r}, column ${c}`,
  })));
  const values = () => inputs.map((row) => row.map((input) => input.valueAsNumber));
  for (const input of inputs.flat()) {
    input.addEventListener('input', () => {
      input.ariaInvalid = String(Number.isNaN(input.valueAsNumber));
      if (!values().flat().some(Number.isNaN)) changed(values());
    });
  }
  const table = element('div', {className: 'live-kernel'}, ...inputs.flat());
  table.style.setProperty('--columns', rows[0].length);
  const set = (table) => inputs.forEach((row, r) => row.forEach((input, c) => {
    input.value = String(table[r][c]);
    input.ariaInvalid = 'false';
  }));
  return {field: element('div', {className: 'live-panel'}, element('span', {}, name), table), set, values};
}

export const controls = (...parts) => element('div', {className: 'live-controls'}, ...parts);

/** A line that is read out when it changes. */
export const sentence = () => element('p', {className: 'live-sentence', ariaLive: 'polite'});

/** A number as people write it: at most `digits` decimals, a true minus sign. */
export function number(value, digits = 2) {
  const words = String(Number(value.toFixed(digits)));
  return words === '-0' ? '0' : words.replace('-', '−');
}

/** A drawing of `width` × `height`, as wide as that at most. */
export function drawing(width, height, label, ...children) {
  return shape('svg', {viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label}, ...children);
}

/** One cell of a grid with a word in it. */
export function cell(x, y, size, kind, word = '') {
  const parts = kind.split(' ').map((part) => shape('rect', {x, y, width: size, height: size, class: part}));
  if (word !== '') parts.push(shape('text', {x: x + size / 2, y: y + size / 2, 'font-size': 0.46 * size}, word));
  return shape('g', {}, ...parts);
}

/** The photographs inside a drawn picture (an SVG file of this site), as planes of brightness in 0…1. */
export async function photographs(picture) {
  const text = await (await fetch(picture.src)).text();
  const images = [...new DOMParser().parseFromString(text, 'image/svg+xml').querySelectorAll('image')];
  return Promise.all(images.map(async (node) => {
    const image = new Image();
    image.src = node.getAttribute('href') ?? node.getAttributeNS('http://www.w3.org/1999/xlink', 'href');
    await image.decode();
    const canvas = element('canvas', {width: image.naturalWidth, height: image.naturalHeight});
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    const grey = Float64Array.from({length: data.length / 4}, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 765);
    return {height: canvas.height, width: canvas.width, data: grey};
  }));
}

/** Paints a plane, `low` black and `high` white, one pixel a number. */
export function paint(canvas, {height, width, data}, low = 0, high = 1) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(width, height);
  data.forEach((value, i) => {
    pixels.data.fill(Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1)), 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
}
