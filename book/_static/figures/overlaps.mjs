// How many stamps of a transposed convolution reach each output position, for a kernel size and a stride.
import {board, cells, frame} from '../boards.mjs';
import {element, shape} from '../elements.mjs';
import {position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {overlaps, writers} from '../stamps.mjs';

const COUNT = 14, SIZE = 24; // positions shown, and the side of one
const BAR = 13, BARS = 6; // height of a stamp's bar, and rows of bars: as many as the largest kernel overlaps at stride 1
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
  const {state} = kit, line = board(), map = board();
  kit.box.append(element('div', {className: 'live-panel'}, line.node, map.node));
  const along = (each) => Math.floor((each - 1) / SIZE);
  const by = (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]});
  hand(line.svg, 'Positions along one axis. Touch one, or use the arrow keys.', {at: (x) => kit.set({at: [state.at[0], along(x)]}), by});
  hand(map.svg, 'Positions in two dimensions. Touch one, or use the arrow keys.', {at: (x, y) => kit.set({at: [along(y), along(x)]}), by});

  return ({k, stride, at: [row, column]}) => {
    const counts = overlaps(k, stride, COUNT), least = Math.floor(k / stride), most = Math.ceil(k / stride), even = least === most;
    const colour = even ? 'blue' : 'orange';
    const tinted = (node, share) => {
      Object.assign(node.firstChild.style, {fill: `var(--${colour})`, fillOpacity: 0.55 * share, stroke: 'var(--line)'});
      return node;
    };
    const wide = COUNT * SIZE + 2;

    const high = Math.max(most, 1), reaching = writers(column, k, stride), bars = [];
    for (let pixel = 0; pixel * stride < COUNT; pixel++) {
      const y = TOP - 2 - BAR * (high - pixel % high), length = Math.min(k, COUNT - pixel * stride) * SIZE, x = 1 + pixel * stride * SIZE;
      const kind = pixel >= reaching[0] && pixel <= reaching[1] ? 'b' : 'pad';
      bars.push(shape('rect', {x: x + 1, y, width: length - 2, height: BAR - 2, class: kind}),
        shape('text', {x: x + SIZE / 2, y: y + BAR / 2 - 0.5, 'font-size': 10}, pixel));
    }
    line.show('one dimension: stamps and counts', wide, TOP + SIZE + 2, '', ...bars,
      ...cells([counts], SIZE, () => 'cell', TOP).map((node, j) => tinted(node, counts[j] / most)), frame(TOP / SIZE, column, 1, 1, SIZE, 'ink'));

    const table = counts.map((down) => counts.map((right) => down * right));
    const frames = [];
    const [top, bottom] = writers(row, k, stride), [left, right] = reaching;
    for (let i = top; i <= bottom; i++) {
      for (let j = left; j <= right; j++) frames.push(frame(i * stride, j * stride, k, k, SIZE));
    }
    map.show('two dimensions: counts', wide, wide, '',
      ...cells(table, SIZE, () => 'cell').map((node, n) => tinted(node, table.flat()[n] / most ** 2)), ...frames, frame(row, column, 1, 1, SIZE, 'ink'));

    const rule = even
      ? `Kernel size ${k} is a multiple of stride ${stride}. Away from the border each position is written ${times(most)} in one dimension and ${times(most ** 2)} in two.`
      : `Kernel size ${k} is no multiple of stride ${stride}. Away from the border a position is written ${either(least, most)} in one dimension and ${either(least ** 2, least * most, most ** 2)} in two.`;
    const border = k > stride
      ? `Fewer stamps reach the border: ${k - stride === 1 ? 'the first position is' : `the first ${k - stride} positions are`} written less often.`
      : 'Stamps do not overlap, so the border is no exception.';
    const here = table[row][column];
    kit.say(`${rule} ${border} Position (${row}, ${column}) is written ${times(here)}`
      + (here ? `, by input pixels in ${span('row', [top, bottom])} and ${span('column', [left, right])}.` : '.'));
  };
});
