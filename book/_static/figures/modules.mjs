// Architectures drawn from their own modules: of each block the output, the parameters and the multiplications, to scale.
import {broughtAlong, controls, drawing, element, redraw, shape} from '../elements.mjs';
import {buttons, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {costs, counted, shortCount} from '../modules.mjs';

const NAMES = ['AlexNet', 'VGG-11', 'VGG-16', 'GoogLeNet', 'ResNet-18', 'ResNet-50'];
const WIDTH = 640, ROOMY = 46; // of the drawing, at most; of a column in which counts have room
const IMAGE = 224, SIDE = 120, BAR = 62, HEAD = 46; // the image's side; how high it and the longest bar are drawn; above each row

let known = {}; // the blocks of each architecture, once they are here

const FIELDS = {
  net: buttons('VGG-16', NAMES, {name: 'architecture', then: () => ({block: 1})}),
  block: {...range(6, 1, 20, {bounds: ({net}) => ({max: known[net]?.length ?? 20})}), control: undefined},
};

figure('modules', 'Architectures, drawn from their modules', FIELDS, async (kit) => {
  const {state} = kit;
  known = Object.fromEntries(Object.entries(await broughtAlong(kit.picture)).map(([name, blocks]) => [name, blocks.map(costs)]));
  state.block = FIELDS.block.limit(state.block, state); // the address may name a block that is not there
  const view = drawing(0, 0, '');
  let column; // pixels from one block to the next
  hand(view, 'The blocks of the architecture. Press one, or choose with the arrow keys.', {
    drag: 'across', at: (x) => kit.set({block: Math.floor(x / column) + 1}), by: (down, right) => kit.set({block: state.block + right}),
  });
  const table = element('div', {className: 'live-table'}), place = element('div', {className: 'live-panel'}, view);
  kit.box.append(kit.control.net, place, kit.line, table, controls(kit.reset));

  /** Three rows, a column for each block. */
  function paintView(blocks, chosen) {
    const width = Math.min(kit.width(), WIDTH), maps = blocks.filter(({shape: given}) => given.length > 1);
    const widest = Math.max(...maps.map(({shape: [channels]}) => channels)); // what a linear layer has beyond this is not drawn
    column = width / blocks.length;
    const kind = ({shape: given}, at) => `${given.length === 1 ? 'c' : 'a'}${at === chosen ? ' solid' : ''}`;
    const title = (words, y) => shape('text', {x: 0, y, 'font-size': 13, style: 'text-anchor: start'}, words);
    const outputs = HEAD - 18 + SIDE, rows = [['parameters', outputs + HEAD + BAR], ['multiplications', outputs + 2 * (HEAD + BAR)]];
    redraw(view, width, rows[1][1] + 4, [
      shape('rect', {x: chosen * column, y: 18, width: column, height: rows[1][1] - 16, style: 'fill: var(--panel); stroke: var(--line)'}),
      title('output: height = pixels, width = channels', 8),
      ...blocks.map((block, at) => {
        const [channels, side = 1] = block.shape, wide = Math.max(0.9 * column * Math.min(channels / widest, 1), 1.5), tall = Math.max(SIDE * side / IMAGE * 2, 1.5);
        return shape('rect', {x: (at + 0.5) * column - wide / 2, y: outputs - tall, width: wide, height: tall, class: kind(block, at)});
      }),
      ...rows.flatMap(([key, floor]) => {
        const most = Math.max(...blocks.map((block) => block[key]));
        return [title(key, floor - BAR - HEAD + 16), ...blocks.flatMap((block, at) => {
          const tall = BAR * block[key] / most, middle = (at + 0.5) * column;
          const word = column >= ROOMY || at === chosen ? [shape('text', {x: Math.min(Math.max(middle, 24), width - 24), y: floor - tall - 9, 'font-size': 12,
            style: at === chosen ? 'font-weight: 700' : ''}, shortCount(block[key]))] : [];
          return [shape('rect', {x: (at + 0.1) * column, y: floor - tall, width: 0.8 * column, height: tall, class: kind(block, at)}), ...word];
        })];
      }),
    ]);
  }

  return ({net, block: number}) => {
    const blocks = known[net], chosen = blocks[number - 1];
    paintView(blocks, number - 1);
    table.replaceChildren(tableOf(chosen));
    kit.say(told(net, blocks, chosen));
  };
});

const words = (shape) => shape.join(' × ');
const squared = ([channels, side]) => (side ? `${channels} × ${side}²` : channels); // all maps are squares

/** The layers of a block: what they are, what they give, and what they cost. */
function tableOf({name, layers}) {
  const head = (scope, ...parts) => element('th', {scope}, ...parts), row = (...cells) => element('tr', {}, ...cells);
  const inside = (layer) => (layer.startsWith(`${name}.`) ? layer.slice(name.length + 1) : layer);
  return element('table', {}, element('caption', {}, `layers of ${name}`),
    element('thead', {}, row(...['layer', 'output', 'parameters', 'multiplications'].map((word) => head('col', word)))),
    element('tbody', {}, ...layers.map(({layer, kind, shape: given, parameters, multiplications}) => row(
      head('row', element('code', {}, inside(layer)), ' ', element('span', {}, kind)),
      ...[squared(given), shortCount(parameters), shortCount(multiplications)].map((word) => element('td', {}, word)),
    ))));
}

function told(net, blocks, {name, given, shape: after, parameters, multiplications}) {
  const all = (key) => blocks.reduce((sum, block) => sum + block[key], 0), share = (part, whole) => `${(100 * part / whole).toFixed(part && part / whole < 0.1 ? 1 : 0)}\u00a0%`;
  return `${net} has ${shortCount(all('parameters'))} parameters and needs ${shortCount(all('multiplications'))} multiplications per image. `
    + `Its block ${name} turns ${words(given)} numbers into ${words(after)}. `
    + `It has ${counted(parameters)} parameters (${share(parameters, all('parameters'))}) and needs ${counted(multiplications)} multiplications (${share(multiplications, all('multiplications'))}).`;
}
