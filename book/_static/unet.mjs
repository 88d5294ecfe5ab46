// The arithmetic of a U-Net: levels of two 3 × 3 convolutions, 2 × 2 poolings, 2 × 2 transposed convolutions with stride 2.
import {encoder, receptiveField} from './receptive.mjs';

/** Sides [before, after] of both convolutions at each level down and up, and what does not fit, if anything. */
export function walk(size, depth, padding) {
  const lost = padding === 'valid' ? 4 : 0, down = [], up = [];
  let side = size, fault = null;
  for (let level = 0; level <= depth; level++) {
    down.push([side, side - lost]);
    side -= lost;
    if (side < 1) return {down, up, fault: `level ${level} has no pixel left`};
    if (level < depth && side % 2) fault ??= `pooling finds ${side} pixels at level ${level}, an odd number`;
    if (level < depth) side = Math.floor(side / 2);
  }
  for (let level = depth - 1; level >= 0; level--) {
    up[level] = [2 * side, 2 * side - lost];
    side = 2 * side - lost;
    if (side < 1) return {down, up, fault: `level ${level} has no pixel left on the way up`};
  }
  return {down, up, fault, out: side};
}

/** The side of the square of input pixels that one number after the encoder's block at `level` depends on. */
export function field(level) {
  const [first, last] = receptiveField(encoder(level), 0);
  return last - first + 1;
}

/**
 * The input pixels [first, last] along one axis that an output at `place` depends on through the skip of `level`, or through the
 * bottom where `level` is the depth. With padding "same", before the image ends.
 */
export function readThrough(place, level, depth) {
  let [first, last] = [place, place];
  for (let l = 0; l <= level; l++) {
    if (l < depth) [first, last] = [first - 2, last + 2]; // the decoder's convolutions
    if (l < level) [first, last] = [first >> 1, last >> 1]; // the transposed convolution: each position below has two here
  }
  return receptiveField(encoder(level), first, last);
}
