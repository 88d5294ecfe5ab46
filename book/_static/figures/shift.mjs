// Does the answer follow the shift? Two views of one scene through one stack of layers, and where the answers differ.
import {fromRows, MODES, network, normals, plane} from '../conv.mjs';
import {choice, controls, element, mount, number, paint, photographs, sentence, slider} from '../live.mjs';

const VIEW = 80, CHANNELS = 8, FAR = 12;

/** `depth` 3 × 3 layers, one plane in and out and `channels` between, weights of He's spread. */
export function randomWeights(depth, channels = CHANNELS, seed = 1) {
  const draw = normals(seed);
  return Array.from({length: depth}, (_, l) => {
    const [ins, outs] = [l ? channels : 1, l < depth - 1 ? channels : 1];
    const spread = Math.sqrt(2 / (9 * ins));
    return Array.from({length: outs}, () => Array.from({length: ins}, () =>
      plane(3, 3, Float64Array.from({length: 9}, () => spread * draw.next().value))));
  });
}

/** The square view of `side` pixels whose corner lies at (start, start). */
export function cut({width, data}, start, side) {
  return fromRows(Array.from({length: side}, (_, r) => [...data.slice((start + r) * width + start, (start + r) * width + start + side)]));
}

const spread = (values) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
};

/**
 * |answer to the first view − answer to the second| where both see the same places, over the answer's own spread.
 * Places are matched by the answer's grid: a shift that is no multiple of the stride is matched as well as it can be.
 */
export function difference(scene, {shift, depth, mode, stride}) {
  const weights = randomWeights(depth);
  const options = weights.map((_, l) => ({padding: 1, mode, stride: l ? 1 : stride}));
  const [[here], [there]] = [0, shift].map((start) => network([cut(scene, start, VIEW)], weights, options));
  const moved = Math.floor(shift / stride), side = here.height - moved, unit = spread(here.data);
  const out = plane(side, side);
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) {
      out.data[r * side + c] = Math.abs(here.data[(r + moved) * here.width + c + moved] - there.data[r * there.width + c]) / unit;
    }
  }
  return out;
}

/** The largest value of a square plane outside and inside a frame of `width` pixels. */
export function frameAndInside({height, data}, width) {
  let [frame, inside] = [0, 0];
  data.forEach((value, i) => {
    const [r, c] = [Math.floor(i / height), i % height];
    if (Math.min(r, c, height - 1 - r, height - 1 - c) < width) frame = Math.max(frame, value);
    else inside = Math.max(inside, value);
  });
  return {frame, inside};
}

mount('shift', 'Does the answer follow the shift?', async (box, picture) => {
  const [scene] = await photographs(picture);
  const state = {shift: 8, depth: 5, mode: 'zeros', stride: 1};
  let waiting; // a slider may move several times between two frames
  const change = (name) => (value) => {
    state[name] = value;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
  };
  const views = element('canvas', {role: 'img', ariaLabel: 'The scene with its two views framed'});
  const map = element('canvas', {role: 'img', ariaLabel: 'Where the answers differ'});
  const line = sentence();

  function draw() {
    const {shift, depth, stride} = state;
    paint(views, scene);
    const context = views.getContext('2d');
    for (const [start, colour] of [[0, '#5eb0f2'], [shift, '#f0965a']]) {
      context.strokeStyle = colour;
      context.strokeRect(start + 0.5, start + 0.5, VIEW - 1, VIEW - 1);
    }
    const error = difference(scene, state);
    paint(map, error);
    const frame = Math.min(depth, Math.floor((error.height - 1) / 2));
    const found = frameAndInside(error, frame);
    line.textContent = `In a frame of ${depth} pixel${depth > 1 ? 's' : ''} the answers differ by up to ${number(found.frame)} times their spread, `
      + `inside it by up to ${number(found.inside)}. `
      + (shift % stride ? `A shift by ${shift} is no multiple of the stride ${stride}.` : `The answer moves by ${shift / stride}.`);
  }

  box.append(element('div', {className: 'live-row live-pair'},
    element('div', {className: 'live-panel'}, element('span', {}, 'scene, two views'), views),
    element('div', {className: 'live-panel'}, element('span', {}, 'difference (white: one spread or more)'), map)), line,
  controls(
    slider('shift', {min: 0, max: FAR, value: state.shift}, change('shift')).label,
    slider('layers', {min: 1, max: 8, value: state.depth}, change('depth')).label,
    slider('stride', {min: 1, max: 3, value: state.stride}, change('stride')).label,
    choice('padding mode', MODES, state.mode, change('mode')).label));
  draw();
});
