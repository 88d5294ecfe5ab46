// Max and average pooling: the reader drags the window over a small image of whole numbers; both results are written out.
import {fromRows} from '../conv.mjs';
import {controls, drawing, element, grid, number, panel, redraw, row} from '../elements.mjs';
import {flag, position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {largest, mean, starts, taps} from '../pool.mjs';

const IMAGE = [[1, 3, 2, 0, 5, 1], [4, 0, 7, 1, 0, 2], [2, 8, 1, 6, 3, 0], [0, 2, 5, 2, 9, 4]];
const SIZE = 32, RESULT = 40; // pixels of a cell

const image = fromRows(IMAGE);
const sides = (state) => [image.height, image.width].map((n) => starts(n, state).length);

const FIELDS = {
  kernel: range(2, 1, 4, {then: (kernel) => ({stride: Math.min(kernel, 3)})}), // as PyTorch does where no stride is given
  stride: range(2, 1, 3),
  padding: range(0, 0, 2, {bounds: ({kernel}) => ({max: Math.floor(kernel / 2)})}),
  dilation: range(1, 1, 3, {bounds: ({kernel, padding}) => ({max: kernel === 1 ? 3 : Math.min(3, Math.floor((image.height + 2 * padding - 1) / (kernel - 1)))})}), // what fits
  ceil: flag(false, {name: 'ceil_mode'}),
  count: flag(true, {name: 'count_include_pad'}),
  at: position([1, 1], sides), // the output whose window is shown
};

figure('pooling', 'Pooling of an image of numbers', FIELDS, (kit) => {
  const {state} = kit;
  const images = drawing(0, 0, ''), maxima = drawing(0, 0, ''), means = drawing(0, 0, '');
  const imageTitle = element('span'), none = element('span', {}, 'average pooling has no dilation');

  const by = (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]});
  hand(images, 'Image. Arrow keys move the window.', {
    by,
    at(x, y) { // the window's middle comes to lie under the pointer
      const {top, left} = frame(state), half = (state.dilation * (state.kernel - 1)) / 2;
      const pixels = [Math.floor(y / SIZE) - top, Math.floor(x / SIZE) - left];
      kit.set({at: pixels.map((along) => Math.round((along + state.padding - half) / state.stride))});
    },
  });
  for (const [svg, name] of [[maxima, 'Largest pixels'], [means, 'Means']]) {
    hand(svg, `${name}. Arrow keys choose the window that is written out.`, {
      by, at: (x, y) => kit.set({at: [y, x].map((along) => Math.floor(along / RESULT))}),
    });
  }
  const meanPanel = panel('mean', means, none);
  kit.box.append(row(panel(imageTitle, images), panel('largest', maxima), meanPanel), kit.line,
    controls(kit.control.kernel, kit.control.stride, kit.control.padding, kit.control.dilation),
    controls(kit.control.ceil, kit.control.count, kit.reset));

  return (now) => {
    const {dilation, padding, at: [r, c]} = now;
    const winners = largest(image, now), averages = mean(image, now);
    const tops = starts(image.height, now), lefts = starts(image.width, now), position = r * winners.width + c;
    const rows = taps(tops[r], image.height, now), columns = taps(lefts[c], image.width, now);
    const winner = winners.indices[position];

    const {top, left, height, width} = frame(now);
    const [downs, rights] = [tops[r], lefts[c]].map((start) => Array.from({length: now.kernel}, (_, tap) => start + tap * dilation));
    redraw(images, width * SIZE + 2, height * SIZE + 2, grid(height, width, SIZE, (i, j) => {
      const [y, x] = [i - top, j - left], on = y >= 0 && y < image.height && x >= 0 && x < image.width;
      const padded = y >= -padding && y < image.height + padding && x >= -padding && x < image.width + padding;
      const kind = on ? 'cell' : padded ? 'pad' : 'beyond';
      const look = y * image.width + x === winner && on ? ' b' : downs.includes(y) && rights.includes(x) ? ' a' : '';
      return [kind + look, on ? IMAGE[y][x] : ''];
    }));
    imageTitle.textContent = padding ? 'image and its padding' : 'image';

    const show = (svg, {height, width, data}) => redraw(svg, width * RESULT + 2, height * RESULT + 2,
      grid(height, width, RESULT, (i, j) => [i === r && j === c ? 'cell c' : 'cell', number(data[i * width + j])]));
    show(maxima, winners);
    means.toggleAttribute('hidden', dilation > 1);
    none.hidden = dilation === 1;
    if (dilation === 1) show(means, averages);

    const pixels = rows.flatMap((i) => columns.map((j) => IMAGE[i][j]));
    const [i, j] = [Math.floor(winner / image.width), winner % image.width];
    const words = `max(${pixels.join(', ')}) = ${number(winners.data[position])}, index ${i}·${image.width} + ${j} = ${winner}.`;
    kit.say(dilation > 1 ? words
      : `${words} Mean: (${pixels.join(' + ')}) / ${averages.divisors[position]} = ${number(averages.data[position])}.`);
  };
});

/** What is drawn: rows and columns, and how many of them lie above and left of the image; an overhang is drawn too. */
function frame(state) {
  const {kernel, padding, dilation} = state, reach = dilation * (kernel - 1) + 1;
  const [height, width] = [image.height, image.width].map((n) => {
    const last = starts(n, state).at(-1) + reach;
    return padding + Math.max(n + padding, last);
  });
  return {top: padding, left: padding, height, width};
}
