// A small drawing of a U-Net whose skips are cables: pressed, or with Enter, they are unplugged and plugged in again.
import {shape} from './elements.mjs';

const WIDTH = 320, ROW = 38, TOP = 22;

/**
 * The drawing, and `paint(gates)`. Skips are in the colours of `colours`, one per level; `toggle(level)` is called when the reader
 * presses one. `size` is the side of the images.
 */
export function cables(depth, size, colours, toggle) {
  const parts = [], skips = [];
  const block = (x, y, level) => {
    const wide = 9 + 4 * level, high = 28 - 5 * level;
    parts.push(shape('rect', {x: x - wide / 2, y: y - high / 2, width: wide, height: high, class: level === depth ? 'b' : 'a'}));
  };
  const arrow = (x1, y1, x2, y2) => parts.push(shape('line', {x1, y1, x2, y2, style: 'stroke: var(--soft); stroke-width: 1.5'}));
  for (let level = 0; level <= depth; level++) {
    const y = TOP + ROW * level, left = 22 + 34 * level, right = WIDTH - left, side = size / 2 ** level;
    block(level === depth ? WIDTH / 2 : left, y, level);
    if (level === depth) continue;
    block(right, y, level);
    const next = level + 1 === depth ? [WIDTH / 2 - 12, WIDTH / 2 + 12] : [left + 34, right - 34];
    arrow(left, y + 15 - 2 * level, next[0], y + ROW - 12 + 2 * level);
    arrow(next[1], y + ROW - 12 + 2 * level, right, y + 15 - 2 * level);
    skips.push(cable(left + 12 + 2 * level, right - 12 - 2 * level, y, `${side} × ${side}`, colours[level], () => toggle(level)));
  }
  const drawing = shape(
    'svg', {viewBox: `0 0 ${WIDTH} ${TOP + ROW * depth + 16}`, width: WIDTH, height: TOP + ROW * depth + 16, role: 'group', 'aria-label': 'The skips of the U-Net'},
    ...parts, ...skips.map(({node}) => node),
  );
  return {drawing, paint: (gates) => gates.forEach((gate, level) => skips[level].paint(gate))};
}

function cable(left, right, y, side, colour, toggle) {
  const middle = (left + right) / 2, line = shape('path', {fill: 'none', style: `stroke: var(--${colour}); stroke-width: 3; stroke-linecap: round`});
  const words = shape('text', {x: middle, y: y - 12, 'font-size': 11});
  const touch = shape('rect', {x: left, y: y - 20, width: right - left, height: 32, fill: 'transparent'});
  const node = shape('g', {role: 'switch', tabindex: 0, 'aria-label': `skip at ${side} pixels`, style: 'cursor: pointer'}, touch, line, words);
  node.addEventListener('click', toggle);
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    toggle();
  });
  return {
    node,
    paint(gate) {
      node.setAttribute('aria-checked', String(Boolean(gate)));
      line.setAttribute('d', gate ? `M${left} ${y}H${right}` : `M${left} ${y}q16 0 20 13m${right - left - 28} -13H${right}`);
      words.textContent = gate ? `skip, ${side}` : `${side}: unplugged`;
    },
  };
}
