// How many stamps of a transposed convolution reach each output position, for a kernel size and a stride.
import {board, frame} from '../boards.mjs';
import {element, grid, shape} from '../elements.mjs';
import {position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {overlaps, writers} from '../stamps.mjs';

const COUNT = 14, SIZE = 24; // positions shown, and the side of one
const BAR = 13, BARS = 6; // height of a stamp's bar, and rows of bars: with stride 1 so many stamps overlap
const TOP = BARS * BAR + 3;

const FIELDS = {
  k: range(3, 1, 6, {name: 'kernel size'}),
  stride: range(2, 1, 4),
  at: position([4, 4], () => [COUNT, COUNT]),
};

const times = (n) => (n === 0 ? 'never' : n === 1 ? 'once' : `${n} times`);
const either = (...numbers) => {
  const different = [...new Set(numbers)];
  return `${different.slice(0, -1).join(', ')} or ${different.at(-1)} times`;
};
const span = (word, [first, last]) => (first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`);

figure('overlaps', 'How many stamps reach each output position', FIELDS, (kit) => {
  const {state} = kit, line = board(), map = board(), wide = COUNT * SIZE + 2;
  kit.box.append(element('div', {className: 'live-panel'}, line.node, map.node));
  const along = (each) => Math.floor((each - 1) / SIZE);
  const by = (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]});
  hand(line.svg, 'Positions along one axis. Touch one, or use the arrow keys.', {at: (x) => kit.set({at: [state.at[0], along(x)]}), by});
  hand(map.svg, 'Positions in two dimensions. Touch one, or use the arrow keys.', {at: (x, y) => kit.set({at: [along(y), along(x)]}), by});

  // The cells stay: only their numbers and colours change.
  const blank = (rows) => grid(rows, COUNT, SIZE, () => ['count', '0']);
  const numbers = blank(1), table = blank(COUNT), bars = shape('g', {class: 'over'}), frames = shape('g', {class: 'over'});
  line.show('one dimension: stamps and counts', wide, TOP + SIZE + 2, '', shape('g', {transform: `translate(0 ${TOP})`}, ...numbers), bars);
  map.show('two dimensions: counts', wide, wide, '', ...table, frames);
  const write = (node, count, most, colour) => {
    const style = `fill: var(--${colour}); fill-opacity: ${0.55 * count / most}; stroke: var(--line)`;
    const [box, text] = [node.firstChild, node.lastChild];
    if (text.textContent === `${count}` && box.getAttribute('style') === style) return; // moving changes no count
    text.textContent = count;
    box.setAttribute('style', style);
  };

  return ({k, stride, at: [row, column]}) => {
    const counts = overlaps(k, stride, COUNT), least = Math.floor(k / stride), most = Math.ceil(k / stride), even = least === most;
    const colour = even ? 'blue' : 'orange';
    const shown = (pixel) => Math.min(k, COUNT - pixel * stride); // taps of a stamp that are not cut off
    const [top, bottom] = writers(row, k, stride), [left, right] = writers(column, k, stride);
    numbers.forEach((node, j) => write(node, counts[j], most, colour));
    table.forEach((node, n) => write(node, counts[Math.floor(n / COUNT)] * counts[n % COUNT], most ** 2, colour));

    const stamps = Array.from({length: Math.ceil(COUNT / stride)}, (_, pixel) => {
      const x = 1 + pixel * stride * SIZE, y = TOP - 2 - BAR * (most - pixel % most), length = shown(pixel) * SIZE;
      return [shape('rect', {x: x + 1, y, width: length - 2, height: BAR - 2, class: pixel >= left && pixel <= right ? 'b' : 'pad'}),
        shape('text', {x: x + SIZE / 2, y: y + BAR / 2 - 0.5, 'font-size': 10}, pixel)];
    });
    bars.replaceChildren(...stamps.flat(), frame(TOP / SIZE, column, 1, 1, SIZE, 'ink'));
    const reaching = [];
    for (let i = top; i <= bottom; i++) {
      for (let j = left; j <= right; j++) reaching.push(frame(i * stride, j * stride, shown(i), shown(j), SIZE));
    }
    frames.replaceChildren(...reaching, frame(row, column, 1, 1, SIZE, 'ink'));

    const rule = even
      ? `Kernel size ${k} is a multiple of stride ${stride}. Away from the border each position is written ${times(most)} in one dimension and ${times(most ** 2)} in two.`
      : `Kernel size ${k} is no multiple of stride ${stride}. Away from the border a position is written ${either(least, most)} in one dimension and ${either(least ** 2, least * most, most ** 2)} in two.`;
    const border = k > stride
      ? `Fewer stamps reach the border: ${k - stride === 1 ? 'the first position is' : `the first ${k - stride} positions are`} written less often.`
      : 'Stamps do not overlap, so the border is no exception.';
    const here = counts[row] * counts[column];
    kit.say(`${rule} ${border} Position (${row}, ${column}) is written ${times(here)}`
      + (here ? `, by input pixels in ${span('row', [top, bottom])} and ${span('column', [left, right])}.` : '.'));
  };
});
