// Windows on a row of pixels: n, k, stride, padding and dilation to choose, the size formula with these numbers.
import {outputSize} from '../conv.mjs';
import {cell, drawing, element, shape} from '../elements.mjs';
import {range} from '../fields.mjs';
import {figure} from '../kit.mjs';

const WIDTH = 560; // of the drawing, at most; on a phone less, so that its letters keep their size
const FIELDS = {n: range(10, 3, 16), k: range(3, 1, 7), stride: range(2, 1, 5), padding: range(0, 0, 4), dilation: range(1, 1, 4)};

figure('sizes', 'Windows on a row of pixels', FIELDS, (kit) => {
  const place = element('div', {className: 'live-panel'});
  kit.box.append(place);

  return ({n, k, stride, padding, dilation}) => {
    const full = n + 2 * padding, reach = dilation * (k - 1) + 1, count = outputSize(n, k, stride, padding, dilation);
    const size = Math.min(34, (Math.min(WIDTH, kit.width()) - 8) / full);
    const starts = Array.from({length: count}, (_, window) => window * stride);
    const taps = (start) => Array.from({length: k}, (_, tap) => start + tap * dilation);
    const read = new Set(starts.flatMap(taps));
    const middle = (pixel) => 4 + (pixel + 0.5) * size;

    const parts = [];
    for (let pixel = 0; pixel < full; pixel++) {
      const inside = pixel >= padding && pixel < padding + n;
      parts.push(cell(4 + pixel * size, 4, size, inside ? 'cell a' : 'pad', inside ? pixel - padding : 0));
      if (!read.has(pixel)) {
        const [low, high, left] = [4 + 0.2 * size, 4 + 0.8 * size, pixel * size];
        parts.push(shape('path', {class: 'lost', d: `M${left + low} ${low}L${left + high} ${high}M${left + low} ${high}L${left + high} ${low}`}));
      }
    }
    starts.forEach((start, window) => {
      const y = 4 + size + 14 + 15 * window;
      parts.push(shape('line', {x1: middle(start), x2: middle(start + reach - 1), y1: y, y2: y, class: 'wire'}));
      for (const tap of taps(start)) parts.push(shape('circle', {cx: middle(tap), cy: y, r: 4.5, class: 'b solid'}));
    });
    place.replaceChildren(drawing(full * size + 8, 4 + size + 14 + 15 * Math.max(count, 1), `${count} windows on ${n} pixels`, ...parts));

    const room = full - reach;
    const unread = Array.from({length: n}, (_, pixel) => pixel).filter((pixel) => !read.has(pixel + padding));
    kit.say(`⌊(${n} + 2·${padding} − ${dilation}·(${k} − 1) − 1) / ${stride}⌋ + 1 = `
      + (room < 0 ? `none: a window reaches over ${reach} pixels, and there are only ${full}.` : `⌊${room} / ${stride}⌋ + 1 = ${count}.`)
      + (unread.length ? ` Pixels that no window reads: ${unread.join(', ')}.` : ' Every pixel is read.'));
  };
});
