// A kernel that gradient descent finds from images and outputs. The loss is the mean squared difference of all outputs:
//   L(w) = 1/N Σ (x·w − y)² = w·Aw − 2 b·w + c,   ∇L(w) = 2 (Aw − b),
// where x are the nine pixels of a window and y is the output that is shown there. A, b and c are means over the windows,
// so that a step on all of them costs as much as a step on a few.
import {correlate, uniforms} from './conv.mjs';

export const TAPS = 9;

/** Every 3 × 3 window of the planes, nine pixels each, one after the other. */
export function windowsOf(planes) {
  const found = [];
  for (const {height, width, data} of planes) {
    for (let row = 0; row < height - 2; row++) {
      for (let column = 0; column < width - 2; column++) {
        for (let tap = 0; tap < TAPS; tap++) found.push(data[(row + Math.floor(tap / 3)) * width + column + tap % 3]);
      }
    }
  }
  return Float64Array.from(found);
}

/** What a kernel (a plane of 3 × 3) gives at these windows, in their order. */
export const outputsOf = (planes, kernel) => planes.flatMap((plane) => [...correlate(plane, kernel).data]);

/** A, b and c of the windows of these numbers; of all where none are named. */
export function means(windows, outputs, chosen) {
  const A = new Float64Array(TAPS * TAPS), b = new Float64Array(TAPS), count = chosen?.length ?? outputs.length;
  let c = 0;
  for (let n = 0; n < count; n++) {
    const at = chosen ? chosen[n] : n, y = outputs[at];
    for (let i = 0; i < TAPS; i++) {
      const x = windows[at * TAPS + i] / count;
      for (let j = 0; j < TAPS; j++) A[i * TAPS + j] += x * windows[at * TAPS + j];
      b[i] += x * y;
    }
    c += y * y / count;
  }
  return {A, b, c};
}

/** The product of A with nine numbers. */
function times(A, numbers) {
  const out = new Float64Array(TAPS);
  for (let i = 0; i < TAPS; i++) for (let j = 0; j < TAPS; j++) out[i] += A[i * TAPS + j] * numbers[j];
  return out;
}

/** The loss at these nine weights, and its gradient. */
export function lossAndGradient({A, b, c}, weights) {
  const gradient = times(A, weights);
  let loss = c;
  for (let i = 0; i < TAPS; i++) {
    loss += weights[i] * (gradient[i] - 2 * b[i]);
    gradient[i] = 2 * (gradient[i] - b[i]);
  }
  return {loss: Math.max(loss, 0), gradient};
}

/** The learning rate above which steps on all windows diverge: 1 / the largest eigenvalue of A. */
export function largestRate({A}) {
  let direction = new Float64Array(TAPS).fill(1), size = 1;
  for (let turn = 0; turn < 100; turn++) {
    direction = times(A, direction);
    size = Math.hypot(...direction);
    direction = direction.map((value) => value / size);
  }
  return 1 / size;
}

/**
 * A run of gradient descent from `start`; each step sees all windows, or `batch` of them at random. `path` holds the weights
 * before each step, with their loss and gradient over all windows.
 */
export class Run {
  constructor(windows, outputs, start, rate, batch) {
    Object.assign(this, {windows, outputs, rate, batch, all: means(windows, outputs), path: [], random: uniforms(1)});
    this.#arrive(Float64Array.from(start));
  }

  get last() {
    return this.path.at(-1);
  }

  get diverged() {
    return !(this.last.loss < 1e6);
  }

  step() {
    const count = this.outputs.length, {weights} = this.last;
    const few = this.batch && Array.from({length: this.batch}, () => Math.floor(this.random() * count));
    const {gradient} = few ? lossAndGradient(means(this.windows, this.outputs, few), weights) : this.last;
    this.#arrive(weights.map((weight, i) => weight - this.rate * gradient[i]));
  }

  #arrive(weights) {
    this.path.push({weights, ...lossAndGradient(this.all, weights)});
  }
}
