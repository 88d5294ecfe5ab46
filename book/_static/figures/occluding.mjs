// Paint grey over the cat: the reader covers parts of a photograph, and a network of ImageNet says what it sees.
import {CELL, FILLS, GRID, PRESETS, SIDE, areaOf, best, between, cellsOf, cornerAt, covered, familyOf, painted, shareOf, squared, wordsOf} from '../covering.mjs';
import {canvases, controls, element, panel, redraw, row, shape} from '../elements.mjs';
import {buttons, choice, position, range} from '../fields.mjs';
import {figure, hand, starter} from '../kit.mjs';
import {MEGABYTES, names, network} from '../networks.mjs';
import {Source} from '../sources.mjs';

const NAMES = ['cat', 'espresso', 'tripod']; // of the photographs
const ZOOM = 2; // canvas pixels per pixel
const WIDTH = 290; // of the bars
const REST = 160; // milliseconds without a change before the network is asked, which stops the hand for a moment
const SHOWN = 5; // classes
const FRAME = '#5eb0f2'; // bright, since it lies on a picture
const LOADS = `load it (${MEGABYTES.lite0} MB)`;

const source = new Source(NAMES);
const fresh = {painted: '', smallest: ''};
const read = (words) => (cellsOf(words) ? wordsOf(cellsOf(words)) : undefined);
const cover = (value) => ({value, words: String, read, limit: (words) => words});
const largest = ({side}) => [GRID - side / CELL + 1, GRID - side / CELL + 1];

const FIELDS = {
  photo: {...source.field, then: () => fresh},
  tool: buttons('cover', ['cover', 'wipe'], {name: 'tool'}),
  side: range(32, CELL, 128, {step: CELL, name: 'patch', show: (side) => `${side} px`}),
  fill: choice('grey', Object.keys(FILLS), {name: 'colour', then: () => ({smallest: ''})}),
  painted: cover(PRESETS['the middle']),
  smallest: cover(''), // that has changed the answer
  at: position([12, 12], largest), // of the next patch, in cells
  // What is painted tells which preset is pressed, and stands in the address alone.
  preset: {
    ...buttons('the middle', Object.keys(PRESETS), {name: 'presets', then: (name) => ({painted: PRESETS[name]})}),
    words: () => '', read: () => undefined, limit: (_, state) => Object.keys(PRESETS).find((name) => PRESETS[name] === state.painted),
  },
};

figure('occluding', 'Paint over a photograph, and a network says what it sees', FIELDS, async (kit) => {
  let run, words;
  const load = async (wait) => { [run, words] = await Promise.all([network('lite0', wait), names()]); };
  const [drawn] = await Promise.all([canvases(kit.picture), kit.wait && load(kit.wait)]);
  source.load(Object.fromEntries(NAMES.map((name, i) => [name, drawn[i]])));
  const canvas = element('canvas', {width: ZOOM * SIDE, height: ZOOM * SIDE}), bars = shape('svg', {role: 'img'});
  const button = (name, pressed) => {
    const node = element('button', {type: 'button'}, name);
    node.addEventListener('click', pressed);
    return node;
  };
  const history = []; // what was painted before
  const remember = () => history.push(kit.state.painted);
  const undo = button('undo', () => {
    let before;
    do before = history.pop(); while (history.length && before === kit.state.painted);
    kit.set({painted: before});
  });
  const clear = button('clear', () => {
    remember();
    kit.set({painted: ''});
  });
  const show = button('show the smallest', () => {
    remember();
    kit.set({painted: kit.state.smallest});
  });
  const {photo, tool, side, fill, preset} = kit.control;
  const early = {capture: true}; // before the button itself changes the state
  preset.addEventListener('click', remember, early);
  for (const node of [photo, kit.reset]) node.addEventListener('click', () => { history.length = 0; }, early);
  kit.reset.addEventListener('click', () => source.forgive());
  const answer = panel('the five most probable classes', bars);
  if (!run) {
    const waiting = element('div', {className: 'live-waiting'}, element('p', {}, 'The probabilities wait for the network.'), starter(`Let the network look: ${LOADS}`, async (wait) => {
      await load(wait);
      waiting.replaceWith(bars);
      kit.show({});
    }));
    bars.replaceWith(waiting);
  }
  const pair = row(panel('photograph (paint here)', canvas), answer);
  kit.box.append(controls(tool, side, fill), pair, kit.line, controls(undo, clear, show), preset, controls(photo, kit.reset));

  let changed = () => {}; // tells what waits for a rest that there is none
  const put = (changes) => {
    changed();
    kit.set(changes);
  };
  const brush = useHand(kit, canvas, remember, put);
  kit.box.append(brush.aloud);
  source.changed = () => kit.show({});

  let square = {};
  /** The picture of this name as a square, with what the network has said of it. */
  function current(name) {
    const from = source.current(name);
    if (square.from !== from) square = {from, picture: squared(from), said: {}};
    return square;
  }

  /** The probabilities of the 1,000 classes with these cells covered; computed once. */
  async function ask({picture, said}, cover, colour) {
    const key = cover && `${colour} ${cover}`;
    if (!said[key]) {
      const image = {dims: [1, 3, SIDE, SIDE], data: covered(picture, cellsOf(cover), colour)};
      said[key] = (await run({image}, ['probabilities'])).probabilities.data;
    }
    return said[key];
  }

  return async (live) => {
    const state = {...live}, asked = current(state.photo), cells = cellsOf(state.painted);
    brush.paint(covered(asked.picture, cells, state.fill));
    Object.assign(undo, {disabled: !history.length});
    Object.assign(clear, {disabled: !state.painted});
    if (!run) {
      Object.assign(show, {disabled: !state.smallest || state.smallest === state.painted});
      return kit.say(`${coverOf(cells)} The network is not loaded yet, so its answer is not known.${claimed(state)}`);
    }
    const rested = new Promise((done) => {
      setTimeout(() => done(true), kit.still ? 0 : REST);
      changed = () => done(false);
    });
    if (!(`${state.fill} ${state.painted}` in asked.said) && !await rested) return; // another state is painted next
    const before = await ask(asked, '', state.fill), now = await ask(asked, state.painted, state.fill);
    const family = familyOf(best(before, 1)[0][0]), gone = (shares) => !family.numbers.includes(best(shares, 1)[0][0]);
    let {smallest} = state;
    if (smallest && !gone(await ask(asked, smallest, state.fill))) smallest = ''; // an address may say anything
    if (gone(now) && state.photo !== 'camera' && (!smallest || areaOf(cells) < areaOf(cellsOf(smallest)))) smallest = state.painted;
    const unchanged = state.photo === kit.state.photo && state.fill === kit.state.fill && state.smallest === kit.state.smallest;
    if (smallest !== state.smallest && unchanged) kit.show({smallest});
    Object.assign(show, {disabled: !smallest || smallest === state.painted});
    drawBars(bars, before, now, words);
    kit.say(sentence(state, before, now, smallest && await ask(asked, smallest, state.fill), smallest, family, words));
  };
}, {start: `Paint, and let the network look: ${LOADS}`, early: true});

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

function sentence({painted: cover}, before, now, then, smallest, {words: family, numbers}, words) {
  const [[first, sure]] = best(before, 1), [[answer, share]] = best(now, 1);
  const named = (number, probability) => `“${words[number]}” (${percent(probability)})`;
  const covers = coverOf(cellsOf(cover));
  if (!cover) return `${covers} The network says ${named(first, sure)}.${told(smallest, then, words)}`;
  const kept = answer === first ? 'The answer is the same' : numbers.includes(answer) ? `The name is another, and it is still ${family}` : 'The answer has changed';
  return `${covers} The network says ${named(answer, share)}, and said ${named(first, sure)} before. ${kept}.${told(smallest, then, words)}`;
}

/** How much is covered. */
function coverOf(cells) {
  const area = areaOf(cells);
  return area ? `${percent(area)} of the photograph is covered.` : 'Nothing is covered.';
}

/** What an address says of the smallest cover, before the network can check it. */
function claimed({smallest}) {
  return smallest ? ` The address says that a cover of ${percent(areaOf(cellsOf(smallest)))} changes the answer. The network will check it.` : '';
}

/** The smallest cover so far that has changed the answer. */
function told(smallest, then, words) {
  if (!smallest) return '';
  return ` Your smallest cover that changes the answer is ${percent(areaOf(cellsOf(smallest)))}, with “${words[best(then, 1)[0][0]]}”. Can you do it with less?`;
}

/**
 * The hand paints while it is pressed; arrow keys move the patch, and Enter or the space bar paints it. A mouse that only
 * passes shows where it would paint. Gives back `paint(planes)`, which paints the photograph and the patch, and `aloud`,
 * where those who do not see the patch are told what it lies on.
 */
function useHand(kit, canvas, remember, put) {
  const photograph = element('canvas', {width: SIDE, height: SIDE}), aloud = element('p', {className: 'live-told', ariaLive: 'polite'});
  let last, over; // corners: of the stroke, and below the mouse
  const cornerOf = (x, y) => cornerAt(x / ZOOM, y / ZOOM, kit.state.side / CELL);
  const show = () => paintPhotograph(canvas, photograph, over ?? kit.state.at, kit.state.side);
  const stroke = (corner) => {
    const {state} = kit, side = state.side / CELL;
    const cells = between(last ?? corner, corner).reduce((found, each) => painted(found, each, side, Number(state.tool === 'cover')), cellsOf(state.painted));
    last = corner;
    over = undefined;
    put({painted: wordsOf(cells), at: corner});
  };
  const tell = () => {
    const {at, side, painted: cover} = kit.state, share = shareOf(cellsOf(cover), at, side / CELL);
    const [rows, columns] = at.map((first) => `${CELL * first} to ${CELL * first + side - 1}`);
    aloud.textContent = `The patch lies on rows ${rows} and columns ${columns}. ${Math.round(100 * share)} % of it is covered.`;
  };
  hand(canvas, 'The photograph. Paint with the mouse or a finger, or move the patch with the arrow keys and paint it with Enter.', {
    press() {
      last = undefined;
      remember();
    },
    at: (x, y) => stroke(cornerOf(x, y)),
    over(x, y) {
      over = cornerOf(x, y);
      show();
    },
    out() {
      over = undefined;
      show();
    },
    by(down, right) {
      put({at: [kit.state.at[0] + down, kit.state.at[1] + right]});
      tell();
    },
  });
  canvas.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    last = undefined;
    remember();
    stroke(kit.state.at);
    tell();
  });
  const paint = (planes) => {
    const pixels = new ImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE ** 2; i++) {
      for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = 255 * planes[channel * SIDE ** 2 + i];
      pixels.data[4 * i + 3] = 255;
    }
    photograph.getContext('2d').putImageData(pixels, 0, 0);
    show();
  };
  return {paint, aloud};
}

/** The photograph, and on it the frame of the patch with its corner at [row, column] of the cells. */
function paintPhotograph(canvas, photograph, [r, c], side) {
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(photograph, 0, 0, canvas.width, canvas.height);
  Object.assign(context, {strokeStyle: FRAME, lineWidth: 2});
  context.setLineDash([6, 4]);
  context.strokeRect(ZOOM * CELL * c + 1, ZOOM * CELL * r + 1, ZOOM * side - 2, ZOOM * side - 2);
}

/** A bar per class, with a line where its probability was before; the first answer is the bold one. */
function drawBars(svg, before, now, words) {
  const first = best(before, 1)[0][0], shown = best(now, SHOWN), long = WIDTH - 58, pitch = 38, parts = [];
  if (!shown.some(([number]) => number === first)) shown.push([first, now[first]]);
  const text = (word, x, y, size = 13) => shape('text', {x, y, 'font-size': size, style: 'text-anchor: start'}, word);
  shown.forEach(([number, share], i) => {
    const top = 4 + i * pitch, name = text(words[number], 2, top + 7), was = 2 + before[number] * long;
    if (number === first) name.setAttribute('font-weight', 'bold');
    parts.push(name, shape('rect', {x: 2, y: top + 17, width: long, height: 13, class: 'cell'}),
      shape('rect', {x: 2, y: top + 17, width: Math.max(share * long, 0.01), height: 13, class: number === first ? 'a' : 'b'}),
      shape('line', {x1: was, y1: top + 14, x2: was, y2: top + 33, style: 'stroke: var(--ink); stroke-width: 2'}),
      text(percent(share), long + 10, top + 24, 12));
  });
  const foot = 4 + (SHOWN + 1) * pitch;
  parts.push(shape('line', {x1: 4, y1: foot, x2: 4, y2: foot + 16, style: 'stroke: var(--ink); stroke-width: 2'}), text('without any cover', 12, foot + 8, 12));
  svg.setAttribute('aria-label', shown.map(([number, share]) => `${words[number]} ${percent(share)}, before ${percent(before[number])}`).join('; '));
  redraw(svg, WIDTH, foot + 20, parts);
}
