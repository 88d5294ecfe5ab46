// Which sizes fit through a U-Net: the map's side at every level, for any input, depth and padding.
import {choice, controls, drawing, element, mount, sentence, shape, slider} from '../live.mjs';

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

/** The side of the square of input pixels that one number at the bottom depends on: two 3 × 3 layers a level, 2 × 2 pooling. */
export function field(depth) {
  let reach = 1, jump = 1;
  for (let level = 0; level <= depth; level++) {
    reach += 4 * jump;
    if (level < depth) { reach += jump; jump *= 2; }
  }
  return reach;
}

mount('unet', 'Sizes inside a U-Net', (box) => {
  const state = {size: 572, depth: 4, padding: 'valid'};
  const panel = element('div', {className: 'live-panel'}), line = sentence();
  const size = slider('input', {min: 16, max: 640, value: 572}, (value) => update({size: value}));
  const depth = slider('depth', {min: 1, max: 5, value: 4}, (value) => update({depth: value}));
  const padding = choice('padding', ['valid', 'same'], 'valid', (value) => update({padding: value}));

  function update(changes) {
    Object.assign(state, changes);
    const {down, up, fault, out} = walk(state.size, state.depth, state.padding);
    const row = 84, step = 150 / Math.max(state.depth - 1, 1), parts = [];
    const wire = (x1, y, x2, colour) => parts.push(shape('line', {x1, y1: y, x2, y2: y, style: `stroke: var(--${colour}); stroke-width: 2`}));
    const words = (text, x, y, colour = 'ink') => parts.push(shape('text', {x, y, 'font-size': 15, style: `fill: var(--${colour})`}, String(text)));
    const map = (x, y, side, kind) => {
      const tall = Math.max(3, 52 * Math.min(1, side / state.size));
      parts.push(shape('rect', {x: x - 8, y: y - tall / 2, width: 16, height: tall, class: kind}));
      words(side, x, y + tall / 2 + 11);
    };
    down.forEach(([before, after], level) => {
      const y = 32 + row * level, last = level === state.depth;
      const left = last ? 252 : 26 + step * level, right = 478 - step * level;
      map(left, y, before, 'pad');
      map(left + 56, y, Math.max(after, 0), 'a');
      wire(left + 12, y, left + 44, 'soft');
      if (last || !up[level]) return;
      map(right, y, up[level][0], 'c');
      map(right + 56, y, Math.max(up[level][1], 0), 'c');
      wire(right + 12, y, right + 44, 'soft');
      wire(left + 76, y, right - 20, 'blue');
      const crop = after - up[level][0];
      if (right - left > 150) words(crop ? `crop ${crop}` : 'skip', (left + right + 56) / 2, y - 12, 'blue');
    });
    const label = `A U-Net of depth ${state.depth}: ${state.size} pixels go in, ${fault ?? `${out} come out`}.`;
    panel.replaceChildren(drawing(560, row * (state.depth + 1), label, ...parts));
    line.textContent = fault
      ? `${state.size} does not fit: ${fault}.`
      : `${state.size} → ${out}${out < state.size ? `: a border of ${(state.size - out) / 2} pixels gets no label` : ''}. One number at the bottom sees ${field(state.depth)} pixels across.`;
  }

  box.append(panel, line, controls(size.label, depth.label, padding.label));
  update({});
});
