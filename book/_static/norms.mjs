// Words and means for numbers of very different sizes.
import {number} from './elements.mjs';

/** The geometric mean of positive numbers; 0 where one of them is 0. */
export const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** A positive number with two digits, as a product with a power of ten where it is small or large. */
export function power(value) {
  if (value >= 0.001 && value < 1000) return number(Number(value.toPrecision(2)), 4);
  const [digits, exponent] = value.toExponential(1).split('e');
  return `${number(Number(digits), 1)} · 10${[...String(Number(exponent))].map((sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[sign])).join('')}`;
}

/** "2.1 to 3.4", or one of them where their words are the same. */
export function spread(values, words) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(words);
  return low === high ? low : `${low} to ${high}`;
}
