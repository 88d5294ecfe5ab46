// Watch the gradient die: its norm in each layer of a stack before training, and how the stack trains, with five seeds.
import {broughtAlong, controls, drawing, element, number, panel, redraw, row, shape} from '../elements.mjs';
import {choice, flag, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {geometricMean, power, spread} from '../norms.mjs';

const WIDTH = 350, GAP = 24, LEFT = 46, RIGHT = 6, TOP = 12, HIGH = 190, FOOT = 40; // of a chart, in pixels
const LOW = -16, TOPMOST = 3; // powers of ten between which the norms lie
const TOP_LOSS = 3, DIVERGED = 100, GUESSING = Math.log(10); // of ten digits
const EXPONENTS = {low: 2, high: 5}; // of the depths

// The slider goes over powers of 2; the reader and the address read depths.
const exponent = range(4, EXPONENTS.low, EXPONENTS.high, {name: 'layers', show: (at) => String(2 ** at)});
const FIELDS = {
  depth: {...exponent, words: (at) => String(2 ** at), read: (words) => exponent.read(String(Math.log2(Number(words))))},
  skip: flag(false, {name: 'shortcuts'}),
  norm: flag(false, {name: 'batch norm'}),
  init: choice('default', [['default', 'PyTorch’s default'], ['he', 'He']], {name: 'initialisation'}),
  layer: {...range(1, 1, 2 ** EXPONENTS.high, {bounds: ({depth}) => ({max: 2 ** depth})}), control: undefined},
};

figure('gradients', 'Gradients in a stack of layers, and its training', FIELDS, async (kit) => {
  const {state} = kit, {runs} = await broughtAlong(kit.picture);
  const norms = drawing(0, 0, ''), losses = drawing(0, 0, 'Loss of each epoch, a curve per seed');
  let step; // pixels from one layer to the next
  hand(norms, 'Norm of the gradient in each layer. Press a layer, or choose one with the arrow keys.', {
    drag: 'across', at: (x) => kit.set({layer: Math.floor((x - LEFT) / step) + 1}), by: (down, right) => kit.set({layer: state.layer + right}),
  });
  kit.box.append(row(panel('norm of the gradient before training', norms), panel('loss of each epoch', losses)), kit.line,
    controls(kit.control.depth, kit.control.skip, kit.control.norm, kit.control.init), controls(kit.reset));

  const text = (word, x, y, anchor = 'middle', more = '') => shape('text', {x, y, 'font-size': 12, style: `text-anchor: ${anchor}; ${more}`}, word);
  const level = (y, word, width) => [shape('line', {x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: 'grid'}), text(word, LEFT - 5, y, 'end')];

  function paintNorms(width, layer, values) {
    const y = (value) => TOP + HIGH * (TOPMOST - Math.log10(Math.max(value, 10 ** LOW))) / (TOPMOST - LOW), floor = TOP + HIGH;
    step = (width - LEFT - RIGHT) / values.length;
    const middle = (at) => LEFT + (at + 0.5) * step;
    redraw(norms, width, floor + FOOT, [
      ...[-16, -12, -8, -4, 0].flatMap((each) => level(y(10 ** each), each ? power(10 ** each).replace('1 · ', '') : '1', width)),
      ...values.flatMap((found, at) => {
        const mean = geometricMean(found), here = at === layer - 1;
        return [
          shape('rect', {x: middle(at) - 0.4 * step, y: y(mean), width: 0.8 * step, height: floor - y(mean), class: here ? 'b solid' : 'a'}),
          shape('line', {x1: middle(at), x2: middle(at), y1: y(Math.min(...found)), y2: y(Math.max(...found)), style: 'stroke: var(--ink); stroke-width: 1.5'}),
        ];
      }),
      ...[1, values.length].filter((each) => each === layer || Math.abs(each - layer) * step > 22).map((each) => text(each, middle(each - 1), floor + 13)),
      ...(layer > 1 && layer < values.length ? [text(layer, middle(layer - 1), floor + 13, 'middle', 'font-weight: 700')] : []),
      text('layer', (LEFT + width) / 2, floor + 31),
    ]);
  }

  function paintLosses(width, curves) {
    const y = (value) => TOP + HIGH * (1 - Math.min(value, TOP_LOSS) / TOP_LOSS), epochs = curves[0].length;
    const x = (epoch) => LEFT + 4 + epoch * (width - LEFT - RIGHT - 8) / (epochs - 1);
    redraw(losses, width, TOP + HIGH + FOOT, [
      ...[0, 1, 2, 3].flatMap((value) => level(y(value), value, width)),
      shape('line', {x1: LEFT, x2: width - RIGHT, y1: y(GUESSING), y2: y(GUESSING), style: 'stroke: var(--soft); stroke-dasharray: 4 4'}),
      text('guessing', width - RIGHT, y(GUESSING) - 9, 'end'),
      ...curves.map((curve) => shape('polyline', {points: curve.map((value, epoch) => `${x(epoch)},${y(value)}`).join(' '),
        style: 'fill: none; stroke: var(--orange); stroke-width: 2; stroke-opacity: .75'})),
      ...[1, epochs].map((epoch) => text(epoch, x(epoch - 1), TOP + HIGH + 13)), text('epoch', (LEFT + width) / 2, TOP + HIGH + 31),
    ]);
  }

  return (now) => {
    const {depth, skip, norm, init, layer} = now, room = (kit.width() - GAP) / 2, width = room < 280 ? Math.min(kit.width(), WIDTH) : Math.min(room, WIDTH);
    const found = runs.map((run) => run[2 ** depth][skip ? 'skip' : 'plain'][norm ? 'norm' : 'bare'][init]);
    const values = Array.from({length: 2 ** depth}, (_, at) => found.map(({gradient}) => gradient[at])), curves = found.map(({loss}) => loss);
    paintNorms(width, layer, values);
    paintLosses(width, curves);
    kit.say(told(layer, values, curves, found.map(({right}) => right)));
  };
});

function told(layer, values, curves, right) {
  const last = values.length, mean = (at) => power(geometricMean(values[at - 1]));
  const ends = curves.map((curve) => curve.at(-1)), lost = ends.filter((end) => end >= DIVERGED).length;
  return `Before training the norm of the gradient is ${mean(layer)} in layer ${layer}`
    + (layer === last ? '. ' : `, and ${mean(last)} in layer ${last}. `)
    + (lost ? `With ${lost} of ${ends.length} seeds the training diverges. ` : '')
    + `After ${curves[0].length} epochs ${lost === ends.length ? '' : `the loss ${lost ? 'of the others ' : ''}is ${spread(ends.filter((end) => end < DIVERGED), (end) => end.toFixed(2))}, and `}`
    + `the stack reads ${spread(right.map((share) => 100 * share), (share) => number(share, 0))} % of the new digits right.`;
}
