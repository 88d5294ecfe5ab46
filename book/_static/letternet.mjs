// Chapter 2's letter networks (book/_code/letter_network.py): their weights, the scenes of a figure, and each map on the way to a class.
// They have 6,284 weights each, so plain loops run one in less than a millisecond, and no runtime is loaded.
import {correlate, fromRows, layer, plane, relu} from './conv.mjs';
import {photographs} from './elements.mjs';
import {hand} from './kit.mjs';

export const LETTERS = [...'abcdehnopqsu'], WAYS = ['max', 'stride', 'average', 'blur'];
export const SIZE = 28, MARGIN = 5, LEVELS = 3; // pixels of an image, how far a scene reaches beyond it on each side; convolutions
const BLUR = fromRows([[1, 2, 1], [2, 4, 2], [1, 2, 1]].map((row) => row.map((weight) => weight / 16)));

/** How each way makes a map smaller after the ReLU; "stride" has done it before. */
const SMALLER = {
  max: (map) => windows(map, 2, Math.max),
  average: (map) => windows(map, 2, (a, b, c, d) => (a + b + c + d) / 4),
  blur: (map) => correlate(windows(map, 1, Math.max), BLUR, {stride: 2, padding: 1}),
};

/** What `of` makes of the four pixels of each window of 2 × 2. */
function windows({height, width, data}, stride, of) {
  const out = plane(Math.floor((height - 2) / stride) + 1, Math.floor((width - 2) / stride) + 1);
  for (let r = 0, to = 0; r < out.height; r++) {
    for (let c = 0, at = r * stride * width; c < out.width; c++, at += stride) {
      out.data[to++] = of(data[at], data[at + 1], data[at + width], data[at + width + 1]);
    }
  }
  return out;
}

/**
 * The networks of `networks/letters.json` under the names of their ways: {way, levels, classify}. `levels[l].weight[t][s]` is the
 * kernel from input map s to output map t of convolution l + 1, `classify.weight[c]` are the weights of a class.
 */
export async function letterNetworks() {
  const held = await (await fetch(new URL('networks/letters.json', import.meta.url))).json();
  return Object.fromEntries(WAYS.map((way) => {
    const values = (name) => Float64Array.from(new Float32Array(Uint8Array.from(atob(held[way][name]), (byte) => byte.charCodeAt(0)).buffer));
    const parameters = (name, cut) => {
      const weight = values(`${name}.weight`), bias = values(`${name}.bias`);
      const inputs = weight.length / bias.length;
      return {weight: Array.from(bias, (_, t) => cut(weight.subarray(t * inputs, (t + 1) * inputs))), bias};
    };
    const kernels = (weight) => Array.from({length: weight.length / 9}, (_, s) => plane(3, 3, weight.subarray(9 * s, 9 * s + 9)));
    const levels = Array.from({length: LEVELS}, (_, l) => parameters(`conv${l + 1}`, kernels));
    return [way, {way, levels, classify: parameters('classify', (weight) => weight)}];
  }));
}

/** All maps on an image's way through a network, under the names of PyTorch's layers, its `logits` and its `probabilities`. */
export function run({way, levels, classify}, image) {
  const found = {};
  let maps = [image];
  levels.forEach(({weight, bias}, l) => {
    const convolved = layer(maps, weight, {padding: 1, stride: way === 'stride' ? 2 : 1});
    convolved.forEach(({data}, t) => { for (let i = 0; i < data.length; i++) data[i] += bias[t]; });
    found[`conv${l + 1}`] = convolved;
    maps = found[`relu${l + 1}`] = relu(convolved);
    if (way in SMALLER) maps = found[`pool${l + 1}`] = maps.map(SMALLER[way]);
  });
  const mean = maps.map(({data}) => data.reduce((sum, value) => sum + value, 0) / data.length);
  const logits = classify.weight.map((weights, c) => weights.reduce((sum, weight, s) => sum + weight * mean[s], classify.bias[c]));
  return {...found, mean, logits, probabilities: softmax(logits)};
}

function softmax(logits) {
  const most = Math.max(...logits), powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The letter that a network reads. */
export const answer = ({probabilities}) => LETTERS[probabilities.indexOf(Math.max(...probabilities))];

/** What a map of a convolution adds up: of each input map the `input`, its `kernel`, the `sum` of their products; and its `bias`. */
export function mapSum({levels}, found, image, level, t) {
  const inputs = level === 1 ? [image] : found[`pool${level - 1}`], {weight, bias} = levels[level - 1];
  return {bias: bias[t], terms: inputs.map((input, s) => ({input, kernel: weight[t][s], sum: correlate(input, weight[t][s], {padding: 1})}))};
}

/** What a logit adds up: of each last map the `mean`, its `weight`, and the product as `sum`; and its `bias`. */
export function logitSum({classify: {weight, bias}}, {mean}, c) {
  return {bias: bias[c], terms: mean.map((value, s) => ({mean: value, weight: weight[c][s], sum: value * weight[c][s]}))};
}

/** The scenes that a figure's still picture begins with, one per letter: planes of `SIZE` + 2 `MARGIN` pixels a side. */
export async function letterScenes(picture) {
  const scenes = await photographs(picture);
  return Object.fromEntries(LETTERS.map((letter, i) => [letter, scenes[i]]));
}

/** The image in which a scene is moved by so many pixels, at most `MARGIN` each way. */
export function view(scene, down, right) {
  const out = plane(SIZE, SIZE);
  for (let r = 0; r < SIZE; r++) {
    const start = (MARGIN - down + r) * scene.width + MARGIN - right;
    out.data.set(scene.data.subarray(start, start + SIZE), r * SIZE);
  }
  return out;
}

/** Lets the hand and the arrow keys move the letter on an image; `move(down, right)` gets the new shift. */
export function letterHand(image, state, move) {
  let grabbed; // how far the pointer lies from the shift
  hand(image, 'The image. Drag the letter, or move it with the arrow keys.', {
    press: () => { grabbed = undefined; },
    at(x, y) {
      grabbed ??= [y - state.down, x - state.right];
      move(Math.round(y - grabbed[0]), Math.round(x - grabbed[1]));
    },
    by: (down, right) => move(state.down + down, state.right + right),
  });
}
