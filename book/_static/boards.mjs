// Boards: titled drawings that stay in the page, with their hand and focus, while what they show changes.
import {element, panel, redraw, shape} from './elements.mjs';

/** {node, svg, show(title, width, height, label, ...children)}; `label` is for those who do not see the drawing. */
export function board() {
  const svg = shape('svg', {role: 'img'}), words = element('span');
  return {
    svg, node: panel(words, svg),
    show(title, width, height, label, ...children) {
      words.textContent = title;
      if (svg.getAttribute('role') === 'img') svg.setAttribute('aria-label', label); // a hand has named the others
      redraw(svg, width, height, children);
    },
  };
}

/** A frame around `rows` × `columns` cells of a grid, its corner at a row and a column. */
export function frame(row, column, rows, columns, size, colour = 'orange') {
  return shape('rect', {x: column * size + 1, y: row * size + 1, width: columns * size, height: rows * size,
    style: `fill: none; stroke: var(--${colour}); stroke-width: 3; pointer-events: none`});
}
