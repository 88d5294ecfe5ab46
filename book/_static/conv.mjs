// The arithmetic of the live figures. A plane is {height, width, data}, data a Float64Array, row by row.

/** Windows of `k` taps, `dilation` apart, on `n` pixels padded by `padding` at both ends; 0 if none fits. */
export function outputSize(n, k, stride = 1, padding = 0, dilation = 1) {
  return Math.max(0, Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1);
}

// Which pixel of a row of n stands at place i, outside included; −1 is a zero. PyTorch's four padding modes.
const BORDERS = {
  zeros: (i, n) => (i >= 0 && i < n ? i : -1),
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => ((i % n) + n) % n,
};
export const MODES = Object.keys(BORDERS);

export function plane(height, width, data = new Float64Array(height * width)) {
  return {height, width, data};
}

export function fromRows(rows) {
  return plane(rows.length, rows[0].length, Float64Array.from(rows.flat()));
}

/** The image with `padding` more pixels at each end, in one of the modes. */
function padded(image, padding, mode) {
  if (!padding) return image;
  const {height, width, data} = image, border = BORDERS[mode];
  const out = plane(height + 2 * padding, width + 2 * padding), to = out.data;
  const sides = Array.from({length: 2 * padding}, (_, at) => (at < padding ? at - padding : at - padding + width));
  for (let r = 0; r < out.height; r++) {
    const row = border(r - padding, height);
    if (row < 0) continue;
    const from = row * width, start = r * out.width + padding;
    for (let c = 0; c < width; c++) to[start + c] = data[from + c];
    for (const c of sides) {
      const column = border(c, width);
      if (column >= 0) to[start + c] = data[from + column];
    }
  }
  return out;
}

/** Cross-correlation of one plane with one kernel (a plane too), added to `out` where one is given. */
export function correlate(image, kernel, {stride = 1, padding = 0, dilation = 1, mode = 'zeros'} = {}, out) {
  const {width: full, height: high, data: from} = padded(image, padding, mode), {height: kh, width: kw, data: weights} = kernel;
  const height = outputSize(high, kh, stride, 0, dilation), width = outputSize(full, kw, stride, 0, dilation);
  out ??= plane(height, width);
  const to = out.data;
  if (kh === 3 && kw === 3) { // nine taps at once are three times as fast as one after the other
    const [a, b, c, d, e, f, g, h, i] = weights, right = dilation, right2 = 2 * dilation, down = dilation * full, down2 = 2 * down;
    for (let r = 0; r < height; r++) {
      for (let at = r * width, x = r * stride * full; at < (r + 1) * width; at++, x += stride) {
        to[at] += a * from[x] + b * from[x + right] + c * from[x + right2]
          + d * from[x + down] + e * from[x + down + right] + f * from[x + down + right2]
          + g * from[x + down2] + h * from[x + down2 + right] + i * from[x + down2 + right2];
      }
    }
    return out;
  }
  for (let r = 0; r < height; r++) {
    for (let tap = 0; tap < kh * kw; tap++) {
      const first = (r * stride + Math.floor(tap / kw) * dilation) * full + (tap % kw) * dilation;
      for (let c = 0; c < width; c++) to[r * width + c] += weights[tap] * from[first + c * stride];
    }
  }
  return out;
}

/** One layer: `weight[t][s]` is the kernel from input plane s to output plane t. */
export function layer(planes, weight, {padding = 0, mode = 'zeros', ...options} = {}) {
  const inputs = planes.map((image) => padded(image, padding, mode));
  return weight.map((slices) => slices.reduce((out, kernel, s) => correlate(inputs[s], kernel, options, out), undefined));
}

export function relu(planes) {
  return planes.map(({height, width, data}) => {
    const out = plane(height, width);
    for (let i = 0; i < data.length; i++) out.data[i] = data[i] > 0 ? data[i] : 0;
    return out;
  });
}

/** Numbers in 0…1, the same ones for the same seed (mulberry32). */
export function uniforms(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers from a normal distribution, the same ones for the same seed (Box–Muller). */
export function* normals(seed) {
  const uniform = uniforms(seed);
  for (;;) yield Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
