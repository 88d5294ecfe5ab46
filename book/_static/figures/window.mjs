// One window, one sum: a small image of whole numbers, a kernel to edit, every result cell's products written out.
import {correlate, fromRows, outputSize} from '../conv.mjs';
import {button, cell, choice, controls, drawing, element, kernelEditor, mount, number, sentence, slider} from '../live.mjs';

const IMAGE = [[1, 2, 0, 1, 3, 1], [0, 1, 3, 1, 0, 2], [2, 1, 0, 2, 1, 0], [1, 0, 1, 3, 2, 1], [0, 2, 1, 0, 1, 2]];
const KERNELS = {
  'left minus right': [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
  'above minus below': [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
  'sum of all': [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
  'the middle': [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  'one to nine': [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
};
const OWN = 'your own';
const SIZE = 32;

mount('window', 'A kernel on an image of numbers', (box) => {
  const image = fromRows(IMAGE);
  const state = {kernel: KERNELS['left minus right'], stride: 1, padding: 0, dilation: 1, place: 5};
  const imagePanel = element('div', {className: 'live-panel'}), resultPanel = element('div', {className: 'live-panel'});
  const line = sentence();

  const editor = kernelEditor('kernel', state.kernel, (rows) => { preset.input.value = OWN; update({kernel: rows}); });
  const preset = choice('kernel', [...Object.keys(KERNELS), OWN], 'left minus right', (name) => {
    if (name in KERNELS) { editor.set(KERNELS[name]); update({kernel: KERNELS[name]}); }
  });
  const place = slider('window', {min: 0, max: 11, value: state.place}, (value) => update({place: value}));
  const arguments_ = ['stride', 'padding', 'dilation'].map((name) =>
    slider(name, {min: name === 'padding' ? 0 : 1, max: name === 'stride' ? 3 : 2, value: state[name]}, (value) => update({[name]: value})));
  const step = button('next window', () => update({place: (state.place + 1) % count()}));

  const count = () => outputSize(image.height, 3, state.stride, state.padding, state.dilation)
    * outputSize(image.width, 3, state.stride, state.padding, state.dilation);

  function update(changes) {
    Object.assign(state, changes);
    state.place = Math.min(state.place, count() - 1);
    place.set({max: count() - 1, value: state.place});
    draw();
  }

  function draw() {
    const {stride, padding, dilation} = state;
    const result = correlate(image, fromRows(state.kernel), {stride, padding, dilation});
    const row = Math.floor(state.place / result.width), column = state.place % result.width;
    const taps = (start) => [0, 1, 2].map((tap) => start * stride + tap * dilation - padding);
    const [rows, columns] = [taps(row), taps(column)];
    const inside = (i, j) => i >= 0 && i < image.height && j >= 0 && j < image.width;

    const cells = [];
    for (let i = -padding; i < image.height + padding; i++) {
      for (let j = -padding; j < image.width + padding; j++) {
        const kind = (inside(i, j) ? 'cell' : 'pad') + (rows.includes(i) && columns.includes(j) ? ' a' : '');
        cells.push(cell((j + padding) * SIZE + 1, (i + padding) * SIZE + 1, SIZE, kind, inside(i, j) ? IMAGE[i][j] : 0));
      }
    }
    const [high, wide] = [image.height + 2 * padding, image.width + 2 * padding];
    imagePanel.replaceChildren(element('span', {}, padding ? 'image and its padding' : 'image'),
      drawing(wide * SIZE + 2, high * SIZE + 2, `The image; the window lies on rows ${rows} and columns ${columns}.`, ...cells));

    const answers = [...result.data].map((value, at) => {
      const [r, c] = [Math.floor(at / result.width), at % result.width];
      const node = cell(c * SIZE + 1, r * SIZE + 1, SIZE, 'cell' + (at === state.place ? ' c' : ''), number(value));
      node.addEventListener('pointerdown', () => update({place: at}));
      return node;
    });
    resultPanel.replaceChildren(element('span', {}, `result, ${result.height} × ${result.width}`),
      drawing(result.width * SIZE + 2, result.height * SIZE + 2, 'The result; choose a cell to see its sum.', ...answers));

    const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
    const terms = rows.flatMap((i, u) => columns.map((j, v) => [state.kernel[u][v], inside(i, j) ? IMAGE[i][j] : 0]))
      .filter(([weight]) => weight !== 0).map(([weight, pixel]) => `${number(pixel)}·${bracket(weight)}`);
    line.textContent = `V(${row}, ${column}) = ${terms.join(' + ') || '0'} = ${number(result.data[state.place])}`;
  }

  box.append(element('div', {className: 'live-row'}, imagePanel, editor.field, resultPanel), line,
    controls(place.label, step, preset.label), controls(...arguments_.map((a) => a.label)));
  draw();
});
