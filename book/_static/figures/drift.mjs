// A letter drifts by single pixels, and four networks read it: the probability of the true letter, and where their answers flip.
import {controls, drawing, element, listed, number, paint, panel, redraw, row, shape} from '../elements.mjs';
import {buttons, choice, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {LETTERS, MARGIN, WAYS, answer, letterHand, letterNetworks, letterScenes, run, view} from '../letternet.mjs';

const ALONG = Array.from({length: 2 * MARGIN + 1}, (_, at) => at - MARGIN); // shifts along one axis
const LINES = {max: ['blue', ''], stride: ['orange', '7.4 3.2'], average: ['plum', '12.8 3.2 2 3.2'], blur: ['ink', '2 3.3']}; // as in fig-drift-agree
const NARROW = 560, BESIDE = 250; // pixels: a box that has room for one column only, and what stands beside the traces else
const LEFT = 26, HEAD = 20, PLOT = 46, CELL = 20, BLOCK = HEAD + PLOT + CELL + 14; // pixels of a trace

// Steps of one pixel to each shift, the nearest first, and to the right and the left before up and down.
const STEPS = Array.from({length: (4 * MARGIN + 1) ** 2}, (_, i) => [Math.floor(i / (4 * MARGIN + 1)), i % (4 * MARGIN + 1)].map((at) => at - 2 * MARGIN));
STEPS.sort(([a, b], [c, d]) => Math.abs(a) + Math.abs(b) - Math.abs(c) - Math.abs(d) || Math.abs(a) - Math.abs(c) || d - b || c - a);

const moved = {then: () => ({from: ''})};
const FIELDS = {
  letter: buttons('d', LETTERS, {name: 'letter', ...moved}),
  right: range(0, -MARGIN, MARGIN, {name: 'to the right', ...moved}),
  down: range(0, -MARGIN, MARGIN, {name: 'down', ...moved}),
  way: choice('max', WAYS, {name: 'network', ...moved}),
  // Where the letter lay before the button moved it; nothing where the reader has moved it.
  from: {value: '', words: String, read: (words) => (/^-?[0-5],-?[0-5]$/.test(words) ? words : undefined), limit: (from) => from},
};

figure('drift', 'A letter drifts, and four networks read it', FIELDS, async (kit) => {
  const {state} = kit, [nets, scenes] = await Promise.all([letterNetworks(), letterScenes(kit.picture)]);
  const known = new Map();

  /** What each network reads of a letter at a shift, and how probable the true letter is to it; computed once. */
  function read(letter, down, right) {
    const key = `${letter} ${down} ${right}`;
    if (!known.has(key)) {
      const image = view(scenes[letter], down, right);
      known.set(key, Object.fromEntries(WAYS.map((way) => {
        const found = run(nets[way], image);
        return [way, {read: answer(found), sure: found.probabilities[LETTERS.indexOf(letter)]}];
      })));
    }
    return known.get(key);
  }

  /** The steps to the nearest shift where a network answers something else, or [0, 0]. */
  function flip({letter, way, down, right}) {
    const here = read(letter, down, right)[way].read;
    const inside = (at) => Math.abs(at) <= MARGIN;
    return STEPS.find(([d, r]) => inside(down + d) && inside(right + r) && read(letter, down + d, right + r)[way].read !== here) ?? [0, 0];
  }

  const canvas = element('canvas'), traces = drawing(0, 0, '');
  canvas.style.width = '14rem';
  const move = (down, right) => kit.set({down, right, from: ''});
  const by = (down, right) => move(state.down + down, state.right + right);
  letterHand(canvas, state, move);
  let cell; // pixels from one shift to the next
  hand(traces, 'Probabilities against the shift. Press a shift, or move the letter with the arrow keys.', {
    by, drag: false, at: (x) => move(state.down, Math.floor((x - LEFT) / cell) - MARGIN),
  });
  const find = element('button', {type: 'button'}, 'find the shift that flips it');
  find.addEventListener('click', () => {
    const {down, right} = state, [d, r] = flip(state);
    kit.set({down: down + d, right: right + r, from: `${down},${right}`});
  });
  kit.box.append(kit.control.letter,
    row(element('div', {className: 'live-panel'}, canvas, kit.control.right, kit.control.down), panel('probability of the true letter', traces)),
    kit.line, controls(kit.control.way, find, kit.reset));

  /** One network's trace, its top at y: its line, and below it what it reads at each shift, a box for each run of one answer. */
  function trace(way, found, top, width, {letter, right}) {
    const [colour, dashes] = LINES[way], style = `stroke: var(--${colour}); stroke-width: 2; stroke-dasharray: ${dashes || 'none'}; fill: none`;
    const x = (at) => LEFT + (at + 0.5) * cell, y = (sure) => top + HEAD + (1 - sure) * PLOT, below = top + HEAD + PLOT + 6;
    const each = found.map((one) => one[way]), here = each[right + MARGIN], flips = flipsOf(each);
    const word = (words, across, down, anchor, size = 13) => shape('text', {x: across, y: down, 'font-size': size, style: `text-anchor: ${anchor}`}, words);
    const ends = [0, ...flips, each.length];
    return [
      shape('line', {x1: LEFT, x2: LEFT + 30, y1: top + 8, y2: top + 8, style}), word(way, LEFT + 36, top + 8, 'start'),
      word(`reads “${here.read}”, ${here.sure.toFixed(2)} for “${letter}”`, width - 2, top + 8, 'end'),
      ...[0, 1].flatMap((end) => [shape('line', {x1: LEFT, x2: width - 2, y1: y(end), y2: y(end), class: 'grid'}), word(end, LEFT - 6, y(end), 'end', 12)]),
      ...flips.map((at) => shape('line', {x1: x(at - 0.5), x2: x(at - 0.5), y1: y(1), y2: below + CELL, style: 'stroke: var(--soft)'})),
      shape('polyline', {points: each.map(({sure}, at) => `${x(at)},${y(sure)}`).join(' '), style}),
      ...each.map(({sure}, at) => shape('circle', {cx: x(at), cy: y(sure), r: at === right + MARGIN ? 5 : 2, style: `fill: var(--${colour})`})),
      ...ends.slice(1).map((end, i) => shape('rect', {
        x: x(ends[i] - 0.5) + 2, y: below, width: (end - ends[i]) * cell - 4, height: CELL, rx: 4,
        style: `stroke: var(--soft); fill: ${each[ends[i]].read === letter ? 'none' : 'var(--line)'}`,
      })),
      ...each.map(({read: letters}, at) => shape('text', {
        x: x(at), y: below + CELL / 2, 'font-size': 13, style: at === right + MARGIN ? 'font-weight: 700; text-decoration: underline' : '',
      }, letters)),
    ];
  }

  let ahead;
  /** Reads the shifts that the hand may reach next, one after the other, as long as the reader is at the figure. */
  function readAhead() {
    ahead = undefined;
    const next = STEPS.find(([down, right]) => Math.max(Math.abs(down), Math.abs(right)) <= MARGIN && !known.has(`${state.letter} ${down} ${right}`));
    if (!next || !kit.box.matches(':hover, :focus-within')) return;
    read(state.letter, ...next);
    ahead = setTimeout(readAhead);
  }

  return (now) => {
    const {letter, down, right, way} = now, found = ALONG.map((at) => read(letter, down, at)), here = found[right + MARGIN];
    paint(canvas, view(scenes[letter], down, right));
    const width = kit.width() < NARROW ? kit.width() : Math.min(kit.width() - BESIDE, 520), bottom = WAYS.length * BLOCK;
    cell = (width - LEFT - 2) / ALONG.length;
    redraw(traces, width, bottom + 34, [
      ...WAYS.flatMap((each, i) => trace(each, found, i * BLOCK, width, now)),
      ...ALONG.map((at, i) => shape('text', {x: LEFT + (i + 0.5) * cell, y: bottom + 6, 'font-size': 12, style: at === right ? 'font-weight: 700' : ''}, number(at))),
      shape('text', {x: LEFT + (width - LEFT) / 2, y: bottom + 25, 'font-size': 13}, 'shift to the right, in pixels'),
    ]);
    kit.say(now.from ? toldFlip(now, here[way].read) : told(now, found));
    ahead ??= setTimeout(readAhead);
  };

  function toldFlip({letter, way, down, right, from}, now) {
    const [d, r] = from.split(',').map(Number), before = read(letter, d, r)[way].read;
    if (before === now) return `No shift flips the answer of ${way}. It reads “${now}” at all ${ALONG.length ** 2} shifts of up to ${MARGIN} pixels each way.`;
    const [was, is] = [read(letter, d, r), read(letter, down, right)].map((each) => each[way].sure.toFixed(2));
    return `The nearest shift that flips the answer of ${way} is ${away(down - d, right - r)}. It read “${before}”, and here it reads “${now}”.`
      + ` The probability of “${letter}” goes from ${was} to ${is}.`;
  }
});

/** Before which shifts the answer is another than one pixel before. */
const flipsOf = (each) => each.flatMap(({read}, at) => (at && read !== each[at - 1].read ? [at] : []));

/** A shift in words, such as "2 pixels to the left and 1 pixel down". */
function away(down, right) {
  const part = (by, positive, negative) => (by ? [`${Math.abs(by)} pixel${Math.abs(by) > 1 ? 's' : ''} ${by > 0 ? positive : negative}`] : []);
  return [...part(right, 'to the right', 'to the left'), ...part(down, 'down', 'up')].join(' and ');
}

function told({down, right}, found) {
  const answers = WAYS.map((way, i) => `${way}${i ? '' : ' reads'} “${found[right + MARGIN][way].read}”`), flips = WAYS.map((way) => flipsOf(found.map((each) => each[way])).length);
  return `${down || right ? `The letter is moved by ${away(down, right)}.` : 'The letter is not moved.'} Here ${listed(answers)}. `
    + `Over the ${ALONG.length - 1} steps from left to right these answers flip ${listed(flips)} times.`;
}
