// Transposed convolution of tables (rows of numbers): stamps that add up, windows that read, and how often each position is written.

const table = (rows, columns, value) => Array.from({length: rows}, (_, i) => Array.from({length: columns}, (_, j) => value(i, j)));

/**
 * Along one axis of n pixels and k taps: `size` positions of the output, the first of them `start`, of `all` positions that
 * stamps reach or the output keeps (PyTorch's padding removes some, its output_padding, here `extra`, keeps or appends some).
 */
export function extent(n, k, {stride, padding = 0, extra = 0}) {
  const size = (n - 1) * stride - 2 * padding + k + extra;
  return {size, start: padding, all: Math.max((n - 1) * stride + k, padding + size)};
}

/** The sum of stamps on all positions; `pixels` are those that put one down, numbered row by row, all of them at first. */
export function stamped(image, kernel, options, pixels = image.flat().keys()) {
  const wide = image[0].length;
  const sum = table(extent(image.length, kernel.length, options).all, extent(wide, kernel[0].length, options).all, () => 0);
  for (const pixel of pixels) {
    const row = Math.floor(pixel / wide), column = pixel % wide;
    kernel.forEach((taps, u) => taps.forEach((tap, v) => {
      sum[row * options.stride + u][column * options.stride + v] += image[row][column] * tap;
    }));
  }
  return sum;
}

/** What the output keeps of a table of all positions. */
export function kept(all, image, kernel, options) {
  const down = extent(image.length, kernel.length, options), right = extent(image[0].length, kernel[0].length, options);
  return all.slice(down.start, down.start + down.size).map((row) => row.slice(right.start, right.start + right.size));
}

/** The image with stride − 1 zeros between its pixels and zeros around them; null stands for such a zero. */
export function spread(image, kernel, options) {
  const [kh, kw] = [kernel.length, kernel[0].length], {stride} = options;
  const read = (line, at) => (at >= 0 && at % stride === 0 ? line?.[at / stride] : undefined);
  const [rows, columns] = [[image.length, kh], [image[0].length, kw]].map(([n, k]) => extent(n, k, options).all + k - 1);
  return table(rows, columns, (i, j) => read(read(image, i - kh + 1), j - kw + 1) ?? null);
}

export const rotated = (kernel) => kernel.map((row) => [...row].reverse()).reverse();

/** The first and the last input pixel of a long row that write to position x; none if the first is the larger. */
export function writers(x, k, stride) {
  return [Math.max(0, Math.ceil((x - k + 1) / stride)), Math.floor(x / stride)];
}

/** How many stamps of k taps reach each of the first `count` positions of a long row. */
export function overlaps(k, stride, count) {
  return Array.from({length: count}, (_, x) => {
    const [first, last] = writers(x, k, stride);
    return last - first + 1;
  });
}
