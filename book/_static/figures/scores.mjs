// One object, one prediction: what each metric and each loss says about them.
import {board} from '../boards.mjs';
import {controls, element, number, row, shape} from '../elements.mjs';
import {range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {counts, discs, losses, metrics} from '../metrics.mjs';

const SIDE = 40, PIXEL = 6; // pixels of the map, and how large each is drawn
const EDGE = 2; // so near to the edge of the prediction, in pixels, the hand takes hold of the edge
const FAR = 24;
const COLOUR = {found: 'blue', missed: 'plum', extra: 'orange'};
const ENDS = [1, 2, 5]; // of the bars; no loss here is above −ln(1 − 0.99) = 4.6
const LEFT = 176, LONG = 90; // where bars begin, and how long they are at most

const confidence = (name) => range(0.9, 0.55, 0.99, {step: 0.01, name});
const FIELDS = {
  radius: range(6, 2, 16, {name: 'object'}),
  growth: range(-1, -8, 8, {name: 'grown by'}),
  shift: range(0, -FAR, FAR, {name: 'shifted by'}),
  drop: {...range(0, -FAR, FAR), control: undefined}, // downwards, by the hand only
  right: confidence('confidence of right pixels'),
  wrong: confidence('confidence of wrong pixels'),
};
// The three predictions of the still picture.
const PRESETS = {
  empty: {radius: 6, growth: -6, shift: 0, drop: 0},
  narrow: {radius: 6, growth: -1, shift: 0, drop: 0},
  'shifted': {radius: 6, growth: 0, shift: 2, drop: 0},
};

/** The row's name, its bar of LONG pixels for the value `end`, and its number. */
function bar([name, value], y, end, colour) {
  return [shape('text', {x: LEFT - 8, y, 'font-size': 15, style: 'text-anchor: end'}, name),
    shape('rect', {x: LEFT, y: y - 9, width: LONG, height: 18, class: 'cell'}),
    shape('rect', {x: LEFT, y: y - 9, width: LONG * value / end, height: 18, style: `fill: var(--${colour})`}),
    shape('text', {x: LEFT + LONG + 30, y, 'font-size': 15}, number(value, 3))];
}

/** Where the bars of a group begin and end: 0 and `end`. */
const axis = (y, end) => [[LEFT, '0'], [LEFT + LONG, String(end)]].map(([x, word]) => shape('text', {x, y, 'font-size': 13}, word));

/** All pixels of one kind as one shape. */
const region = (pixels, colour) => shape('path', {style: `fill: var(--${colour})`,
  d: pixels.map(({row, column}) => `M${1 + column * PIXEL} ${1 + row * PIXEL}h${PIXEL}v${PIXEL}h${-PIXEL}z`).join('')});

/** The border of the prediction, along the pixels' edges. */
function outline(pixels) {
  const inside = (row, column) => row >= 0 && column >= 0 && row < SIDE && column < SIDE && pixels[row * SIDE + column].said;
  return pixels.filter(({said}) => said).map(({row, column}) => {
    const [x, y] = [1 + column * PIXEL, 1 + row * PIXEL];
    return [
      inside(row - 1, column) ? '' : `M${x} ${y}h${PIXEL}`, inside(row + 1, column) ? '' : `M${x} ${y + PIXEL}h${PIXEL}`,
      inside(row, column - 1) ? '' : `M${x} ${y}v${PIXEL}`, inside(row, column + 1) ? '' : `M${x + PIXEL} ${y}v${PIXEL}`,
    ].join('');
  }).join('');
}

figure('scores', 'Metrics and losses of one prediction', FIELDS, (kit) => {
  const {state} = kit, map = board(), bars = board();
  const presets = Object.entries(PRESETS).map(([name, changes]) => ({
    changes: Object.entries(changes), node: element('button', {type: 'button', onclick: () => kit.set(changes)}, name),
  }));
  kit.box.append(row(map.node, bars.node), kit.line, controls(...presets.map(({node}) => node), kit.reset));

  let grip; // what the hand holds: the edge, or a point that many pixels from the middle of the prediction
  hand(map.svg, 'The object and its prediction. Drag the prediction, or its edge to make it larger. Arrow keys move it.', {
    press() { grip = undefined; },
    at(x, y) {
      const centre = SIDE / 2, right = (x - 1) / PIXEL - centre, down = (y - 1) / PIXEL - centre;
      const far = Math.hypot(right - state.shift, down - state.drop);
      grip ??= Math.abs(far - Math.max(state.radius + state.growth, 0)) < EDGE ? 'edge' : {right: right - state.shift, down: down - state.drop};
      kit.set(grip === 'edge' ? {growth: Math.round(far - state.radius)}
        : {shift: Math.round(right - grip.right), drop: Math.round(down - grip.down)});
    },
    by: (down, right) => kit.set({shift: state.shift + right, drop: state.drop + down}),
  });

  return ({right, wrong}) => {
    presets.forEach(({node, changes}) => { node.ariaPressed = String(changes.every(([key, value]) => state[key] === value)); });
    const pixels = discs(SIDE, state), {both, extra, missed} = counts(pixels);
    const wide = SIDE * PIXEL + 2;
    map.show('object and prediction', wide, wide, '',
      shape('rect', {x: 1, y: 1, width: SIDE * PIXEL, height: SIDE * PIXEL, class: 'cell'}),
      region(pixels.filter(({truth, said}) => truth && said), COLOUR.found), region(pixels.filter(({truth, said}) => truth && !said), COLOUR.missed),
      region(pixels.filter(({truth, said}) => said && !truth), COLOUR.extra),
      shape('path', {d: outline(pixels), style: 'fill: none; stroke: var(--ink); stroke-width: 2'}));

    const judged = metrics(pixels), trained = losses(pixels, right, wrong);
    const end = ENDS.find((each) => trained.every(([, value]) => value <= each));
    bars.show('metrics and losses', 326, 216, [...judged, ...trained].map(([name, value]) => `${name} ${number(value, 3)}`).join(', '),
      ...axis(10, 1), ...judged.flatMap((each, r) => bar(each, 29 + 25 * r, 1, 'blue')),
      ...axis(110, end), ...trained.flatMap((each, r) => bar(each, 129 + 25 * r, end, 'orange')));

    kit.say(`Pixels found (blue): ${both}. Missed (plum): ${missed}. Too much (orange): ${extra}. IoU = ${both} / (${both} + ${missed} + ${extra}) = ${number(both / (both + missed + extra), 3)}.`);
  };
});
