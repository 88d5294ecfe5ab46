// Nine numbers on a photograph: the kernel slides, its answer appears; the window under the pointer is read out.
import {correlate, fromRows, plane} from '../conv.mjs';
import {button, cell, choice, controls, drawing, element, kernelEditor, mount, number, paint, photographs, sentence} from '../live.mjs';

const PHOTOGRAPHS = ['cat', 'coffee', 'astronaut'];
const KERNELS = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  edge1: [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
  edge2: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  edge3: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  box_blur: [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
  gaussian_blur: [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
  sobel_x: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  sobel_y: [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
};
const DIVISORS = {box_blur: 9, gaussian_blur: 16};
const OWN = 'your own';
const SIDE = 38;
const STEPS = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};

mount('kernels', 'Kernels on photographs', async (box, picture) => {
  const photos = (await photographs(picture)).slice(0, PHOTOGRAPHS.length);
  const state = {photo: photos[0], rows: KERNELS.sobel_x, divisor: 1, row: 0, column: 0, shown: Infinity};
  let answer, timer;
  const before = element('canvas', {tabIndex: 0, role: 'application', ariaLabel: 'Photograph. Arrow keys move the window.'});
  const after = element('canvas', {role: 'img', ariaLabel: 'The answer to the kernel'});
  const line = sentence(), scale = sentence(), windowPanel = element('div', {className: 'live-panel'});

  const photo = choice('photograph', PHOTOGRAPHS, 'cat', (name) => compute({photo: photos[PHOTOGRAPHS.indexOf(name)]}));
  const preset = choice('kernel', [...Object.keys(KERNELS), OWN], 'sobel_x', (name) => {
    if (!(name in KERNELS)) return;
    editor.set(KERNELS[name]);
    compute({rows: KERNELS[name], divisor: DIVISORS[name] ?? 1});
  });
  const editor = kernelEditor('kernel', state.rows, (rows) => { preset.input.value = OWN; compute({rows, divisor: 1}); });
  const slide = button('slide over the picture', start);

  function compute(changes) {
    Object.assign(state, changes, {shown: Infinity});
    stop();
    const kernel = fromRows(state.rows);
    kernel.data = kernel.data.map((value) => value / state.divisor);
    answer = correlate(state.photo, kernel, {padding: 1, mode: 'replicate'});
    state.row = Math.min(state.row, state.photo.height - 1);
    state.column = Math.min(state.column, state.photo.width - 1);
    const sum = kernel.data.reduce((a, b) => a + b, 0);
    // Where the entries sum to 1 the answer is a picture; else it has both signs, and 0 is shown as mid-grey.
    const sizes = Float64Array.from(answer.data, Math.abs).sort();
    const far = sizes[Math.floor(0.995 * (sizes.length - 1))] || 1;
    state.range = Math.abs(sum - 1) < 1e-6 ? [0, 1] : [-far, far];
    scale.textContent = `The entries sum to ${number(sum)}${state.divisor > 1 ? ` (shown here before they are divided by ${state.divisor})` : ''}; `
      + (state.range[0] ? `black is ${number(-far)}, mid-grey 0, white ${number(far)}.` : 'black is 0, white 1.');
    draw();
  }

  function draw() {
    const {height, width, data} = state.photo;
    paint(before, state.photo);
    const seen = plane(height, width, answer.data.map((value, i) => (i <= state.shown ? value : NaN)));
    paint(after, seen, ...state.range);
    for (const [canvas, reach] of [[before, 1.5], [after, 0.5]]) {
      const context = canvas.getContext('2d');
      for (const [colour, more] of [['#fff', 1], ['#c4501b', 0]]) {
        context.strokeStyle = colour;
        const side = 2 * (reach + more) + 1;
        context.strokeRect(state.column + 0.5 - side / 2, state.row + 0.5 - side / 2, side, side);
      }
    }
    const pixel = (i, j) => data[Math.min(Math.max(i, 0), height - 1) * width + Math.min(Math.max(j, 0), width - 1)];
    const pixels = state.rows.map((weights, u) => weights.map((_, v) => pixel(state.row + u - 1, state.column + v - 1)));
    const cells = pixels.flatMap((values, u) => values.map((value, v) => {
      const node = cell(v * SIDE + 1, u * SIDE + 1, SIDE, 'cell', value.toFixed(2));
      const grey = Math.round(255 * value);
      node.firstChild.style.fill = `rgb(${grey}, ${grey}, ${grey})`;
      node.lastChild.style.fill = value > 0.45 ? '#000' : '#fff';
      node.lastChild.setAttribute('font-size', 15);
      return node;
    }));
    windowPanel.replaceChildren(element('span', {}, 'window'),
      drawing(3 * SIDE + 2, 3 * SIDE + 2, 'The nine pixels under the kernel', ...cells));
    const terms = state.rows.flatMap((weights, u) => weights.map((weight, v) => [weight, pixels[u][v]]))
      .filter(([weight]) => weight !== 0)
      .map(([weight, value]) => `${value.toFixed(2)}·${weight < 0 ? `(${number(weight)})` : number(weight)}`);
    const sum = terms.join(' + ') || '0';
    line.textContent = `Row ${state.row}, column ${state.column}: ${state.divisor > 1 ? `(${sum}) / ${state.divisor}` : sum}`
      + ` = ${number(answer.data[state.row * width + state.column])}`;
  }

  function move(row, column) {
    stop();
    state.row = Math.min(Math.max(Math.floor(row), 0), state.photo.height - 1);
    state.column = Math.min(Math.max(Math.floor(column), 0), state.photo.width - 1);
    state.shown = Infinity;
    draw();
  }

  function start() {
    if (timer) return stop();
    slide.textContent = 'stop';
    const {height, width} = state.photo;
    // Two rows slowly, so that one sees how it goes; then the rest faster and faster.
    let at = 0;
    timer = setInterval(() => {
      const row = Math.floor(at / width);
      at += row < 2 ? 1 : row < 6 ? 8 : 2 * width;
      state.shown = Math.min(at, height * width - 1);
      state.row = Math.floor(state.shown / width);
      state.column = state.shown % width;
      draw();
      if (at >= height * width) stop();
    }, 16);
  }

  function stop() {
    clearInterval(timer);
    timer = undefined;
    slide.textContent = 'slide over the picture';
  }

  for (const canvas of [before, after]) {
    canvas.addEventListener('pointerdown', point);
    canvas.addEventListener('pointermove', (event) => { if (event.buttons || event.pointerType === 'mouse') point(event); });
  }
  function point(event) {
    if (timer) return;
    const {clientHeight, clientWidth} = event.currentTarget;
    move(event.offsetY / clientHeight * state.photo.height, event.offsetX / clientWidth * state.photo.width);
  }
  before.addEventListener('keydown', (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const [down, right] = STEPS[event.key], far = event.shiftKey ? 10 : 1;
    move(state.row + far * down, state.column + far * right);
  });

  box.append(element('div', {className: 'live-row'}, before, after),
    element('div', {className: 'live-row'}, windowPanel, editor.field), line, scale,
    controls(photo.label, preset.label, slide));
  compute({});
  // It begins where the kernel answers most.
  const strongest = answer.data.reduce((best, value, i) => (value > answer.data[best] ? i : best), 0);
  move(strongest / state.photo.width, strongest % state.photo.width);
});
