// A photograph of 224 × 224 pixels, parts of which are painted over; what is covered counts in cells of 8 × 8 pixels.
//
// Which cells are covered is told in words, which stand in the address: how many cells are free, how many then covered,
// then free again, row by row, in base 36 between dots. '' covers nothing. The same is in book/_code/occluding.py.

export const SIDE = 224; // pixels, which the network sees
export const CELL = 8; // pixels
export const GRID = SIDE / CELL;
const CELLS = GRID ** 2;

/** The cells that words speak of, 1 where covered, row by row; nothing where they are no such words. */
export function cellsOf(words) {
  const cells = new Uint8Array(CELLS);
  if (words === '') return cells;
  const runs = words.split('.');
  if (runs.length > CELLS || !runs.every((run) => /^[0-9a-z]{1,2}$/.test(run))) return undefined;
  let at = 0;
  runs.forEach((run, i) => {
    const count = parseInt(run, 36);
    if (i % 2) cells.fill(1, at, at + count);
    at += count;
  });
  return at <= CELLS ? cells : undefined;
}

/** The words for these cells; the last free ones are not told. */
export function wordsOf(cells) {
  const runs = [];
  for (let at = 0, covered = 0; at < CELLS; covered = 1 - covered) {
    const first = at;
    while (at < CELLS && cells[at] === covered) at++;
    if (covered || at < CELLS) runs.push((at - first).toString(36));
  }
  return runs.join('.');
}

/** Where a square of `side` cells around a position in pixels begins: [row, column] of its first cell. */
export function cornerAt(x, y, side) {
  return [y, x].map((at) => Math.min(Math.max(Math.round(at / CELL - side / 2), 0), GRID - side));
}

/** The cells after a square of `side` cells was painted (`value` 1) or wiped (0) with its corner at [row, column]. */
export function painted(cells, [row, column], side, value) {
  const found = Uint8Array.from(cells);
  for (let r = row; r < row + side; r++) found.fill(value, r * GRID + column, r * GRID + column + side);
  return found;
}

/** The corners from one to another, so that a fast hand leaves no gaps; the first one is left out, if there are others. */
export function between(from, to) {
  const steps = Math.max(...to.map((at, axis) => Math.abs(at - from[axis])));
  if (!steps) return [to];
  return Array.from({length: steps}, (_, n) => from.map((at, axis) => Math.round(at + (to[axis] - at) * (n + 1) / steps)));
}

/** The share of the picture that is covered. */
export const areaOf = (cells) => cells.reduce((sum, cell) => sum + cell, 0) / CELLS;

/** The share of a square of `side` cells, with its corner at [row, column], that is covered. */
export function shareOf(cells, [row, column], side) {
  let sum = 0;
  for (let r = row; r < row + side; r++) {
    for (let c = column; c < column + side; c++) sum += cells[r * GRID + c];
  }
  return sum / side ** 2;
}

/** The middle of a picture {height, width, planes} as a square of `SIDE` pixels, between whose pixels is looked up. */
export function squared({height, width, planes}) {
  const whole = Math.min(height, width), [top, left] = [height, width].map((n) => Math.floor((n - whole) / 2));
  const looks = Array.from({length: SIDE}, (_, at) => {
    const place = Math.min(Math.max((at + 0.5) * whole / SIDE - 0.5, 0), whole - 1), first = Math.floor(place);
    return [first, Math.min(first + 1, whole - 1), place - first];
  });
  const of = (values) => Float64Array.from({length: SIDE ** 2}, (_, at) => {
    const [above, below, down] = looks[Math.floor(at / SIDE)], [before, after, right] = looks[at % SIDE];
    const along = (row) => (1 - right) * values[(top + row) * width + left + before] + right * values[(top + row) * width + left + after];
    return (1 - down) * along(above) + down * along(below);
  });
  return {height: SIDE, width: SIDE, planes: planes.map(of)};
}

/** What a fill paints in each of the three planes of a square picture. */
export const FILLS = {
  grey: () => 0.5, black: () => 0, white: () => 1, 'mean colour': (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
};

/** A square picture with its covered cells painted: three planes, as the network takes them. */
export function covered({planes}, cells, fill) {
  const data = new Float32Array(3 * SIDE ** 2);
  planes.forEach((values, channel) => {
    const paint = FILLS[fill](values);
    for (let at = 0; at < SIDE ** 2; at++) {
      const cell = Math.floor(at / SIDE / CELL) * GRID + Math.floor(at % SIDE / CELL);
      data[channel * SIDE ** 2 + at] = cells[cell] ? paint : values[at];
    }
  });
  return data;
}

/** The k most probable classes, best first: [number, probability]. */
export function best(probabilities, k) {
  return Array.from(probabilities, (share, number) => [number, share]).sort((a, b) => b[1] - a[1]).slice(0, k);
}

// Classes of ImageNet that are one thing to most of us, by number: from, to. Their names are nearly tied in some photographs.
const FAMILIES = {'a cat': [[281, 285]], 'a dog': [[151, 268]], 'coffee or a cup': [[504, 504], [967, 968]]};

/** The family of a class: its words, or nothing, and the numbers of all its classes. */
export function familyOf(number) {
  const found = Object.entries(FAMILIES).find(([, parts]) => parts.some(([from, to]) => from <= number && number <= to));
  if (!found) return {numbers: [number]};
  return {words: found[0], numbers: found[1].flatMap(([from, to]) => Array.from({length: to - from + 1}, (_, n) => from + n))};
}

const cellsWhere = (look) => Uint8Array.from({length: CELLS}, (_, at) => Number(look(Math.floor(at / GRID), at % GRID)));
const middle = (side) => (r, c) => [r, c].every((at) => at >= (GRID - side) / 2 && at < (GRID + side) / 2);

/** Covers to try. */
export const PRESETS = Object.fromEntries(Object.entries({
  'the middle': middle(12), 'all but the middle': (r, c) => !middle(12)(r, c), 'left half': (r, c) => c < GRID / 2,
  'dots': (r, c) => r % 4 === 1 && c % 4 === 1, stripes: (r) => r % 2 === 0, checkerboard: (r, c) => (r + c) % 2 === 0,
}).map(([name, look]) => [name, wordsOf(cellsWhere(look))]));
