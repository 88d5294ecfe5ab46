// Nine numbers on a photograph: the kernel slides, its output appears; the window under the pointer is written out.
import {canvases, cell, controls, drawing, element, number, panel, row} from '../elements.mjs';
import {position} from '../fields.mjs';
import {kernelFields, legend, seen, windowAt} from '../filtering.mjs';
import {figure} from '../kit.mjs';
import {Source} from '../sources.mjs';
import {view} from '../viewing.mjs';

const NAMES = ['cat', 'coffee', 'astronaut'];
const SIDE = 38;
const source = new Source(NAMES);
const FIELDS = {
  ...kernelFields('sobel_x'),
  photo: source.field,
  at: position([58, 71], ({photo}) => source.size(photo)),
};

figure('kernels', 'Kernels on photographs', FIELDS, async (kit) => {
  const photographs = await canvases(kit.picture);
  source.load(Object.fromEntries(NAMES.map((name, i) => [name, photographs[i]])));
  const {photograph, output, slide, paint} = view(kit, source, ['photograph', 'output'], {drag: true});
  source.changed = () => show(kit.state);

  const {preset, kernel, divisor, photo} = kit.control;
  const windowPlace = element('div');
  const pair = row(photograph, output);
  pair.classList.add('live-pair');
  kit.box.append(pair, preset, row(panel('window', windowPlace), element('div', {className: 'live-numbers'}, kernel, divisor)),
    kit.line, controls(photo, slide, kit.reset));

  function show(state) {
    const {input, result, kernel: weights, by, range} = paint(state, {grey: true});
    const [down, right] = state.at;
    const pixels = windowAt(input, input.planes[0], state.at);
    windowPlace.replaceChildren(drawing(3 * SIDE + 2, 3 * SIDE + 2, 'The nine pixels under the kernel', ...pixels.flatMap(shaded)));
    const outermost = (at, count) => at === 0 || at === count - 1;
    const edge = outermost(down, input.height) || outermost(right, input.width) ? 'Outside the picture its border is repeated. ' : '';
    const products = sumOf(weights, pixels), sum = by === 1 ? products : `(${products}) / ${number(by)}`;
    const place = `Row ${down}, column ${right}: ${sum} ≈ ${number(result.planes[0][down * result.width + right])}. ${edge}`;
    kit.say(`${kit.moving ? '' : place}${seen(weights, by)} ${legend(range)}`);
  }

  return show;
});

/** A row of the window: cells as bright as their pixels. */
function shaded(values, row) {
  return values.map((value, column) => {
    const node = cell(column * SIDE + 1, row * SIDE + 1, SIDE, 'cell', value.toFixed(2)), grey = Math.round(255 * value);
    node.firstChild.style.fill = `rgb(${grey}, ${grey}, ${grey})`;
    node.lastChild.style.fill = value > 0.45 ? '#000' : '#fff';
    node.lastChild.setAttribute('font-size', 15);
    return node;
  });
}

/** The products of the window in words; weights of 0 are left out. */
function sumOf(weights, pixels) {
  const bracket = (weight) => (weight < 0 ? `(${number(weight)})` : number(weight));
  const terms = weights.flatMap((line, u) => line.map((weight, v) => [weight, pixels[u][v]])).filter(([weight]) => weight !== 0);
  return terms.map(([weight, value]) => `${value.toFixed(2)}·${bracket(weight)}`).join(' + ') || '0';
}
