// A convincing map of nothing: the network's weights become random from the top down, and four kinds of maps follow or do not.
// The maps were written with the book (_code/randomised_pictures.py), and the figures beside them by the experiment randomised.
import {controls, element, loaded, panel, redraw, row, shape} from '../elements.mjs';
import {buttons, range} from '../fields.mjs';
import {figure} from '../kit.mjs';

const HERE = new URL('../pictures/', import.meta.url);
const PHOTOGRAPHS = ['cat', 'espresso', 'tripod'];
const PARTS = ['nothing', 'classifier', 'last 1 × 1', ...[7, 6, 5, 4, 3, 2, 1].map((stage) => `stage ${stage}`), 'first layer'];
const LAST = PARTS.length - 1;
const BEFORE = 2; // columns of the sheet before the maps: the photographs, and an empty one
const PACE = 900; // milliseconds of a step
const WIDTH = 320; // of the strip of parts

const FIELDS = {
  step: range(1, 0, LAST, {name: 'random down to', show: (step) => PARTS[step]}),
  photo: buttons('espresso', PHOTOGRAPHS, {name: 'photograph'}),
};

figure('randomised', 'A network becomes random from the top down', FIELDS, async (kit) => {
  const [sheet, told] = await Promise.all([loaded(new URL('randomised.webp', HERE).href), numbers()]);
  const {methods} = told, side = sheet.height / PHOTOGRAPHS.length / methods.length;
  const canvas = (words) => {
    const node = element('canvas', {width: side, height: side, className: 'live-small', ariaLabel: words});
    node.setAttribute('role', 'img');
    return node;
  };
  const photograph = canvas('the photograph'), strip = shape('svg', {role: 'img'}), grid = element('div', {className: 'live-maps'});
  const maps = methods.map((name) => ['trained', 'now'].map((when) => canvas(`${name}, ${when}`)));
  const ranks = methods.map(() => element('span')), now = element('span', {className: 'live-across'});
  const across = (words) => element('span', {className: 'live-across'}, words);
  grid.append(...methods.map((name) => element('span', {}, name.replace('backpro', 'back\u00adpro'))), across('trained'), ...maps.map(([before]) => before),
    now, ...maps.map(([, after]) => after), across('rank correlation with the trained map: mean and range of the seeds'), ...ranks);
  const play = kit.player('step by step', (milliseconds) => {
    const step = Math.min(Math.floor(milliseconds / PACE), LAST);
    kit.show({step});
    return step < LAST;
  });
  kit.box.append(controls(kit.control.step, play), row(panel('photograph', photograph), panel('parts of the network: ✓ trained, ? random', strip)), grid, kit.line, controls(kit.control.photo, kit.reset));

  /** Copies a cell of the sheet: of this photograph and method, at this column. */
  function copy(node, photo, method, column) {
    node.getContext('2d').drawImage(sheet, column * side, (photo * methods.length + method) * side, side, side, 0, 0, side, side);
  }

  return ({step, photo}) => {
    const at = PHOTOGRAPHS.indexOf(photo);
    copy(photograph, at, 0, 0);
    methods.forEach((name, method) => {
      copy(maps[method][0], at, method, BEFORE);
      copy(maps[method][1], at, method, BEFORE + step);
      const [mean, low, high] = told.ranks[name][at][step].map(correlation);
      ranks[method].replaceChildren(element('b', {}, mean), element('span', {}, low === high ? '' : `${low} … ${high}`));
    });
    now.textContent = step ? `now, random: ${randomParts(step)}` : 'now, random: nothing';
    drawParts(strip, step);
    kit.say(sentence(told, at, step));
  };
}, {start: 'Make the network random (loads 0.2 MB)', early: true});

async function numbers() {
  const answer = await fetch(new URL('randomised.json', HERE));
  if (!answer.ok) throw new Error(`randomised.json: ${answer.status}`);
  return answer.json();
}

/** Which parts are random, in words. */
const randomParts = (step) => (step === 1 ? 'the classifier' : step === LAST ? 'every part' : `every part from the classifier down to ${step === 2 ? 'the ' : ''}${PARTS[step]}`);

const correlation = (value) => value.toFixed(2).replace('-', '−');
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

function sentence({photographs, methods, ranks, answers}, at, step) {
  const [answer, share, own] = answers[at][step], name = photographs[at];
  const said = `The network says “${answer}” (${percent(share)})${answer === name ? '' : `, and “${name}” gets ${percent(own)}`}.`;
  if (!step) return `Nothing is random. ${said}`;
  const most = methods.reduce((best, each) => (ranks[each][at][step][0] > ranks[best][at][step][0] ? each : best));
  const random = randomParts(step);
  return `${random[0].toUpperCase()}${random.slice(1)} is random. ${said} Of the four maps, “${most}” is most like its trained one (mean rank correlation ${correlation(ranks[most][at][step][0])}).`;
}

/** The parts from the first layer on the left to the classifier on the right; random ones are filled. */
function drawParts(svg, step) {
  const short = {classifier: 'class', 'last 1 × 1': '1 × 1', 'first layer': 'first'}, names = PARTS.slice(1).reverse(), pitch = WIDTH / names.length;
  const parts = names.flatMap((name, i) => {
    const random = i >= names.length - step;
    return [shape('rect', {x: i * pitch + 2, y: 2, width: pitch - 4, height: 46, rx: 4, class: random ? 'b' : 'a'}),
      shape('text', {x: (i + 0.5) * pitch, y: 17, 'font-size': 10.5}, short[name] ?? name.replace('stage ', 'st. ')),
      shape('text', {x: (i + 0.5) * pitch, y: 35, 'font-size': 12}, random ? '?' : '✓')];
  });
  svg.setAttribute('aria-label', `random parts: ${step} of ${names.length}`);
  redraw(svg, WIDTH, 50, parts);
}
