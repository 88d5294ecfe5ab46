// Changes of a photograph, in the order in which they happen to it: the hand that holds the camera, what stands in front, the
// light, the lens, the sensor. A picture is {height, width, planes}, three planes of numbers in 0…1. The same arithmetic is in
// book/_code/tolerance.py.
import {correlate, normals, plane} from './conv.mjs';

export const SIZE = 96; // pixels of a side, which the networks see
export const CLASSES = ['cat', 'cup', 'astronaut', 'photographer', 'none of them'];
export const POINTS = 49; // of a curve
/** Of each change the setting that leaves the picture as it is, the lowest, the highest, and the step of its slider. */
export const RANGES = {
  angle: [0, -180, 180, 2.5], right: [0, -48, 48, 1], cutout: [0, 0, 96, 2],
  brightness: [1, 0.1, 2.5, 0.05], contrast: [1, 0, 2.4, 0.05], blur: [0, 0, 4.8, 0.1], noise: [0, 0, 0.48, 0.01],
};
/** Between which settings the network with augmentation has seen pictures in its training. */
export const SEEN = {angle: [-45, 45], right: [-16, 16], cutout: [0, 40], brightness: [0.5, 1.5], contrast: [0.5, 1.5], noise: [0, 0.15]};

const LUMA = [0.2989, 0.587, 0.114];
const NOISE = 4; // the seed of the noise, which is always the same one, times its standard deviation

/** The settings of a change at which a curve is computed. */
export function settingsOf(name) {
  const [, low, high] = RANGES[name];
  return Array.from({length: POINTS}, (_, at) => low + (high - low) * at / (POINTS - 1));
}

/**
 * From where, below and above the setting that leaves the picture as it is, a curve is below 1/2: read off between two points.
 * `undefined` where it never is; nothing at all where it is so from the start.
 */
export function until(name, values) {
  const settings = settingsOf(name), [neutral] = RANGES[name];
  const start = settings.findIndex((setting) => Math.abs(setting - neutral) < 1e-6);
  if (values[start] < 0.5) return undefined;
  return [-1, 1].map((way) => {
    let at = start;
    while (values[at + way] >= 0.5) at += way;
    if (values[at + way] === undefined) return undefined;
    return settings[at] + (values[at] - 0.5) / (values[at] - values[at + way]) * (settings[at + way] - settings[at]);
  });
}

/** The middle of a picture as a square of `side` pixels, each of them the mean of those that it covers. */
export function squared({height, width, planes}, side = SIZE) {
  const whole = Math.min(height, width), [top, left] = [height, width].map((n) => Math.floor((n - whole) / 2));
  const bounds = Array.from({length: side}, (_, at) => {
    const first = Math.floor(at * whole / side);
    return [first, Math.max(first + 1, Math.floor((at + 1) * whole / side))];
  });
  const of = (values) => Float64Array.from({length: side * side}, (_, at) => {
    const [[first, end], [from, to]] = [bounds[Math.floor(at / side)], bounds[at % side]];
    let sum = 0;
    for (let r = first; r < end; r++) for (let c = from; c < to; c++) sum += values[(top + r) * width + left + c];
    return sum / ((end - first) * (to - from));
  });
  return {height: side, width: side, planes: planes.map(of)};
}

/** The picture as the figure's sliders change it. */
export function changed(picture, settings) {
  let {planes} = moved(picture, settings);
  const {height, width} = picture, {cutout, brightness, contrast, blur, noise} = settings;
  cover(planes, height, width, cutout);
  if (brightness !== 1) planes = planes.map((values) => values.map((value) => clamp(brightness * value)));
  if (contrast !== 1) {
    const grey = planes.reduce((sum, values, channel) => sum + LUMA[channel] * mean(values), 0);
    planes = planes.map((values) => values.map((value) => clamp(grey + contrast * (value - grey))));
  }
  if (blur > 0) planes = planes.map((values) => blurred(plane(height, width, values), blur).data);
  if (noise > 0) {
    const grain = grainOf(3 * height * width);
    planes = planes.map((values, channel) => values.map((value, i) => clamp(value + noise * grain[channel * height * width + i])));
  }
  return {height, width, planes};
}

/**
 * The picture, mirrored, then rotated counter-clockwise by `angle` degrees, then shifted. Each position looks up, between four
 * pixels, what it shows. What lies `outside` of the picture is black, or the picture reflected.
 */
export function moved({height, width, planes}, settings) {
  const out = planes.map(() => new Float64Array(height * width)), reflect = settings.outside === 'reflected';
  lookUp(height, width, settings, (at, x, y) => {
    if (reflect) [x, y] = [inside(x, width), inside(y, height)];
    const left = Math.floor(x), top = Math.floor(y), right = x - left, down = y - top;
    const weights = [(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down];
    for (let corner = 0; corner < 4; corner++) {
      const column = left + (corner & 1), row = top + (corner >> 1);
      if (weights[corner] === 0 || column < 0 || column >= width || row < 0 || row >= height) continue;
      for (let channel = 0; channel < planes.length; channel++) out[channel][at] += weights[corner] * planes[channel][row * width + column];
    }
  });
  return {height, width, planes: out};
}

/** The same of a mask: labels are names, so the nearest pixel counts. Outside there is label 0. */
export function movedMask({height, width, labels}, settings) {
  const out = new Uint8Array(height * width), reflect = settings.outside === 'reflected';
  lookUp(height, width, settings, (at, x, y) => {
    if (reflect) [x, y] = [inside(x, width), inside(y, height)];
    const column = Math.round(x), row = Math.round(y);
    if (column >= 0 && column < width && row >= 0 && row < height) out[at] = labels[row * width + column];
  });
  return {height, width, labels: out};
}

/** Calls `show(at, x, y)` for each position of the result, with the position of the picture that it shows. */
function lookUp(height, width, {angle, right, down, mirrored}, show) {
  const turn = angle * Math.PI / 180, cos = Math.cos(turn), sin = Math.sin(turn), flip = mirrored ? -1 : 1;
  const middle = [(width - 1) / 2, (height - 1) / 2];
  for (let r = 0, at = 0; r < height; r++) {
    const y = r - middle[1] - down;
    for (let c = 0; c < width; c++, at++) {
      const x = c - middle[0] - right;
      show(at, middle[0] + flip * (x * cos - y * sin), middle[1] + x * sin + y * cos);
    }
  }
}

/** A position on a row of n pixels that is reflected at the outer edges of the first and the last one, and lies between their middles. */
function inside(x, n) {
  const period = ((x + 0.5) % (2 * n) + 2 * n) % (2 * n);
  return Math.min(Math.max((period < n ? period : 2 * n - period) - 0.5, 0), n - 1);
}

/** Blackens a square in the middle. */
function cover(planes, height, width, side) {
  const [top, left] = [height, width].map((n) => Math.trunc((n - side) / 2));
  for (let r = Math.max(top, 0); r < Math.min(top + side, height); r++) {
    for (const values of planes) values.fill(0, r * width + Math.max(left, 0), r * width + Math.min(left + side, width));
  }
}

/** A Gaussian blur of one plane, whose border is reflected. */
export function blurred(image, sigma) {
  const m = Math.ceil(3 * sigma), weights = Float64Array.from({length: 2 * m + 1}, (_, at) => Math.exp(-0.5 * ((at - m) / sigma) ** 2));
  const sum = weights.reduce((a, b) => a + b);
  const window = weights.map((weight) => weight / sum);
  const across = correlate(image, plane(1, 2 * m + 1, window), {padding: m, mode: 'reflect'}); // still has m more rows at each end
  return correlate(across, plane(2 * m + 1, 1, window));
}

const clamp = (value) => Math.min(Math.max(value, 0), 1);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

let grains = new Float64Array(0);
function grainOf(count) {
  if (grains.length < count) {
    const random = normals(NOISE);
    grains = Float64Array.from({length: count}, () => random.next().value);
  }
  return grains;
}
