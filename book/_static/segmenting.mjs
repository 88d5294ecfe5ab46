// What chapter 6 computes from the logits of a segmentation network.
import {CLASSES, SIZE} from './scenes.mjs';

const PATCH = 4, BATCH = 8; // what is covered for the influence: squares of so many pixels, so many at a time

/** The class of each pixel and its probability, from logits (classes · 64 · 64). */
export function decide(logits) {
  const area = SIZE ** 2, labels = new Uint8Array(area), sure = new Float32Array(area);
  for (let i = 0; i < area; i++) {
    const each = CLASSES.map((_, c) => logits[c * area + i]), most = Math.max(...each);
    labels[i] = each.indexOf(most);
    sure[i] = 1 / each.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  }
  return {labels, sure};
}

/**
 * How much the probability of a pixel's class changes when a square of the image is covered with the image's mean colour. It fills
 * `changes` (64 · 64) square by square, the nearest first, and gives the largest one so far after each batch, when it lets the page answer.
 */
export async function* influence(segment, image, [row, column], labels, sure, changes) {
  const area = SIZE ** 2, at = row * SIZE + column, across = SIZE / PATCH, label = labels[at];
  const mean = [0, 1, 2].map((channel) => image.subarray(channel * area, (channel + 1) * area).reduce((sum, value) => sum + value) / area);
  const inside = (square, visit) => {
    const [top, left] = [Math.floor(square / across) * PATCH, (square % across) * PATCH];
    for (let i = 0; i < PATCH ** 2; i++) visit((top + Math.floor(i / PATCH)) * SIZE + left + i % PATCH);
  };
  const distance = (square) => Math.hypot((Math.floor(square / across) + 0.5) * PATCH - row, (square % across + 0.5) * PATCH - column);
  const squares = Array.from({length: across ** 2}, (_, square) => square).sort((a, b) => distance(a) - distance(b));
  let most = 1e-6;
  for (let first = 0; first < squares.length; first += BATCH) {
    const images = new Float32Array(BATCH * image.length);
    for (let b = 0; b < BATCH; b++) {
      images.set(image, b * image.length);
      inside(squares[first + b], (i) => mean.forEach((value, channel) => { images[b * image.length + channel * area + i] = value; }));
    }
    const logits = await segment(images);
    for (let b = 0; b < BATCH; b++) {
      const each = CLASSES.map((_, c) => logits[(b * CLASSES.length + c) * area + at]), high = Math.max(...each);
      const p = Math.exp(each[label] - high) / each.reduce((sum, logit) => sum + Math.exp(logit - high), 0);
      most = Math.max(most, Math.abs(p - sure[at]));
      inside(squares[first + b], (i) => { changes[i] = Math.abs(p - sure[at]); });
    }
    await new Promise(requestAnimationFrame);
    yield most;
  }
}

/** The IoU of each class; not a number where it is neither there nor said. */
export function overlaps(labels, mask) {
  const both = CLASSES.map(() => 0), either = CLASSES.map(() => 0);
  labels.forEach((label, i) => {
    either[label]++;
    if (label === mask[i]) both[label]++;
    else either[mask[i]]++;
  });
  return both.map((count, c) => count / either[c]);
}
