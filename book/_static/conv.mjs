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

/** The pixels that each tap of each window reads along one axis: entry [window * k + tap], −1 for a zero. */
function reads(n, k, {stride = 1, padding = 0, dilation = 1, mode = 'zeros'}) {
  const count = outputSize(n, k, stride, padding, dilation);
  const table = new Int32Array(count * k);
  for (let window = 0; window < count; window++) {
    for (let tap = 0; tap < k; tap++) {
      table[window * k + tap] = BORDERS[mode](window * stride + tap * dilation - padding, n);
    }
  }
  return {count, table};
}

/** Cross-correlation of one plane with one kernel (a plane too), added to `out` where one is given. */
export function correlate(image, kernel, options = {}, out) {
  const {height: kh, width: kw, data: weights} = kernel;
  const rows = reads(image.height, kh, options), columns = reads(image.width, kw, options);
  out ??= plane(rows.count, columns.count);
  for (let r = 0; r < rows.count; r++) {
    for (let c = 0; c < columns.count; c++) {
      let sum = 0;
      for (let u = 0; u < kh; u++) {
        const row = rows.table[r * kh + u];
        if (row < 0) continue;
        for (let v = 0; v < kw; v++) {
          const column = columns.table[c * kw + v];
          if (column >= 0) sum += weights[u * kw + v] * image.data[row * image.width + column];
        }
      }
      out.data[r * columns.count + c] += sum;
    }
  }
  return out;
}

/** One layer: `weight[t][s]` is the kernel from input plane s to output plane t. */
export function layer(planes, weight, options = {}) {
  return weight.map((slices) => slices.reduce((out, kernel, s) => correlate(planes[s], kernel, options, out), undefined));
}

export function relu(planes) {
  return planes.map(({height, width, data}) => plane(height, width, data.map((value) => Math.max(value, 0))));
}

/** Layers with ReLU between them and none at the end; `options[l]` are layer l's. */
export function network(planes, weights, options) {
  weights.forEach((weight, l) => {
    planes = layer(l ? relu(planes) : planes, weight, options[l]);
  });
  return planes;
}

/** Numbers from a normal distribution, the same ones for the same seed (mulberry32 and Box–Muller). */
export function* normals(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (;;) yield Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
