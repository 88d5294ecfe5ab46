// The blocks of architectures, as the still picture brings them (book/_code/modules.py), and words for their counts.

/** A block with its sums: {name, given, shape, layers, parameters, multiplications}. */
export function costs([name, given, shape, rows]) {
  const layers = rows.map(([layer, kind, output, parameters, multiplications]) => ({layer, kind, shape: output, parameters, multiplications}));
  const sum = (key) => layers.reduce((all, each) => all + each[key], 0);
  return {name, given, shape, layers, parameters: sum('parameters'), multiplications: sum('multiplications')};
}

/** A count with three digits and a letter: 102.8 M is written "103 M". */
export function shortCount(count) {
  const [power, letter] = [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']].find(([least]) => count >= least) ?? [1, ''];
  return `${Number((count / power).toPrecision(3))}${letter}`;
}

/** A count in full, with commas. */
export const counted = (count) => count.toLocaleString('en-US');
