// The start page: a photograph and a kernel at work. The kernel slides when the page is opened.
import {canvases, controls, element, number} from '../elements.mjs';
import {buttons, position} from '../fields.mjs';
import {kernelFields, seen} from '../filtering.mjs';
import {figure} from '../kit.mjs';
import {Source} from '../sources.mjs';
import {view} from '../viewing.mjs';

const NAMES = ['cat', 'coffee', 'astronaut'];
const source = new Source(NAMES);
const FIELDS = {
  ...kernelFields('sobel_x'),
  photo: source.field,
  channels: buttons('each', [['each', 'each channel'], ['grey', 'grey']], {name: 'channels'}),
  at: position([87, 106], ({photo}) => source.size(photo)),
};

figure('hero', 'A kernel at work on a photograph', FIELDS, async (kit) => {
  const photographs = await canvases(kit.picture);
  source.load(Object.fromEntries(NAMES.map((name, i) => [name, photographs[i]])));
  const {photograph, output, slide, paint} = view(kit, source, ['photograph', 'output'], {drag: false});
  source.changed = () => show(kit.state);

  const {preset, kernel, divisor, photo, channels} = kit.control;
  const sign = (word) => element('span', {className: 'live-sign', ariaHidden: 'true'}, word);
  kit.box.append(
    element('div', {className: 'live-equation'}, photograph, sign('⋆'), element('div', {className: 'live-numbers'}, kernel, divisor), sign('='), output),
    preset, kit.line, controls(photo, channels, slide, kit.reset),
  );

  function show(state) {
    const {result, kernel: rows, by} = paint(state, {grey: state.channels === 'grey'});
    const [row, column] = state.at;
    const [red, ...others] = result.planes.map((data) => number(data[row * result.width + column]));
    const values = others.length ? `${red} for red, ${others[0]} for green and ${others[1]} for blue` : red;
    const pointed = String(state.at) !== String(FIELDS.at.value) ? ` At row ${row}, column ${column} the output is ${values}.` : '';
    kit.say(seen(rows, by) + pointed);
  }

  if (!kit.still) requestAnimationFrame(() => slide.click());
  return show;
});
