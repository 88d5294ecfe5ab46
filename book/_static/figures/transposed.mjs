// Transposed convolution, step by step: pixels that put down stamps, or windows on the spread-out image.
import {button, cell, choice, controls, drawing, element, mount, number, sentence, shape, slider} from '../live.mjs';

const IMAGE = [[1, 2], [3, 4]];
const KERNEL = [[1, 0, 2], [0, 3, 0], [4, 0, 5]];
const SIZE = 30;

/** The sum of the first `pixels` pixels' stamps, on `side` × `side` places. */
export function stamped(image, kernel, stride, side, pixels = image.length ** 2) {
  const [n, k] = [image.length, kernel.length];
  const sum = Array.from({length: side}, () => Array(side).fill(0));
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [row, column] = [Math.floor(pixel / n), pixel % n];
    for (let u = 0; u < k; u++) {
      for (let v = 0; v < k; v++) sum[row * stride + u][column * stride + v] += image[row][column] * kernel[u][v];
    }
  }
  return sum;
}

/** A frame of cells: `kind(i, j)` is a cell's class, `word(i, j)` what stands in it; `frame` is [row, column, side]. */
function panel(title, rows, columns, size, label, kind, word, frame) {
  const cells = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) cells.push(cell(j * size + 2, i * size + 2, size, kind(i, j), word(i, j)));
  }
  if (frame) {
    const [row, column, side] = frame;
    cells.push(shape('rect', {x: column * size + 2, y: row * size + 2, width: side * size, height: side * size, fill: 'none',
      style: 'stroke: var(--orange); stroke-width: 3'}));
  }
  return element('div', {className: 'live-panel'}, element('span', {}, title),
    drawing(columns * size + 4, rows * size + 4, label, ...cells));
}

mount('transposed', 'A transposed convolution, step by step', (box) => {
  const [n, k] = [IMAGE.length, KERNEL.length];
  const state = {view: 'stamps', stride: 2, padding: 0, extra: 0, step: 1};
  const row = element('div', {className: 'live-row'}), line = sentence();
  const step = slider('step', {min: 1, max: 4, value: 1}, (value) => update({step: value}));
  const next = button('next step', () => update({step: (state.step % Number(step.input.max)) + 1}));
  const view = choice('seen as', [['stamps', 'stamps of the pixels'], ['windows', 'windows of the result']], 'stamps', (value) => update({view: value, step: 1}));
  const stride = slider('stride', {min: 1, max: 3, value: 2}, (value) => update({stride: value, step: 1}));
  const padding = slider('padding', {min: 0, max: 1, value: 0}, (value) => update({padding: value, step: 1}));
  const extra = slider('output_padding', {min: 0, max: 1, value: 0}, (value) => update({extra: value, step: 1}));

  function update(changes) {
    Object.assign(state, changes);
    state.extra = Math.min(state.extra, state.stride - 1);
    extra.set({max: state.stride - 1, value: state.extra, disabled: state.stride === 1});
    const side = (n - 1) * state.stride - 2 * state.padding + k + state.extra;
    step.set({max: state.view === 'stamps' ? n * n : side * side, value: state.step});
    (state.view === 'stamps' ? drawStamps : drawWindows)(side);
  }

  const within = (value, start, length) => value >= start && value < start + length;
  const size = (side) => `Side of the result: (${n} − 1)·${state.stride} − 2·${state.padding} + ${k} + ${state.extra} = ${side}.`;

  function drawStamps(side) {
    const {stride: s, padding: p} = state, at = state.step - 1;
    const [r, c] = [Math.floor(at / n), at % n], value = IMAGE[r][c];
    const whole = Math.max((n - 1) * s + k, p + side), sum = stamped(IMAGE, KERNEL, s, whole, at + 1);
    const kept = (i, j) => within(i, p, side) && within(j, p, side);
    const fresh = (i, j) => within(i, r * s, k) && within(j, c * s, k);
    row.replaceChildren(
      panel('image', n, n, SIZE, `The image; pixel ${r}, ${c} is marked.`, (i, j) => `cell${i === r && j === c ? ' a' : ''}`, (i, j) => IMAGE[i][j]),
      panel(`kernel times ${value}`, k, k, SIZE, `The kernel times ${value}.`, () => 'b', (i, j) => number(value * KERNEL[i][j])),
      panel(p || state.extra ? 'sum so far (dashed: cut off)' : 'sum so far', whole, whole, SIZE, `The sum of ${state.step} stamps.`,
        (i, j) => (kept(i, j) ? 'cell' : 'pad') + (fresh(i, j) ? ' b' : ''), (i, j) => sum[i][j] || '', [r * s, c * s, k]),
    );
    line.textContent = `Pixel (${r}, ${c}) puts down ${value} times the kernel, its corner at (${r * s - p}, ${c * s - p}). ${size(side)}`;
  }

  function drawWindows(side) {
    const {stride: s, padding: p} = state, at = state.step - 1;
    const [r, c] = [Math.floor(at / side), at % side], reach = k - 1;
    const whole = Math.max((n - 1) * s + k, p + side) + reach;
    const spread = (i, j) => (i >= reach && j >= reach && (i - reach) % s === 0 && (j - reach) % s === 0
      ? IMAGE[(i - reach) / s]?.[(j - reach) / s] ?? '' : '');
    const turned = (u, v) => KERNEL[k - 1 - u][k - 1 - v], sum = stamped(IMAGE, KERNEL, s, whole), terms = [];
    for (let u = 0; u < k; u++) {
      for (let v = 0; v < k; v++) {
        const pixel = spread(r + p + u, c + p + v);
        if (pixel !== '' && turned(u, v)) terms.push(`${pixel}·${turned(u, v)}`);
      }
    }
    row.replaceChildren(
      panel('image, spread out', whole, whole, 24, `The image spread out with zeros; the window of place ${r}, ${c} is framed.`,
        (i, j) => (spread(i, j) === '' ? 'pad' : 'cell a'), spread, [r + p, c + p, k]),
      panel('kernel, turned', k, k, 24, 'The kernel, turned by 180 degrees.', () => 'b', turned),
      panel('result so far', side, side, 24, `The result's first ${state.step} numbers.`,
        (i, j) => `cell${i === r && j === c ? ' b' : ''}`, (i, j) => (i * side + j <= at ? number(sum[i + p][j + p]) : '')),
    );
    line.textContent = `Result (${r}, ${c}) = ${terms.join(' + ') || '0, no pixel under a weight'}${terms.length ? ` = ${sum[r + p][c + p]}` : ''}. ${size(side)}`;
  }

  box.append(row, line, controls(step.label, next, view.label), controls(stride.label, padding.label, extra.label));
  update({});
});
