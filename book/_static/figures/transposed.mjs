// Transposed convolution: pixels that put down stamps, or windows on the spread-out image.
import {board, frame} from '../boards.mjs';
import {controls, element, grid, number, row} from '../elements.mjs';
import {buttons, position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {extent, kept, rotated, spread, stamped} from '../stamps.mjs';

const IMAGE = [[1, 2], [3, 4]];
const KERNEL = [[1, 0, 2], [0, 3, 0], [4, 0, 5]];
const N = IMAGE.length, K = KERNEL.length;
const SIZE = 30, SMALL = 24; // of a cell
const PACE = {stamps: 800, windows: 400}; // milliseconds a step
const FLIPPED = rotated(KERNEL);
const PIXELS = [...IMAGE.flat().keys()];
const geometry = (state) => extent(N, K, state);

/** The pixels whose stamps are down, in the order in which they were put there. */
const stamps = {
  value: [0], limit: (found) => found, words: (found) => found.join('-'),
  read(words) {
    const found = words === '' ? [] : words.split('-').map(Number);
    return found.every((pixel, at) => PIXELS.includes(pixel) && found.indexOf(pixel) === at) ? found : undefined;
  },
};

const FIELDS = {
  view: buttons('stamps', ['stamps', 'windows'], {name: 'seen as'}),
  stride: range(2, 1, 3),
  padding: range(0, 0, 1),
  extra: range(0, 0, 2, {name: 'output_padding', bounds: ({stride}) => ({max: stride - 1})}),
  down: stamps,
  at: position([0, 0], (state) => Array(2).fill(geometry(state).size)),
};

figure('transposed', 'A transposed convolution, step by step', FIELDS, (kit) => {
  const {state} = kit;
  const [image, stamp, sum, wide, kernel, output] = Array.from({length: 6}, board);
  const boards = {stamps: [image, stamp, sum], windows: [wide, kernel, output]};
  const place = row();

  const put = (pixel) => {
    if (state.down.at(-1) !== pixel) kit.set({down: [...state.down.filter((each) => each !== pixel), pixel]});
  };
  const clamp = (at, count) => Math.min(Math.max(at, 0), count - 1);
  const cellAt = (size, count) => (x, y) => [y, x].map((each) => clamp(Math.floor((each - 1) / size), count));
  const pixelAt = cellAt(SIZE, N);
  hand(image.svg, 'The image. Touch a pixel to put down its stamp, or use the arrow keys.', {
    at: (x, y) => put(pixelAt(x, y)[0] * N + pixelAt(x, y)[1]),
    by(down, right) {
      const last = state.down.at(-1) ?? 0;
      put(clamp(Math.floor(last / N) + down, N) * N + clamp(last % N + right, N));
    },
  });
  const move = (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]});
  hand(output.svg, 'The output. Touch a position to see its window, or use the arrow keys.', {
    at: (x, y) => kit.set({at: cellAt(SMALL, geometry(state).size)(x, y)}), by: move,
  });
  hand(wide.svg, 'The spread-out image. Drag the window, or use the arrow keys.', {
    at: (x, y) => kit.set({at: [y, x].map((each) => Math.floor((each - 1) / SMALL) - state.padding - 1)}), by: move,
  });

  /** Step number `at` of the view, the first for 0. */
  const count = () => (state.view === 'stamps' ? PIXELS.length : geometry(state).size ** 2);
  const step = (at) => (state.view === 'stamps' ? {down: PIXELS.slice(0, at + 1)}
    : {at: [Math.floor(at / geometry(state).size), at % geometry(state).size]});
  const now = () => (state.view === 'stamps' ? state.down.length - 1 : state.at[0] * geometry(state).size + state.at[1]);
  const next = element('button', {type: 'button', onclick() {
    const missing = PIXELS.find((pixel) => !state.down.includes(pixel));
    if (state.view === 'stamps' && missing !== undefined) put(missing);
    else kit.set(step((now() + 1) % count()));
  }}, 'next step');
  const play = kit.player('all steps', (milliseconds) => {
    const at = Math.min(Math.floor(milliseconds / PACE[state.view]), count() - 1);
    if (at !== now() || state.view === 'stamps') kit.show(step(at));
    return at < count() - 1;
  });
  const lift = element('button', {type: 'button', onclick: () => kit.set({down: []})}, 'remove all');
  kit.box.append(place, kit.line, controls(kit.control.view, next, play, lift));

  const within = (value, start, length) => value >= start && value < start + length;

  function drawStamps() {
    const {stride, padding, extra, down} = state, {size, all} = geometry(state), last = down.at(-1);
    const [r, c] = last === undefined ? [NaN, NaN] : [Math.floor(last / N), last % N], value = IMAGE[r]?.[c];
    const total = stamped(IMAGE, KERNEL, state, down);
    const fresh = (i, j) => within(i, r * stride, K) && within(j, c * stride, K);
    const keeps = (i, j) => within(i, padding, size) && within(j, padding, size);
    image.show('image', N * SIZE + 2, N * SIZE + 2, '',
      ...grid(N, N, SIZE, (i, j) => [down.includes(i * N + j) ? 'cell a' : 'cell', IMAGE[i][j]]), ...(value ? [frame(r, c, 1, 1, SIZE)] : []));
    stamp.show(value ? `kernel times ${value}` : 'kernel', K * SIZE + 2, K * SIZE + 2, 'The stamp that was put down last.',
      ...grid(K, K, SIZE, (i, j) => [value ? 'b' : 'cell', (value ?? 1) * KERNEL[i][j]]));
    sum.show(padding || extra ? 'sum of the stamps (dashed: removed)' : 'sum of the stamps', all * SIZE + 2, all * SIZE + 2,
      `The sum of ${down.length} stamps.`,
      ...grid(all, all, SIZE, (i, j) => [(keeps(i, j) ? 'cell' : 'pad') + (fresh(i, j) ? ' b' : ''), total[i][j] || '']),
      ...(value ? [frame(r * stride, c * stride, K, K, SIZE)] : []));
    return value ? `Pixel (${r}, ${c}) puts down ${value} times the kernel, with its corner at (${number(r * stride - padding)}, ${number(c * stride - padding)}).`
      : 'No stamp is down. Touch a pixel of the image.';
  }

  function drawWindows() {
    const {padding, at: [r, c]} = state, {size, all} = geometry(state), side = all + K - 1;
    const pixels = spread(IMAGE, KERNEL, state);
    const result = kept(stamped(IMAGE, KERNEL, state), IMAGE, KERNEL, state);
    const terms = FLIPPED.flatMap((taps, u) => taps.map((tap, v) => [pixels[r + padding + u][c + padding + v], tap]))
      .filter(([pixel, tap]) => pixel !== null && tap).map(([pixel, tap]) => `${pixel}·${tap}`);
    wide.show('image, spread out', side * SMALL + 2, side * SMALL + 2, '',
      ...grid(side, side, SMALL, (i, j) => [pixels[i][j] === null ? 'pad' : 'cell a', pixels[i][j] ?? '']), frame(r + padding, c + padding, K, K, SMALL));
    kernel.show('kernel, rotated by 180°', K * SMALL + 2, K * SMALL + 2, 'The kernel, rotated by 180 degrees.', ...grid(K, K, SMALL, (i, j) => ['b', FLIPPED[i][j]]));
    output.show('output', size * SMALL + 2, size * SMALL + 2, '',
      ...grid(size, size, SMALL, (i, j) => [i === r && j === c ? 'cell b' : 'cell', result[i][j]]), frame(r, c, 1, 1, SMALL));
    return `Output (${r}, ${c}) = ${terms.length ? `${terms.join(' + ')} = ${result[r][c]}` : '0, because the window contains no pixel under a weight'}.`;
  }

  return ({view, stride, padding, extra}) => {
    if (place.firstChild !== boards[view][0].node) place.replaceChildren(...boards[view].map(({node}) => node));
    lift.disabled = view !== 'stamps';
    const words = view === 'stamps' ? drawStamps() : drawWindows();
    kit.say(`${words} Side of the output: (${N}\u00a0−\u00a01)·${stride} − 2·${padding} + ${K} + ${extra} = ${geometry(state).size}.`);
  };
});
