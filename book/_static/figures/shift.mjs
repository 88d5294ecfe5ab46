// Does the output follow the shift? Two views of one scene go through one stack of layers; the map shows where the outputs
// differ, and the receptive field of one position says why.
import {layer, MODES, normals, outputSize, plane, relu} from '../conv.mjs';
import {element, number, paint, panel, photographs} from '../elements.mjs';
import {choice, position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {CONVOLUTION, receptiveField} from '../receptive.mjs';

export const VIEW = 56, DEEPEST = 8; // pixels of a view's side, layers
const CHANNELS = 6, SIDE = 416; // between the layers; pixels of a canvas

/** Weights of He's spread for `DEEPEST` 3 × 3 layers: `weights[l][t][s]` is a kernel of layer l. */
export function randomWeights(seed = 1) {
  const draw = normals(seed);
  return Array.from({length: DEEPEST}, (_, l) => {
    const inputs = l ? CHANNELS : 1, spread = Math.sqrt(2 / (9 * inputs));
    return Array.from({length: CHANNELS}, () => Array.from({length: inputs}, () =>
      plane(3, 3, Float64Array.from({length: 9}, () => spread * draw.next().value))));
  });
}

const weights = randomWeights();
const outputSide = (stride) => outputSize(VIEW, 3, stride, 1);

/** A view's way through the layers: `at(depth)` is channel 0 of layer `depth`, before its ReLU. What is computed stays. */
export function stack(view, mode, stride) {
  const hidden = [[view]]; // what goes into each layer
  const options = (l) => ({padding: 1, mode, stride: l ? 1 : stride});
  const outputs = {};
  return (depth) => {
    for (let l = hidden.length - 1; l < depth - 1; l++) hidden.push(relu(layer(hidden[l], weights[l], options(l))));
    outputs[depth] ??= layer(hidden[depth - 1], weights[depth - 1].slice(0, 1), options(depth - 1))[0];
    return outputs[depth];
  };
}

/** The square view of `VIEW` pixels whose corner lies at (row, column) of the scene. */
export function cut({width, data}, [row, column]) {
  const out = plane(VIEW, VIEW);
  for (let r = 0; r < VIEW; r++) {
    const start = (row + r) * width + column;
    out.data.set(data.subarray(start, start + VIEW), r * VIEW);
  }
  return out;
}

/**
 * |first output − second output|, over the first one's own spread, in the first output's grid; NaN where the second view has
 * no output. The second view is moved by `shift` = [down, right] pixels. A shift that is no multiple of the stride is matched
 * as well as the grid can.
 */
export function difference(first, second, shift, stride) {
  const {height: side, data} = first, moved = shift.map((by) => Math.floor(by / stride));
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const spread = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
  const out = plane(side, side, new Float64Array(side * side).fill(NaN));
  for (let r = Math.max(0, moved[0]); r < Math.min(side, side + moved[0]); r++) {
    for (let c = Math.max(0, moved[1]); c < Math.min(side, side + moved[1]); c++) {
      out.data[r * side + c] = Math.abs(data[r * side + c] - second.data[(r - moved[0]) * side + c - moved[1]]) / spread;
    }
  }
  return {out, moved};
}

/** The largest difference in a frame of `width` positions of what both views see, and inside it, if anything lies there. */
export function frameAndInside({out: {height: side, data}, moved}, width) {
  const toEnd = (at, by) => Math.min(at - Math.max(0, by), Math.min(side, side + by) - 1 - at);
  let frame = 0, inside;
  data.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    if (Math.min(toEnd(Math.floor(i / side), moved[0]), toEnd(i % side, moved[1])) < width) frame = Math.max(frame, value);
    else inside = Math.max(inside ?? 0, value);
  });
  return {frame, inside};
}

/** The first and the last pixel, in a view, that its output `at` reads along one axis; those of the padding too. */
export const field = (at, depth, stride) => receptiveField([{...CONVOLUTION, stride}, ...Array(depth - 1).fill(CONVOLUTION)], at);

/** `make`, but what it made last is kept as long as it is asked for the same. */
function kept(make) {
  let key, value;
  return (...asked) => {
    if (key !== String(asked)) [key, value] = [String(asked), make(...asked)];
    return value;
  };
}

const FIRST = [24, 24]; // the first view's corner
const BLUE = '#5eb0f2', ORANGE = '#f0965a'; // on a photograph, in both themes
const FIELDS = {
  second: position([32, 32], () => [49, 49]), // the second view's corner
  depth: range(5, 1, DEEPEST, {name: 'layers'}),
  stride: range(1, 1, 3),
  mode: choice('zeros', MODES, {name: 'padding mode'}),
  at: position([10, 30], ({stride}) => [outputSide(stride), outputSide(stride)]),
};

figure('shift', 'Does the output follow the shift?', FIELDS, async (kit) => {
  const {state} = kit;
  const [scene] = await photographs(kit.picture);
  const scale = SIDE / scene.width, photo = element('canvas'), pixels = element('canvas');
  const views = element('canvas', {width: SIDE, height: SIDE}), map = element('canvas', {width: SIDE, height: SIDE});
  paint(photo, scene);
  const [throughFirst, throughSecond] = [0, 1].map(() => kept((row, column, mode, stride) => stack(cut(scene, [row, column]), mode, stride)));

  let grabbed; // the pointer's position in the second view
  hand(views, 'Scene. Arrow keys move the second view.', {
    press: () => { grabbed = undefined; },
    at(x, y) {
      const here = [y / scale, x / scale];
      grabbed ??= here.map((along, axis) => along - state.second[axis]);
      kit.set({second: here.map((along, axis) => Math.round(along - grabbed[axis]))});
    },
    by: (down, right) => kit.set({second: [state.second[0] + down, state.second[1] + right]}),
  });
  hand(map, 'Difference of the outputs. Arrow keys choose a position of the first output.', {
    at: (x, y) => kit.set({at: [y, x].map((along) => Math.floor(along / SIDE * outputSide(state.stride)))}),
    by: (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]}),
  });
  kit.box.append(element('div', {className: 'live-row live-pair'},
    panel('scene, two views', views), panel('difference of outputs', map)));

  /** The scene, the frames of the views, and what the marked output reads; coloured where it lies outside its view. */
  function showScene(fields) {
    const context = views.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.drawImage(photo, 0, 0, SIDE, SIDE);
    for (const {corner, colour, dash, from, to} of fields) {
      const [top, left] = corner.map((at) => at * scale), view = VIEW * scale;
      Object.assign(context, {strokeStyle: colour, fillStyle: colour, lineWidth: 3});
      context.setLineDash(dash);
      context.strokeRect(left, top, view, view);
      context.setLineDash([]);
      if (!from) continue;
      const square = new Path2D(), beyond = new Path2D();
      square.rect((corner[1] + from[1]) * scale, (corner[0] + from[0]) * scale, (to[1] - from[1] + 1) * scale, (to[0] - from[0] + 1) * scale);
      beyond.rect(0, 0, SIDE, SIDE);
      beyond.rect(left, top, view, view);
      context.save();
      context.clip(beyond, 'evenodd');
      context.globalAlpha = 0.7;
      context.fill(square);
      context.restore();
      context.strokeStyle = '#fff';
      context.stroke(square);
    }
  }

  /** The map; white is one spread or more, and hatched what the second view does not see. */
  function showMap({out}, [row, column]) {
    const context = map.getContext('2d'), size = SIDE / out.width;
    context.clearRect(0, 0, SIDE, SIDE);
    context.strokeStyle = kit.colour('soft');
    context.lineWidth = 1;
    context.beginPath();
    for (let x = 8; x < 2 * SIDE; x += 12) {
      context.moveTo(x, 0);
      context.lineTo(x - SIDE, SIDE);
    }
    context.stroke();
    paint(pixels, out);
    context.imageSmoothingEnabled = false;
    context.drawImage(pixels, 0, 0, SIDE, SIDE);
    for (const [colour, more] of [['#000', 4], ['#7fc96d', 2]]) {
      Object.assign(context, {strokeStyle: colour, lineWidth: 2});
      context.strokeRect(column * size - more, row * size - more, size + 2 * more, size + 2 * more);
    }
  }

  return ({second, depth, mode, stride, at}) => {
    const shift = second.map((along, axis) => along - FIRST[axis]);
    const found = difference(throughFirst(...FIRST, mode, stride)(depth), throughSecond(...second, mode, stride)(depth), shift, stride);
    const there = at.map((along, axis) => along - found.moved[axis]); // the same position in the second output
    const reads = (place) => {
      const [rows, columns] = place.map((along) => field(along, depth, stride));
      return {from: [rows[0], columns[0]], to: [rows[1], columns[1]]};
    };
    const both = there.every((along) => along >= 0 && along < found.out.height);
    const fields = [{corner: FIRST, colour: BLUE, dash: [], ...reads(at)}, {corner: second, colour: ORANGE, dash: [9, 6], ...(both ? reads(there) : {})}];
    showScene(fields);
    showMap(found, at);

    const {frame, inside} = frameAndInside(found, depth), exact = shift.every((by) => by % stride === 0);
    const side = fields[0].to[0] - fields[0].from[0] + 1;
    const outside = fields.filter(({from, to}) => from && (Math.min(...from) < 0 || Math.max(...to) >= VIEW)).map(({corner}) => (corner === FIRST ? 'first' : 'second'));
    kit.say([
      `In a frame of ${depth} position${depth > 1 ? 's' : ''} ${frame ? `the two outputs differ by up to ${number(frame)} standard deviations of the first one` : 'the two outputs are equal'},`,
      inside === undefined ? 'and nothing lies inside it.' : inside ? `and inside it by up to ${number(inside)}.` : 'and inside it they are equal.',
      exact ? `The view moves by (${shift.map(number).join(', ')}) pixels, the output by (${found.moved.map(number).join(', ')}).`
        : `The view moves by (${shift.map(number).join(', ')}) pixels, which is no multiple of the stride ${stride}.`,
      `The marked output reads ${side} × ${side} pixels.`,
      !both ? 'In the second view this place is outside (hatched).'
        : outside.length ? `Some of them are padding in the ${outside.join(' and in the ')} view.`
          : exact ? 'They lie in both views, so both outputs are equal.' : 'In the second view it reads other pixels.',
    ].join(' '));
  };
});
