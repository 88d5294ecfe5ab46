// A kernel is learned from images and outputs: gradient descent on nine weights, its loss, and the output of the moment.
import {correlate, plane, uniforms} from '../conv.mjs';
import {Run, largestRate, outputsOf, windowsOf} from '../descent.mjs';
import {cell, controls, drawing, element, number, paint, panel, photographs, row, shape} from '../elements.mjs';
import {choice, flag, range} from '../fields.mjs';
import {KERNELS, shownRange} from '../filtering.mjs';
import {figure} from '../kit.mjs';

const LAST = 10_000; // steps
const FOUND = 1e-9; // a loss at which nothing is left to learn
const again = {then: () => ({steps: 0})};
const FIELDS = {
  target: choice('sobel_x', Object.keys(KERNELS), {name: 'target', ...again}),
  flipped: flag(false, {name: 'flipped', ...again}),
  images: choice('photographs', ['photographs', 'noise'], {name: 'images', ...again}),
  rate: choice('0.3', ['0.01', '0.03', '0.1', '0.3', '0.6', '1'], {name: 'learning rate', ...again}),
  batch: choice('all', [['all', 'all windows'], ['64', '64 windows at random'], ['8', '8 windows at random']], {name: 'each step sees', ...again}),
  steps: range(0, 0, LAST, {name: 'step', show: (step) => step.toLocaleString('en')}),
};

figure('learned', 'A kernel learned from examples', FIELDS, async (kit) => {
  const start = JSON.parse((await (await fetch(kit.picture.src)).text()).match(/<metadata>(.*?)<\/metadata>/)[1]);
  const photos = (await photographs(kit.picture)).slice(0, 3), random = uniforms(7);
  const noise = photos.map(({height, width}) => plane(height, width, Float64Array.from({length: height * width}, () => random() - 0.5)));
  const rows = ['image', 'output now', 'target'].map((title) => [title, photos.map((_, i) => element('canvas', {role: 'img', ariaLabel: `${title} ${i + 1}`}))]);
  const kernels = row(), curve = element('div');
  kit.box.append(
    row(element('div', {className: 'live-pictures'}, ...rows.flatMap(([title, each]) => [element('span', {}, title), ...each])),
      element('div', {className: 'live-panel'}, kernels, curve)),
    kit.line,
  );
  let settings, run, wanted, images, shades;

  /** Takes the run of these settings as far as this step; gives back where it has arrived. */
  function reach(state) {
    const {target, flipped, rate, batch, steps} = state, words = String([target, flipped, rate, batch, state.images]);
    if (words !== settings || steps === 0) { // at step 0 the path begins anew, so that it looks as it did at first
      settings = words;
      images = state.images === 'noise' ? noise : photos;
      const {rows: entries, divisor = 1} = KERNELS[target], weights = entries.flat().map((entry) => entry / divisor);
      wanted = flipped ? weights.reverse() : weights;
      run = new Run(windowsOf(images), outputsOf(images, plane(3, 3, wanted)), start.flat(), Number(rate), batch === 'all' ? 0 : Number(batch));
      const shift = state.images === 'noise' ? -0.5 : 0;
      images.forEach((image, i) => paint(rows[0][1][i], image, shift, 1 + shift));
      const [low, high] = shownRange({planes: [run.outputs]}, [wanted], 1);
      shades = low ? [low, high] : [shift, 1 + shift];
      paintOutputs(rows[2][1], wanted);
    }
    while (run.path.length <= steps && !ended()) run.step();
    return Math.min(steps, run.path.length - 1);
  }

  const ended = () => run.diverged || run.last.loss <= FOUND;

  /** Outputs of a kernel, with the black and white of the target's. */
  function paintOutputs(canvases, weights) {
    canvases.forEach((canvas, i) => paint(canvas, correlate(images[i], plane(3, 3, weights)), ...shades));
  }

  const player = kit.player('start', (milliseconds) => {
    const {steps} = kit.state, more = 1 + Math.min(Math.floor(steps / 60), 40); // slowly first, where most is to be seen
    kit.show({steps: milliseconds === Infinity ? LAST : Math.min(steps + more, LAST)});
    if (ended()) kit.show({steps: run.path.length - 1});
    return kit.state.steps < LAST && !ended();
  });
  const one = element('button', {type: 'button'}, 'one step');
  one.addEventListener('click', () => kit.set({steps: kit.state.steps + 1}));
  const {target, flipped, images: which, rate, batch, steps: slider} = kit.control;
  kit.box.append(controls(player, one, slider, kit.reset), controls(target, flipped, which, rate, batch));

  return (state) => {
    const step = reach(state), {weights, loss} = run.path[step], seen = state.batch === 'all' ? 'all windows' : `${state.batch} windows`;
    slider.querySelector('input').max = ended() ? run.path.length - 1 : LAST; // so that it reaches over the steps that there are
    paintOutputs(rows[1][1], weights);
    kernels.replaceChildren(panel('kernel now', numbers([...weights], 'The learned weights')), panel('target', numbers(wanted, 'The weights of the target')));
    curve.replaceChildren(panel(`loss, at rate ${state.rate} with ${seen}`, lossCurve(run.path, step, `The loss of each step, at learning rate ${state.rate} with ${seen}`)));
    const off = Math.max(...weights.map((weight, i) => Math.abs(weight - wanted[i])));
    const place = `Step ${step.toLocaleString('en')}: the loss is ${small(loss)}`;
    if (run.diverged && step > 0 && loss > run.path[step - 1].loss) {
      kit.say(`${place} and grows with each step, because the learning rate is too large. With all windows of these images it must be below ${number(largestRate(run.all))}${state.batch === 'all' ? '' : ', and with a few of them lower still'}.`);
    } else {
      kit.say(`${place}, and the largest error of a weight is ${off < 0.01 ? small(off) : number(off)}.${loss <= FOUND ? ' The kernel is found.' : ''}`);
    }
  };
});

/** A number of any size in words: 0.012, 3·10⁻⁶. */
function small(value) {
  if (!Number.isFinite(value)) return 'more than a computer’s number holds';
  if (value === 0 || (value >= 0.001 && value < 1000)) return number(value, 4);
  const power = Math.floor(Math.log10(value)), digits = String(power).replace('-', '⁻').replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]);
  return `${number(value / 10 ** power, 1)}·10${digits}`;
}

/** The same in few letters, with its sign. */
function short(value) {
  const size = Math.abs(value);
  return size < 10 ? number(value) : size < 10_000 ? number(value, 0) : `${value < 0 ? '−' : ''}${small(size)}`;
}

/** Nine numbers in cells, positive ones blue, negative ones orange. */
function numbers(values, label) {
  const side = 44, largest = Math.max(...values.map(Math.abs)) || 1;
  const cells = values.map((value, tap) => {
    const node = cell(tap % 3 * side + 1, Math.floor(tap / 3) * side + 1, side, value < 0 ? 'cell b' : 'cell a', short(value));
    node.children[1].style.fillOpacity = 0.5 * Math.abs(value) / largest;
    node.lastChild.setAttribute('font-size', Math.abs(value) < 10_000 ? 14 : 10);
    return node;
  });
  return drawing(3 * side + 2, 3 * side + 2, label, ...cells);
}

/** The loss along a path, with a dot at this step, on a logarithmic scale from 10⁻⁸ to 100, or as far as it grows. */
function lossCurve(path, step, label) {
  const [width, height, left, low] = [290, 130, 44, -8];
  const largest = Math.max(...path.map(({loss}) => Math.log10(loss)).filter(Number.isFinite));
  const apart = Math.max(2, Math.ceil((largest - low) / 5)), high = low + 5 * apart; // powers of ten from line to line
  const last = Math.max(100, path.length - 1), every = Math.ceil(path.length / 250);
  const x = (at) => left + at / last * (width - left - 8);
  const y = (loss) => 8 + (high - Math.min(Math.max(Math.log10(loss || 1e-12), low), high)) / (high - low) * (height - 34);
  const word = (words, at, down) => shape('text', {x: at, y: down, 'font-size': 12}, words);
  const ticks = Array.from({length: 6}, (_, at) => 10 ** (high - at * apart)).map((loss) => shape('g', {},
    shape('line', {x1: left, x2: width - 8, y1: y(loss), y2: y(loss), class: 'grid'}), word(small(loss).replace('1·', ''), left - 20, y(loss))));
  const points = path.map(({loss}, at) => [x(at), y(loss)]).filter((_, at) => at % every === 0 || at === path.length - 1);
  return drawing(width, height, label, ...ticks,
    word(0, left, height - 9), word('step', (left + width) / 2, height - 9), word(last.toLocaleString('en'), width - 24, height - 9),
    shape('polyline', {class: 'curve', points: points.join(' ')}), shape('circle', {class: 'curve', cx: x(step), cy: y(path[step].loss), r: 4}));
}
