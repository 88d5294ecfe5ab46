// Shapes that the reader draws, segmented by the chapter's U-Net while they are drawn; its skips can be unplugged.
import {cables} from '../cables.mjs';
import {element, panel, row} from '../elements.mjs';
import {buttons, choice, flag, position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {MEGABYTES, network} from '../networks.mjs';
import {CLASSES, COLOURS, FIRST, MOST, NOISE, SIZE, drawScene, paintImage, paintPixels, randomScene, read, rgb, shapeAt, tidy, words} from '../scenes.mjs';
import {decide, influence, overlaps} from '../segmenting.mjs';
import {readThrough} from '../unet.mjs';

const DEPTH = 3, ZOOM = 5; // canvas pixels per pixel of the scene
const PATHS = ['blue', 'green', 'plum', 'orange']; // the skips from the top down, and the bottom
const FRAMES = ['#5eb0f2', '#7fc96d', '#e58ac4', '#f0965a']; // of what is read through them; bright, since scenes are dark

const TITLES = {
  classes: 'classes by the U-Net', confidence: 'its confidence', errors: 'wrong pixels', truth: 'true classes', influence: 'influence on the pixel',
};
/** What is to be seen on the right, where its title does not say all of it. */
const MEANING = {
  classes: '', truth: '', errors: '', confidence: ' The darker a pixel on the right, the less probable is its class.',
  influence: ' The brighter a square on the right, the more this probability changes when the square is covered.',
};

const hueOf = (colour, kind) => (colour === 'own' ? kind : Number(colour));
/** Changes of the latest shape. */
const latest = (shapes, changes) => ({shapes: shapes.map((shape, i) => (i === shapes.length - 1 ? tidy({...shape, ...changes(shape)}) : shape))});

const FIELDS = {
  tool: buttons('disc', [...CLASSES.slice(1), 'move', 'erase'], {name: 'tool'}),
  // Of the latest shape, and of the next one.
  radius: range(7.5, 3, 22, {step: 0.5, name: 'radius', then: (radius, {shapes}) => latest(shapes, () => ({radius}))}),
  angle: range(330, 0, 359, {name: 'angle', show: (degrees) => `${degrees}°`, then: (angle, {shapes}) => latest(shapes, () => ({angle}))}),
  colour: choice('own', [['own', 'its own class'], ...CLASSES.slice(1).map((name, i) => [String(i + 1), `a ${name}`])], {
    name: 'colour of', then: (colour, {shapes}) => latest(shapes, ({kind}) => ({hue: hueOf(colour, kind)})),
  }),
  noise: range(NOISE, 0, 0.4, {step: 0.01, name: 'noise'}),
  show: buttons('classes', ['classes', 'confidence', 'errors', 'truth', 'influence'], {name: 'right picture'}),
  field: flag(false, {name: 'receptive field'}),
  // Without controls: set by the hand.
  shapes: {value: read(FIRST), words, read, limit: (shapes) => shapes.slice(-MOST)},
  ground: {...range(0, 0, 999), control: undefined},
  skips: {value: '111', words: String, read: (text) => (/^[01]{3}$/.test(text) ? text : undefined), limit: (text) => text},
  at: position([44, 32], () => [SIZE, SIZE]),
};

figure('draw', 'Draw shapes, and a U-Net segments them', FIELDS, async (kit) => {
  const run = await network('shapes', kit.wait);
  const [scene, answer] = [0, 1].map(() => element('canvas', {width: ZOOM * SIZE, height: ZOOM * SIZE}));
  const title = element('span'), legend = element('div', {className: 'live-legend'});
  const plugs = cables(DEPTH, SIZE, PATHS, (level) => {
    kit.set({skips: [...kit.state.skips].map((gate, i) => (i === level ? String(1 - gate) : gate)).join('')});
  });
  const another = element('button', {type: 'button'}, 'another scene'), empty = element('button', {type: 'button'}, 'empty scene');
  another.addEventListener('click', () => kit.set(randomScene(Math.floor(2 ** 31 * Math.random()))));
  empty.addEventListener('click', () => kit.set({shapes: []}));
  const pair = row(panel('scene (draw here)', scene), element('div', {className: 'live-panel'}, title, answer));
  pair.classList.add('live-pair');
  kit.box.append(kit.control.tool, pair, kit.control.show, row(plugs.drawing), legend, kit.line, row(another, empty));
  useHand(kit, scene, answer);

  let turn; // of what is painted last
  return async (state) => {
    const mine = turn = {};
    const {image, mask} = drawScene(state.shapes, state.noise, state.ground), gates = [...state.skips].map(Number);
    const segment = async (images) => {
      const count = images.length / image.length, gate = Float32Array.from({length: count * DEPTH}, (_, i) => gates[i % DEPTH]);
      const inputs = {image: {dims: [count, 3, SIZE, SIZE], data: images}, gates: {dims: [count, DEPTH], data: gate}};
      return (await run(inputs, ['logits'])).logits.data;
    };
    const {labels, sure} = decide(await segment(image));
    const colours = {
      classes: (i) => rgb(labels[i]),
      confidence: (i) => rgb(labels[i]).map((value) => value * sure[i]),
      errors: (i) => (labels[i] === mask[i] ? [38, 42, 48] : [255, 255, 255]),
      truth: (i) => rgb(mask[i]),
      influence: () => [38, 42, 48],
    };
    const frames = () => [scene, answer].forEach((canvas) => frameAll(canvas, state, gates));
    paintImage(scene, image);
    paintPixels(answer, colours[state.show]);
    frames();
    title.textContent = TITLES[state.show];
    plugs.paint(gates);
    const scores = overlaps(labels, mask);
    legend.replaceChildren(...CLASSES.map((name, c) => swatch(name, COLOURS[c], scores[c])));
    kit.say(sentence(state, labels, sure, mask));
    if (state.show === 'influence') fill(); // some squares a frame; nobody waits for it
    else answer.ariaBusy = 'false';

    async function fill() {
      const changes = new Float32Array(SIZE ** 2);
      answer.ariaBusy = 'true';
      for await (const most of influence(segment, image, [...state.at], labels, sure, changes)) {
        if (turn !== mine) return;
        paintPixels(answer, (i) => [38, 42, 48].map((dark) => dark + (255 - dark) * changes[i] / most));
        frames();
      }
      answer.ariaBusy = 'false';
    }
  };
}, {start: `Draw, and let the network segment: load it (${MEGABYTES.shapes} MB)`});

function sentence({skips, show, at: [y, x]}, labels, sure, mask) {
  const right = labels.filter((label, i) => label === mask[i]).length / labels.length, i = y * SIZE + x;
  const out = [...skips].flatMap((gate, level) => (gate === '0' ? [`${SIZE / 2 ** level} × ${SIZE / 2 ** level}`] : []));
  return `${(100 * right).toFixed(1)} % of the pixels are right${out.length ? ` without the skip at ${out.join(' and ')}` : ''}. `
    + `The pixel in row ${y}, column ${x} gets the class “${CLASSES[labels[i]]}” with probability ${sure[i].toFixed(2)}. `
    + (labels[i] === mask[i] ? 'This is right.' : `The truth is “${CLASSES[mask[i]]}”.`) + MEANING[show];
}

/** The hand draws, moves and erases on the scene, and chooses a pixel on the answer. */
function useHand(kit, scene, answer) {
  const {state} = kit;
  let from, held = -1; // where a stroke began, and the shape that it moves
  const change = (i, changes) => state.shapes.map((shape, j) => (i === j ? tidy({...shape, ...changes}) : shape));
  const fresh = (x, y) => {
    const kind = CLASSES.indexOf(state.tool);
    return tidy({kind, x, y, radius: state.radius, angle: state.angle, hue: hueOf(state.colour, kind), paint: Math.floor(1000 * Math.random())});
  };
  // The changes of the state by each kind of tool; what is pulled turns and stretches the latest shape.
  const pull = (x, y) => {
    const [left, top] = from, wire = state.tool === 'wire', length = Math.hypot(x - left, y - top);
    if (length < 2) return {};
    const {radius, angle} = tidy({x, y, radius: wire ? length / 6 : length, angle: Math.atan2(y - top, x - left) * 180 / Math.PI});
    const middle = wire ? {x: (x + left) / 2, y: (y + top) / 2} : {};
    return {radius, angle, ...latest(state.shapes, () => ({...middle, radius, angle}))};
  };
  const move = (x, y, first) => {
    if (first) held = shapeAt(state.shapes, x, y);
    return {shapes: change(held, {x, y})};
  };
  const erase = (x, y) => {
    const gone = shapeAt(state.shapes, x, y);
    return {shapes: state.shapes.filter((_, i) => i !== gone)};
  };
  const stroke = (x, y, first) => {
    const place = () => (first ? {shapes: [...state.shapes, fresh(x, y)]} : pull(x, y));
    const act = {move, erase}[state.tool] ?? place;
    kit.set({at: [Math.floor(y), Math.floor(x)], ...act(x, y, first)});
  };
  hand(scene, 'The scene. Press to place a shape and pull to turn and stretch it, or use the arrow keys and Enter.', {
    press: () => { from = undefined; },
    at(column, line) {
      const [x, y] = [column / ZOOM, line / ZOOM], first = !from;
      from ??= [x, y];
      stroke(x, y, first);
    },
    by(down, right) {
      const [y, x] = [state.at[0] + down, state.at[1] + right];
      kit.set({at: [y, x], ...(state.tool === 'move' ? move(x + 0.5, y + 0.5, false) : {})});
    },
  });
  scene.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    const [y, x] = state.at;
    if (state.tool === 'move' && held >= 0) held = -1;
    else stroke(x + 0.5, y + 0.5, true);
  });
  scene.addEventListener('pointerup', () => { held = -1; });
  hand(answer, 'The classes by the U-Net. Press a pixel to see its receptive field, or use the arrow keys.', {
    at: (x, y) => kit.set({at: [Math.floor(y / ZOOM), Math.floor(x / ZOOM)], field: true}),
    by: (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right], field: true}),
    drag: false,
  });
}

/** The pixel that is looked at, and what it reads through each skip and through the bottom. */
function frameAll(canvas, {at: [y, x], field}, gates) {
  for (let level = DEPTH; field && level >= 0; level--) {
    if (gates[level] === 0) continue;
    const [[top, bottom], [left, right]] = [y, x].map((place) => readThrough(place, level, DEPTH));
    frame(canvas, left, top, right, bottom, FRAMES[level]);
  }
  frame(canvas, x, y, x, y, '#fff');
}

/** A frame around pixels, both ends included. */
function frame(canvas, left, top, right, bottom, colour) {
  const context = canvas.getContext('2d');
  for (const [width, style] of [[4, '#000'], [2, colour]]) {
    Object.assign(context, {lineWidth: width, strokeStyle: style});
    context.strokeRect(ZOOM * left, ZOOM * top, ZOOM * (right - left + 1), ZOOM * (bottom - top + 1));
  }
}

function swatch(name, colour, score) {
  const square = element('span', {className: 'live-swatch'});
  square.style.background = colour;
  return element('span', {}, square, `${name} `, element('output', {}, Number.isNaN(score) ? '–' : score.toFixed(2)));
}
