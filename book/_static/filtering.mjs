// Kernels on pictures: the lecture's nine, the fields that hold one, and what it makes of a picture.
// A picture is {height, width, planes}, planes one (grey) or three (red, green, blue) arrays of brightness in 0…1.
import {correlate, fromRows, plane} from './conv.mjs';
import {number} from './elements.mjs';
import {buttons, table} from './fields.mjs';

/** Rows of whole numbers, what they are divided by, and what a reader sees in the output. */
export const KERNELS = {
  identity: {
    rows: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    sees: 'Only the middle pixel counts, so the output is the image itself.',
  },
  edge1: {
    rows: [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
    sees: 'Two corners are added and two subtracted, so the output shows corners and diagonal edges.',
  },
  edge2: {
    rows: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    sees: 'Four times the middle is subtracted from its four neighbours, so only edges and fine detail are left.',
  },
  edge3: {
    rows: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    sees: 'All neighbours are subtracted from eight times the middle, so only edges and fine detail are left.',
  },
  sharpen: {
    rows: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    sees: 'The edges are added to the image, so everything looks sharper.',
  },
  box_blur: {
    rows: [[1, 1, 1], [1, 1, 1], [1, 1, 1]], divisor: 9,
    sees: 'Each output is the mean of nine pixels, so fine detail is gone.',
  },
  gaussian_blur: {
    rows: [[1, 2, 1], [2, 4, 2], [1, 2, 1]], divisor: 16,
    sees: 'Each output is a mean in which near pixels count more, so the image looks soft.',
  },
  sobel_x: {
    rows: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    sees: 'The pixels on the left are subtracted from those on the right, so the output shows vertical edges.',
  },
  sobel_y: {
    rows: [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    sees: 'The pixels below are subtracted from those above, so the output shows horizontal edges.',
  },
};
const NAMES = Object.keys(KERNELS);
const same = (a, b) => String(a) === String(b);

/** A preset's name where these numbers are its own, else nothing. */
export const nameOf = (rows, divisor) => NAMES.find((name) => same(KERNELS[name].rows, rows) && (KERNELS[name].divisor ?? 1) === divisor);

/** Three fields of a figure: the nine presets on buttons, the kernel's numbers, and what all of them are divided by. */
export function kernelFields(first) {
  const preset = (name) => ({kernel: KERNELS[name].rows, divisor: [[KERNELS[name].divisor ?? 1]]});
  const start = preset(first);
  return {
    // The numbers tell which preset is pressed, and they alone stand in the address.
    preset: {
      ...buttons(first, NAMES, {name: 'kernels', then: preset}),
      words: () => '', read: () => undefined, limit: (_, {kernel, divisor: [[by]]}) => nameOf(kernel, by),
    },
    kernel: table(start.kernel, {name: 'kernel'}),
    divisor: table(start.divisor, {name: 'divided by', good: (by) => by !== 0}),
  };
}

/** What a picture's planes become; the border pixel is repeated outwards, so that the output has no frame of its own. */
export function filtered({height, width, planes}, rows, divisor) {
  const kernel = fromRows(rows.map((row) => row.map((weight) => weight / divisor)));
  const options = {padding: 1, mode: 'replicate'};
  return {height, width, planes: planes.map((data) => correlate(plane(height, width, data), kernel, options).data)};
}

/**
 * [black, white] of an output. Where the entries sum to 1 it is a picture. Else it has both signs and 0 becomes mid-grey;
 * white is the size that 0.5 % of the numbers exceed.
 */
export function shownRange({planes}, rows, divisor) {
  if (Math.abs(rows.flat().reduce((a, b) => a + b) / divisor - 1) < 1e-6) return [0, 1];
  const far = quantile(planes, 0.995) || 1;
  return [-far, far];
}

/** The absolute value that this share of all numbers does not exceed, to a four thousandth of the largest; that one itself
 * where nearly all numbers are 0. */
function quantile(planes, share) {
  let largest = 0, total = 0;
  for (const data of planes) {
    total += data.length;
    for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]));
  }
  if (!largest) return 0;
  const counts = new Uint32Array(4097);
  for (const data of planes) for (let i = 0; i < data.length; i++) counts[Math.round(4096 * Math.abs(data[i]) / largest)]++;
  let below = 0, bin = 0;
  while (below + counts[bin] < share * total) below += counts[bin++];
  return (bin || 4096) / 4096 * largest;
}

/** A grey picture: the mean of the planes. */
export function greyed({height, width, planes}) {
  if (planes.length === 1) return {height, width, planes};
  return {height, width, planes: [planes[0].map((_, i) => planes.reduce((sum, data) => sum + data[i], 0) / planes.length)]};
}

/** The nine pixels under the kernel, row by row; outside the picture its border is repeated. */
export function windowAt({height, width}, data, [row, column]) {
  const inside = (at, count) => Math.min(Math.max(at, 0), count - 1);
  return [-1, 0, 1].map((u) => [-1, 0, 1].map((v) => data[inside(row + u, height) * width + inside(column + v, width)]));
}

/** What these numbers do, in a sentence. */
export function seen(rows, divisor) {
  const name = nameOf(rows, divisor);
  if (name) return KERNELS[name].sees;
  const sum = rows.flat().reduce((a, b) => a + b) / divisor;
  if (Math.abs(sum) < 1e-6) return 'The entries sum to 0, so a uniform area becomes 0, which is shown as mid-grey.';
  if (Math.abs(sum - 1) < 1e-6) return 'The entries sum to 1, so a uniform area keeps its brightness.';
  return `The entries sum to ${number(sum)}, so a uniform area of brightness 1 becomes ${number(sum)}.`;
}

/** What the shades of an output mean, in a sentence. */
export function legend([low, high]) {
  return low < 0 ? `Black is ${number(low)} or less, mid-grey is 0, white is ${number(high)} or more.` : 'Black is 0 or less, white is 1 or more.';
}
