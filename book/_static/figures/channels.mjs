// Many channels: one window lies on all channels of the image at once; each output channel adds up what its slices give.
import {correlate, fromRows, layer, outputSize} from '../conv.mjs';
import {controls, drawing, element, grid, number, panel, redraw, row} from '../elements.mjs';
import {buttons, choice, position, range, table} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';

const IMAGE = [
  [[2, 0, 1, 3, 1], [1, 2, 0, 1, 2], [0, 3, 1, 2, 0], [1, 0, 2, 1, 3]],
  [[0, 1, 2, 0, 1], [3, 0, 1, 2, 1], [1, 2, 0, 1, 0], [2, 1, 3, 0, 1]],
  [[1, 1, 0, 2, 0], [0, 2, 1, 0, 3], [2, 0, 1, 3, 1], [0, 1, 2, 0, 1]],
];
const ZEROS = [[0, 0, 0], [0, 0, 0], [0, 0, 0]], MIDDLE = [[0, 0, 0], [0, 1, 0], [0, 0, 0]], MINUS = [[0, 0, 0], [0, -1, 0], [0, 0, 0]];
const ACROSS = [[1, 0, -1], [2, 0, -2], [1, 0, -1]], DOWN = [[1, 2, 1], [0, 0, 0], [-1, -2, -1]];
const LAYERS = { // the slices of both output channels, and their biases
  'edges and a middle': {weight: [[ACROSS, MIDDLE, DOWN], [MIDDLE, ACROSS, MINUS]], bias: [1, -2]},
  'sum and difference of channels': {weight: [[MIDDLE, MIDDLE, MIDDLE], [MIDDLE, ZEROS, MINUS]], bias: [0, 0]},
  'the same edges in each channel': {weight: [[ACROSS, ACROSS, ACROSS], [DOWN, DOWN, DOWN]], bias: [0, 0]},
  'one channel each': {weight: [[MIDDLE, ZEROS, ZEROS], [ZEROS, ZEROS, MIDDLE]], bias: [0, 0]},
};
const OWN = 'your own', FIRST = 'edges and a middle';
const CELL = 26, TINTS = ['a', 'b', 'c'];
const INPUTS = [0, 1, 2], OUTPUTS = [0, 1];

const planes = IMAGE.map(fromRows), {height, width} = planes[0];
const size = [outputSize(height, 3), outputSize(width, 3)];

/** The fields of a layer's numbers: `weight0-2` is the slice from input channel 2 to output channel 0, `bias0` its bias. */
const numbers = ({weight, bias}) => Object.fromEntries(OUTPUTS.flatMap((t) => [
  ...INPUTS.map((s) => [`weight${t}-${s}`, weight[t][s]]), [`bias${t}`, bias[t]]]));
const own = () => ({preset: OWN});
const FIELDS = {
  preset: choice(FIRST, [...Object.keys(LAYERS), OWN], {name: 'weights', then: (name) => (name in LAYERS ? numbers(LAYERS[name]) : {})}),
  output: buttons('0', OUTPUTS.map((t) => [String(t), `output channel ${t}`]), {name: 'output channel'}),
  ...Object.fromEntries(OUTPUTS.flatMap((t) => [
    ...INPUTS.map((s) => [`weight${t}-${s}`, table(LAYERS[FIRST].weight[t][s], {name: `weight[${t}, ${s}]`, then: own})]),
    [`bias${t}`, range(LAYERS[FIRST].bias[t], -5, 5, {name: `bias[${t}]`, then: own})],
  ])),
  at: position([1, 1], () => size),
};

figure('channels', 'Three channels in, two channels out', FIELDS, (kit) => {
  const {state, control} = kit;
  const images = INPUTS.map(() => drawing(0, 0, '')), outputs = OUTPUTS.map(() => drawing(0, 0, ''));
  const sums = INPUTS.map(() => element('output'));
  const by = (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]});
  images.forEach((svg, s) => hand(svg, `Channel ${s} of the image. Arrow keys move the window on all channels.`, {
    by, at: (x, y) => kit.set({at: [y, x].map((along) => Math.floor(along / CELL) - 1)}),
  }));
  outputs.forEach((svg, t) => hand(svg, `Output channel ${t}. Arrow keys choose the position.`, {
    by, at: (x, y) => kit.set({output: String(t), at: [y, x].map((along) => Math.floor(along / CELL))}),
  }));

  kit.box.append(
    controls(control.output, control.preset),
    row(
      element('div', {className: 'live-channels'}, ...INPUTS.flatMap((s) => [
        panel(`x[${s}]`, images[s]), element('span', {}, '⋆'),
        element('div', {className: `tint-${TINTS[s]}`}, ...OUTPUTS.map((t) => control[`weight${t}-${s}`])),
        element('span', {}, '= ', sums[s]),
      ])),
      element('div', {className: 'live-outputs'}, ...OUTPUTS.map((t) => panel(`output[${t}]`, outputs[t])))),
    kit.line, controls(...OUTPUTS.map((t) => control[`bias${t}`]), kit.reset));

  return (now) => {
    const {output: chosen, at: [r, c]} = now;
    const weight = OUTPUTS.map((t) => INPUTS.map((s) => fromRows(now[`weight${t}-${s}`])));
    const under = (i, j) => i >= r && i < r + 3 && j >= c && j < c + 3;
    images.forEach((svg, s) => redraw(svg, width * CELL + 2, height * CELL + 2, grid(height, width, CELL, (i, j) =>
      [under(i, j) ? `cell ${TINTS[s]}` : 'cell', IMAGE[s][i][j]])));

    const index = r * size[1] + c;
    const parts = INPUTS.map((s) => correlate(planes[s], weight[chosen][s]).data[index]);
    sums.forEach((node, s) => { node.textContent = number(parts[s]); });
    const results = layer(planes, weight).map(({data}, t) => data.map((value) => value + now[`bias${t}`]));
    outputs.forEach((svg, t) => redraw(svg, size[1] * CELL + 2, size[0] * CELL + 2, grid(...size, CELL, (i, j) =>
      [i === r && j === c ? `cell plum${String(t) === chosen ? '' : ' pale'}` : 'cell', number(results[t][i * size[1] + j])])));
    OUTPUTS.forEach((t) => [...INPUTS.map((s) => `weight${t}-${s}`), `bias${t}`].forEach((key) => {
      control[key].hidden = String(t) !== chosen;
    }));

    const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
    kit.say(`output[${chosen}, ${r}, ${c}] = ${[number(parts[0]), ...parts.slice(1).map(bracket)].join(' + ')} + bias `
      + `${bracket(now[`bias${chosen}`])} = ${number(results[chosen][index])}`);
  };
});
