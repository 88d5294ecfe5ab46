// One window, one sum: the reader drags the window over a small image of whole numbers, and its products are written out.
import {correlate, fromRows, outputSize} from '../conv.mjs';
import {controls, drawing, element, grid, number, panel, redraw, row} from '../elements.mjs';
import {choice, position, range, table} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';

const IMAGE = [[1, 2, 0, 1, 3, 1], [0, 1, 3, 1, 0, 2], [2, 1, 0, 2, 1, 0], [1, 0, 1, 3, 2, 1], [0, 2, 1, 0, 1, 2]];
const KERNELS = {
  'left minus right': [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
  'above minus below': [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
  'sum of all': [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
  'the middle': [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  'one to nine': [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
};
const OWN = 'your own', FIRST = 'left minus right';
const SIZE = 32, PAUSE = 450; // pixels of a cell, milliseconds on each window

const image = fromRows(IMAGE);
const inside = (i, j) => i >= 0 && i < image.height && j >= 0 && j < image.width;
const sides = ({stride, padding, dilation}) => [image.height, image.width].map((n) => outputSize(n, 3, stride, padding, dilation));

const FIELDS = {
  preset: choice(FIRST, [...Object.keys(KERNELS), OWN], {
    name: 'kernel', then: (name) => (name in KERNELS ? {kernel: KERNELS[name]} : {}),
  }),
  kernel: table(KERNELS[FIRST], {then: () => ({preset: OWN})}),
  stride: range(1, 1, 3),
  padding: range(0, 0, 2),
  dilation: range(1, 1, 2),
  at: position([1, 1], sides), // the output whose window is shown
};

figure('window', 'A kernel on an image of numbers', FIELDS, (kit) => {
  const {state} = kit;
  const images = drawing(0, 0, ''), outputs = drawing(0, 0, '');
  const imageTitle = element('span'), outputTitle = element('span');

  const by = (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]});
  hand(images, 'Image. Arrow keys move the window.', {
    by,
    at(x, y) { // the window's middle comes to lie under the pointer
      kit.set({at: [y, x].map((along) => Math.round((Math.floor(along / SIZE) - state.dilation) / state.stride))});
    },
  });
  hand(outputs, 'Output. Arrow keys choose the position whose sum is written out.', {
    by,
    at: (x, y) => kit.set({at: [y, x].map((along) => Math.floor(along / SIZE))}),
  });

  const scan = kit.player('slide over the image', (passed) => {
    const [high, wide] = sides(state), at = Math.min(Math.floor(passed / PAUSE), high * wide - 1);
    const next = [Math.floor(at / wide), at % wide];
    if (String(next) !== String(state.at)) kit.show({at: next});
    return passed < PAUSE * high * wide;
  });
  kit.box.append(row(panel(imageTitle, images), kit.control.kernel, panel(outputTitle, outputs)), kit.line,
    controls(kit.control.preset, scan, kit.reset), controls(kit.control.stride, kit.control.padding, kit.control.dilation));

  return ({kernel, stride, padding, dilation, at: [r, c]}) => {
    const output = correlate(image, fromRows(kernel), {stride, padding, dilation});
    const taps = (start) => [0, 1, 2].map((tap) => start * stride + tap * dilation - padding);
    const [rows, columns] = [taps(r), taps(c)];

    const [high, wide] = [image.height + 2 * padding, image.width + 2 * padding];
    redraw(images, wide * SIZE + 2, high * SIZE + 2, grid(high, wide, SIZE, (i, j) => {
      const [y, x] = [i - padding, j - padding];
      const kind = (inside(y, x) ? 'cell' : 'pad') + (rows.includes(y) && columns.includes(x) ? ' a' : '');
      return [kind, inside(y, x) ? IMAGE[y][x] : 0];
    }));
    imageTitle.textContent = padding ? 'image and its padding' : 'image';
    redraw(outputs, output.width * SIZE + 2, output.height * SIZE + 2, grid(output.height, output.width, SIZE, (i, j) =>
      [i === r && j === c ? 'cell c' : 'cell', number(output.data[i * output.width + j])]));
    outputTitle.textContent = `output, ${output.height} × ${output.width}`;

    const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
    const terms = rows.flatMap((i, u) => columns.map((j, v) => [kernel[u][v], inside(i, j) ? IMAGE[i][j] : 0]))
      .filter(([weight]) => weight !== 0).map(([weight, pixel]) => `${number(pixel)}·${bracket(weight)}`);
    kit.say(`V(${r}, ${c}) = ${terms.join(' + ') || '0'} = ${number(output.data[r * output.width + c])}`);
  };
});
