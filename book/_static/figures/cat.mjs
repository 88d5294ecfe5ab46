// How far until it is no cat? Sliders change a photograph, and its mask where the change moves pixels; two small networks of the
// page's experiment say what they see, one trained without augmentation and one with it.
import {CLASSES, POINTS, RANGES, SEEN, SIZE, changed, movedMask, settingsOf, squared, until} from '../changes.mjs';
import {canvases, controls, element, number, panel, redraw, row, shape} from '../elements.mjs';
import {buttons, choice, flag, range} from '../fields.mjs';
import {figure, hand, starter} from '../kit.mjs';
import {MEGABYTES, network} from '../networks.mjs';
import {Source, pictureOf} from '../sources.mjs';

const NAMES = CLASSES.slice(0, -1); // of the photographs, whose objects are classes
const ZOOM = 3; // canvas pixels per pixel
const PORTION = 7; // points of a curve that are computed together
const LABELS = ['#262a30', '#56b4e9']; // background and object, as in convcourse.plots.LABELS
const OUTLINE = '#5eb0f2'; // bright, since it lies on a picture
const NETWORKS = {plain: 'without augmentation', augmented: 'with augmentation'};
const WIDTH = 300; // of a drawing

const source = new Source(NAMES);

const TITLES = {angle: 'angle', right: 'shift to the right', cutout: 'cutout', brightness: 'brightness', contrast: 'contrast', blur: 'blur', noise: 'noise'};
const UNITS = {angle: '°', right: ' px', cutout: ' px', blur: ' px'};
const worded = (name, setting) => `${number(setting)}${UNITS[name] ?? ''}`;
const slider = (name) => {
  const [neutral, low, high, step] = RANGES[name];
  const show = (setting) => worded(name, setting);
  return range(neutral, low, high, {step, name: TITLES[name], show, then: () => ({inHand: name})});
};

const UNCHANGED = {...Object.fromEntries(Object.entries(RANGES).map(([name, [neutral]]) => [name, neutral])), down: 0, mirrored: false};
const PRESETS = {
  'as it is': {}, tilted: {angle: 35}, 'upside down': {angle: 180}, mirrored: {mirrored: true}, 'behind a box': {cutout: 48},
  dusk: {brightness: 0.4, noise: 0.08}, fog: {contrast: 0.4, brightness: 1.3}, 'out of focus': {blur: 2.4},
};
const preset = (name) => ({...UNCHANGED, ...PRESETS[name], inHand: Object.keys(PRESETS[name]).find((key) => key in RANGES) ?? 'angle'});
const presetOf = (state) => Object.keys(PRESETS).find((name) => Object.entries({...UNCHANGED, ...PRESETS[name]}).every(([key, value]) => state[key] === value));

const FIELDS = {
  photo: source.field,
  // The sliders tell which preset is pressed, and they alone stand in the address.
  preset: {...buttons('as it is', Object.keys(PRESETS), {name: 'presets', then: preset}), words: () => '', read: () => undefined, limit: (_, state) => presetOf(state)},
  ...Object.fromEntries(Object.keys(RANGES).map((name) => [name, slider(name)])),
  mirrored: flag(false),
  outside: choice('black', ['black', 'reflected'], {name: 'outside of the picture'}),
  // Without controls: set by the hand on the photograph, and by the slider that was moved last.
  down: {...range(0, ...RANGES.right.slice(1, 3)), control: undefined},
  inHand: {value: 'angle', words: String, read: (words) => (Object.hasOwn(RANGES, words) ? words : undefined), limit: (name) => name},
};

figure('cat', 'How far until it is no cat?', FIELDS, async (kit) => {
  const masks = await readPhotographs(kit.picture);
  const [photograph, mask] = [0, 1].map(() => element('canvas', {width: ZOOM * SIZE, height: ZOOM * SIZE}));
  const [bars, curves] = [0, 1].map(() => shape('svg', {role: 'img'}));
  const barsPanel = panel('', bars), curvesPanel = panel('', curves), maskPanel = panel('its mask', mask);
  const pair = row(panel('photograph', photograph), maskPanel), answers = row(barsPanel, curvesPanel);
  pair.classList.add('live-pair');
  for (const each of pair.children) each.style.flexBasis = `${SIZE * ZOOM * 0.8}px`;
  let run, known = {};
  const load = starter(`Ask two networks (loads ${MEGABYTES.tolerance} MB)`, async (wait) => {
    run = await network('tolerance', wait);
    load.after(answers);
    kit.set({});
  });
  const {photo, preset: presets, mirrored, outside, ...sliders} = kit.control;
  kit.box.append(pair, controls(...Object.values(sliders), mirrored, outside), load, kit.line, presets, controls(photo, kit.reset));
  kit.reset.addEventListener('click', () => source.forgive());
  moveByHand(kit, photograph);
  source.changed = () => kit.show({});

  let squareOf = {};
  function current(name) {
    const from = source.current(name);
    if (squareOf.from !== from) squareOf = {from, picture: squared(from)};
    return squareOf.picture;
  }

  /** The probabilities of both networks for some pictures: {plain: [[…], …], augmented: …}. */
  async function ask(pictures) {
    const data = new Float32Array(pictures.length * 3 * SIZE ** 2);
    pictures.forEach(({planes}, n) => planes.forEach((values, channel) => data.set(values, (3 * n + channel) * SIZE ** 2)));
    const found = await run({image: {dims: [pictures.length, 3, SIZE, SIZE], data}});
    return Object.fromEntries(Object.keys(NETWORKS).map((name) => [name, pictures.map((_, n) => softmax(found[name].data, n))]));
  }

  /** Both curves of a class along the change in hand; computed only where another setting is another. */
  async function along(picture, state, label) {
    const {inHand} = state, others = JSON.stringify({...state, preset: '', [inHand]: ''});
    if (known.picture === picture && known.others === others) return known;
    const found = {picture, others, ...Object.fromEntries(Object.keys(NETWORKS).map((name) => [name, []]))};
    const settings = settingsOf(inHand), asked = JSON.stringify(state);
    for (let first = 0; first < POINTS; first += PORTION) {
      const part = settings.slice(first, first + PORTION).map((setting) => changed(picture, {...state, [inHand]: setting}));
      for (const [name, each] of Object.entries(await ask(part))) found[name].push(...each.map((shares) => shares[label]));
      await new Promise((done) => { setTimeout(done); }); // the reader may move something
      if (JSON.stringify(kit.state) !== asked) return undefined;
    }
    known = found;
    return known;
  }

  return async (live) => {
    const state = {...live}, {photo: name, inHand} = state, picture = current(name), result = changed(picture, state);
    const labels = masks[name] && movedMask(masks[name], state);
    maskPanel.hidden = !labels;
    paintPicture(photograph, result, labels);
    if (labels) paintMask(mask, labels);
    if (!run) return kit.say(`${told(state)} ${labels ? 'The mask moves as the photograph does, and no other change touches it.' : 'A picture of your own has no mask.'}`);

    const label = Math.max(NAMES.indexOf(name), 0), shares = await ask([result]);
    const now = Object.fromEntries(Object.entries(shares).map(([key, [each]]) => [key, each]));
    barsPanel.firstChild.textContent = 'what the networks say';
    drawBars(bars, now, label);
    curvesPanel.hidden = name === 'camera';
    if (name === 'camera') return kit.say(`${told(state)} ${answered(now)}`);
    const found = await along(picture, state, label);
    if (!found) return undefined; // another state is painted next
    curvesPanel.firstChild.textContent = `probability of “${CLASSES[label]}” along: ${TITLES[inHand]}`;
    drawCurves(curves, found, inHand, state[inHand], CLASSES[label]);
    return kit.say(`${told(state)} ${answered(now)} ${reaches(found, inHand, CLASSES[label])}`);
  };
});

/** Hands the four photographs of the still picture to the source; gives back their masks by name. */
async function readPhotographs(picture) {
  const drawn = await canvases(picture);
  source.load(Object.fromEntries(NAMES.map((name, i) => [name, drawn[2 * i]])));
  return Object.fromEntries(NAMES.map((name, i) => {
    const {height, width, planes: [values]} = pictureOf(drawn[2 * i + 1]);
    return [name, {height, width, labels: Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0))}];
  }));
}

/** The hand drags the photograph, and the arrow keys move it. */
function moveByHand(kit, canvas) {
  let grabbed;
  const to = (right, down) => kit.set({right: Math.round(right), down: Math.round(down), inHand: 'right'});
  hand(canvas, 'The photograph. Drag it, or move it with the arrow keys.', {
    press: () => { grabbed = undefined; },
    at(x, y) {
      const {right, down} = kit.state;
      grabbed ??= [x / ZOOM - right, y / ZOOM - down];
      to(x / ZOOM - grabbed[0], y / ZOOM - grabbed[1]);
    },
    by: (down, right) => to(kit.state.right + right, kit.state.down + down),
  });
}

function softmax(data, n) {
  const logits = data.subarray(n * CLASSES.length, (n + 1) * CLASSES.length), most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most)), sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** What is done to the photograph, in words. */
function told(state) {
  const said = Object.keys(RANGES).filter((name) => state[name] !== UNCHANGED[name]).map((name) => `${TITLES[name]} ${worded(name, state[name])}`);
  if (state.down) said.push(`shift down ${worded('right', state.down)}`);
  if (state.mirrored) said.push('mirrored');
  return said.length ? `Changed: ${said.join(', ')}.` : 'The photograph is as it is.';
}

/** What both networks answer. */
function answered(now) {
  return Object.entries(NETWORKS).map(([key, words]) => {
    const most = Math.max(...now[key]);
    return `The network ${words} says “${CLASSES[now[key].indexOf(most)]}”, with probability ${number(most)}.`;
  }).join(' ');
}

/** How far each network still finds the class, along the change in hand. */
function reaches(found, name, word) {
  return Object.entries(NETWORKS).map(([key, words]) => {
    const ends = until(name, found[key]), [neutral, low, high] = RANGES[name];
    const subject = `${words[0].toUpperCase()}${words.slice(1)}`;
    if (!ends) return `${subject} it is no ${word}, even at ${worded(name, neutral)}.`;
    if (ends.every((end) => end === undefined)) return `${subject} it stays a ${word} along the whole slider.`;
    const [from, to] = [ends[0] ?? low, ends[1] ?? high].map((end) => worded(name, Number(end.toFixed(end > 10 || end < -10 ? 0 : 2))));
    return `${subject} it is a ${word} from ${from} to ${to}.`;
  }).join(' ').replaceAll('a astronaut', 'an astronaut');
}

/** Paints a picture, each pixel `ZOOM` × `ZOOM`, with the outline of its mask where it has one. */
function paintPicture(canvas, {height, width, planes}, mask) {
  const small = element('canvas', {width, height}), pixels = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = 255 * planes[channel][i];
    pixels.data[4 * i + 3] = 255;
  }
  small.getContext('2d').putImageData(pixels, 0, 0);
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (!mask) return;
  const {labels} = mask;
  context.beginPath();
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const label = labels[r * width + c];
      if (c && label !== labels[r * width + c - 1]) {
        context.moveTo(c * ZOOM, r * ZOOM);
        context.lineTo(c * ZOOM, (r + 1) * ZOOM);
      }
      if (r && label !== labels[(r - 1) * width + c]) {
        context.moveTo(c * ZOOM, r * ZOOM);
        context.lineTo((c + 1) * ZOOM, r * ZOOM);
      }
    }
  }
  Object.assign(context, {strokeStyle: OUTLINE, lineWidth: 2});
  context.stroke();
}

function paintMask(canvas, {height, width, labels}) {
  const context = canvas.getContext('2d');
  context.fillStyle = LABELS[0];
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = LABELS[1];
  for (let at = 0; at < height * width; at++) {
    if (labels[at]) context.fillRect(at % width * ZOOM, Math.floor(at / width) * ZOOM, ZOOM, ZOOM);
  }
}

const KINDS = {plain: 'b', augmented: 'a'}; // orange and blue; the first one is dashed, too
const word = (words, x, y, anchor = 'middle', size = 13) => shape('text', {x, y, 'font-size': size, style: `text-anchor: ${anchor}`}, words);

/** Two bars for each class. */
function drawBars(svg, now, label) {
  const left = 100, long = WIDTH - left - 36, pitch = 34, parts = [];
  CLASSES.forEach((name, i) => {
    const top = 6 + i * pitch, text = word(name, left - 8, top + 13, 'end');
    if (i === label) text.setAttribute('font-weight', 'bold');
    parts.push(text);
    Object.keys(NETWORKS).forEach((key, n) => {
      const share = now[key][i], y = top + 14 * n;
      parts.push(shape('rect', {x: left, y, width: long, height: 12, class: 'cell'}), shape('rect', {x: left, y, width: Math.max(share * long, 0.01), height: 12, class: KINDS[key]}),
        word(share.toFixed(2), left + long + 6, y + 6, 'start', 12));
    });
  });
  parts.push(...key(6 + CLASSES.length * pitch + 8));
  svg.setAttribute('aria-label', Object.entries(NETWORKS).map(([name, words]) => `${words}: ${CLASSES.map((each, i) => `${each} ${now[name][i].toFixed(2)}`).join(', ')}`).join('; '));
  redraw(svg, WIDTH, 6 + CLASSES.length * pitch + 22, parts);
}

/** Which colour is which network. */
function key(y) {
  return Object.entries(NETWORKS).flatMap(([name, words], i) => {
    const x = 8 + 150 * i;
    return [shape('rect', {x, y: y - 6, width: 14, height: 12, class: KINDS[name]}), word(words, x + 20, y, 'start', 12)];
  });
}

/** The probability of a class along a change, with the settings of the training, the setting of now, and where it falls below 1/2. */
function drawCurves(svg, found, name, setting, className) {
  const [neutral, low, high] = RANGES[name], left = 26, right = WIDTH - 12, top = 10, bottom = 150;
  const x = (at) => left + (at - low) / (high - low) * (right - left), y = (share) => bottom - share * (bottom - top);
  const line = (x1, y1, x2, y2, kind) => shape('line', {x1, y1, x2, y2, class: kind});
  const parts = [];
  if (SEEN[name]) {
    const [from, to] = SEEN[name].map(x);
    parts.push(shape('rect', {x: from, y: top, width: to - from, height: bottom - top, style: 'fill: var(--pad)'}));
  }
  parts.push(...[0, 0.5, 1].flatMap((share) => [line(left, y(share), right, y(share), 'grid'), word(share === 0.5 ? '½' : share, left - 10, y(share))]));
  parts.push(...[...new Set([low, neutral, high])].map((at) => word(worded(name, at), Math.min(Math.max(x(at), left + 8), right - 14), bottom + 14, 'middle', 12)));
  for (const each of Object.keys(NETWORKS)) {
    const points = settingsOf(name).map((at, i) => `${x(at)},${y(found[each][i])}`).join(' ');
    const colour = {plain: 'orange', augmented: 'blue'}[each];
    parts.push(shape('polyline', {points, style: `fill: none; stroke: var(--${colour}); stroke-width: 2.5${each === 'plain' ? '; stroke-dasharray: 5 3' : ''}`}));
    for (const end of until(name, found[each]) ?? []) {
      if (end !== undefined) parts.push(shape('circle', {cx: x(end), cy: y(0.5), r: 4.5, style: `fill: var(--${colour}); stroke: var(--pst-color-background)`}));
    }
  }
  parts.push(shape('line', {x1: x(setting), x2: x(setting), y1: top - 6, y2: bottom, style: 'stroke: var(--ink); stroke-width: 1.5'}));
  if (SEEN[name]) parts.push(shape('rect', {x: 8, y: bottom + 30, width: 14, height: 12, style: 'fill: var(--pad); stroke: var(--line)'}), word('settings seen in the training', 28, bottom + 36, 'start', 12));
  else parts.push(word('This change was not in the training.', 8, bottom + 36, 'start', 12));
  svg.setAttribute('aria-label', `The probability of “${className}” along the ${TITLES[name]}, from ${worded(name, low)} to ${worded(name, high)}. ${reaches(found, name, className)}`);
  redraw(svg, WIDTH, bottom + 48, parts);
}
