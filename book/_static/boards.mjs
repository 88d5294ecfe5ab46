// Boards: titled drawings that stay in the page, with their hand and focus, while what they show changes.
import {cell, panel, shape} from './elements.mjs';

/** {node, svg, show(title, width, height, label, ...children)}; `label` is for those who do not see the drawing. */
export function board() {
  const svg = shape('svg', {role: 'img'}), node = panel('', svg);
  return {
    svg, node,
    show(title, width, height, label, ...children) {
      node.firstChild.textContent = title;
      for (const [name, value] of Object.entries({viewBox: `0 0 ${width} ${height}`, width, height})) svg.setAttribute(name, value);
      if (svg.getAttribute('role') === 'img') svg.setAttribute('aria-label', label); // a hand has named the others
      svg.replaceChildren(...children);
    },
  };
}

/** The cells of a table of words, one pixel from the drawing's left border and below `top`; `kind(i, j)` is the class of a cell. */
export function cells(words, size, kind, top = 0) {
  return words.flatMap((row, i) => row.map((word, j) => cell(j * size + 1, top + i * size + 1, size, kind(i, j), word ?? '')));
}

/** A frame around `rows` × `columns` cells, its corner at a row and a column. */
export function frame(row, column, rows, columns, size, colour = 'orange') {
  return shape('rect', {x: column * size + 1, y: row * size + 1, width: columns * size, height: rows * size,
    style: `fill: none; stroke: var(--${colour}); stroke-width: 3; pointer-events: none`});
}
