// Pooling of one plane, as PyTorch's: a plane is {height, width, data}, row by row (conv.mjs).
import {plane} from './conv.mjs';

/** Where the windows begin along an axis of `n` pixels; the padding lies below 0. Empty if none fits. */
export function starts(n, {kernel, stride = kernel, padding = 0, dilation = 1, ceil = false}) {
  const room = n + 2 * padding - dilation * (kernel - 1) - 1;
  if (room < 0) return [];
  const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  return Array.from({length: count}, (_, at) => at * stride - padding).filter((start) => !ceil || start < n);
}

/** The pixels of the window that begins at `start` which lie on the image. */
export function taps(start, n, {kernel, dilation = 1}) {
  return Array.from({length: kernel}, (_, tap) => start + tap * dilation).filter((at) => at >= 0 && at < n);
}

const windows = ({height, width}, options) => starts(height, options).map((top) =>
  starts(width, options).map((left) => [taps(top, height, options), taps(left, width, options), top, left]));

/** The largest pixel of each window, and its index in the image: the first one, row by row, where several are. */
export function largest(image, options) {
  const found = windows(image, options), out = plane(found.length, found[0]?.length ?? 0);
  const indices = found.flat().map(([rows, columns], at) => {
    const places = rows.flatMap((row) => columns.map((column) => row * image.width + column));
    const best = places.reduce((first, next) => (image.data[next] > image.data[first] ? next : first));
    out.data[at] = image.data[best];
    return best;
  });
  return {...out, indices};
}

/** The mean of each window without dilation, and by how many pixels its sum is divided; `count`: those of the padding too. */
export function mean(image, {dilation, ...options}) {
  const {kernel, padding = 0, count = true} = options, reach = count ? padding : 0;
  const found = windows(image, options), out = plane(found.length, found[0]?.length ?? 0);
  const along = (start, n) => Math.min(start + kernel, n + reach) - Math.max(start, -reach);
  const divisors = found.flat().map(([rows, columns, top, left], at) => {
    const sum = rows.reduce((all, row) => columns.reduce((part, column) => part + image.data[row * image.width + column], all), 0);
    const divisor = along(top, image.height) * along(left, image.width);
    out.data[at] = sum / divisor;
    return divisor;
  });
  return {...out, divisors};
}
