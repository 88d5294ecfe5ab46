// One object, one prediction: what each metric and each loss says about them.
import {controls, drawing, element, mount, number, shape, slider} from '../live.mjs';

const SIDE = 40, PIXEL = 6, WEIGHT = 10, GAMMA = 2;

/**
 * A disc in the middle as truth, another as prediction; metrics and losses. A pixel's predicted class has the probability
 * `right` where it is the true one, `wrong` where it is not.
 */
export function scores({radius, growth, shift, right, wrong}) {
  const cells = [], centre = (SIDE - 1) / 2, count = {both: 0, extra: 0, missed: 0};
  let entropy = 0, weighted = 0, weights = 0, focal = 0, overlap = 0, sum = 0;
  for (let i = 0; i < SIDE; i++) {
    for (let j = 0; j < SIDE; j++) {
      const y = Math.hypot(i - centre, j - centre) < radius ? 1 : 0;
      const z = Math.hypot(i - centre, j - centre - shift) < radius + growth ? 1 : 0;
      const ofTruth = y === z ? right : 1 - wrong, p = y ? ofTruth : 1 - ofTruth, w = y ? WEIGHT : 1;
      if (y || z) {
        const kind = y && z ? 'both' : z ? 'extra' : 'missed';
        count[kind] += 1;
        cells.push([i, j, kind]);
      }
      entropy -= Math.log(ofTruth);
      weighted -= w * Math.log(ofTruth);
      weights += w;
      focal -= (1 - ofTruth) ** GAMMA * Math.log(ofTruth);
      overlap += y * p;
      sum += y + p;
    }
  }
  const {both, extra, missed} = count, all = SIDE * SIDE;
  return {cells, rows: [
    ['pixel accuracy', 1 - (extra + missed) / all], ['IoU of the object', both / (both + extra + missed)],
    ['Dice of the object', 2 * both / (2 * both + extra + missed)],
    ['cross-entropy', entropy / all], [`weighted, object × ${WEIGHT}`, weighted / weights],
    [`focal, γ = ${GAMMA}`, focal / all], ['Dice loss', 1 - 2 * overlap / sum],
  ]};
}

const COLOUR = {both: 'blue', missed: 'plum', extra: 'orange'};
const METRICS = 3, ENDS = [1, 2, 5]; // no loss here is above -ln(1 - 0.99) = 4.6
const LEFT = 176, LONG = 90;

/** The row's name, its bar of LONG pixels for the value `end`, and its number. */
function bar([name, value], y, end, colour) {
  return [shape('text', {x: LEFT - 8, y, 'font-size': 15, style: 'text-anchor: end'}, name),
    shape('rect', {x: LEFT, y: y - 9, width: LONG, height: 18, class: 'cell'}),
    shape('rect', {x: LEFT, y: y - 9, width: LONG * value / end, height: 18, style: `fill: var(--${colour})`}),
    shape('text', {x: LEFT + LONG + 30, y, 'font-size': 15}, number(value, 3))];
}

/** Where the bars of a group begin and end: 0 and `end`. */
const axis = (y, end) => [[LEFT, '0'], [LEFT + LONG, String(end)]].map(
  ([x, word]) => shape('text', {x, y, 'font-size': 13, style: 'text-anchor: middle'}, word));

mount('scores', 'Metrics and losses of one prediction', (box) => {
  const state = {radius: 6, growth: -1, shift: 1, right: 0.9, wrong: 0.9};
  const row = element('div', {className: 'live-row'});
  const make = (name, key, min, max, step = 1) =>
    slider(name, {min, max, step, value: state[key], show: (value) => number(value)}, (value) => update({[key]: value}));
  const sliders = [make('object', 'radius', 2, 16), make('grown by', 'growth', -8, 8), make('shifted by', 'shift', 0, 24),
    make('confidence of right pixels', 'right', 0.55, 0.99, 0.01), make('confidence of wrong pixels', 'wrong', 0.55, 0.99, 0.01)];

  function update(changes) {
    Object.assign(state, changes);
    const {cells, rows} = scores(state), metrics = rows.slice(0, METRICS), losses = rows.slice(METRICS);
    const square = (x, y, side, colour) => shape('rect', {x, y, width: side, height: side, style: `fill: var(--${colour})`});
    const map = drawing(SIDE * PIXEL + 2, SIDE * PIXEL + 2, 'The object and its prediction, pixel by pixel.',
      shape('rect', {x: 1, y: 1, width: SIDE * PIXEL, height: SIDE * PIXEL, class: 'cell'}),
      ...cells.map(([i, j, kind]) => square(1 + j * PIXEL, 1 + i * PIXEL, PIXEL, COLOUR[kind])));
    const end = ENDS.find((each) => losses.every(([, value]) => value <= each));
    const said = rows.map(([name, value]) => `${name} ${number(value, 3)}`).join(', ');
    const bars = [...axis(10, 1), ...metrics.flatMap((each, r) => bar(each, 32 + 29 * r, 1, 'blue')),
      ...axis(130, end), ...losses.flatMap((each, r) => bar(each, 152 + 29 * r, end, 'orange'))];
    row.replaceChildren(element('div', {className: 'live-panel'}, map, element('span', {}, 'blue: found, plum: missed, orange: too much')),
      element('div', {className: 'live-panel'}, drawing(326, 252, said, ...bars), element('span', {}, 'above metrics, below losses')));
  }

  box.append(row, controls(...sliders.map((each) => each.label)));
  update({});
});
