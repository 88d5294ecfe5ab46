// What the levels of an encoder hold for some scenes, as the still picture of the figure brings it (book/_code/levels.py).
import {broughtAlong, element, loaded} from './elements.mjs';

/**
 * {classes, channels, peaks, scenes}: names of the classes, how many channels each level has, what white stands for in each
 * channel shown of each level, and for each scene its canvas, its true `labels` and the function `map(kind, level)`, which
 * gives {canvas, value(row, column)}. `kinds` are those of a sprite, from left to right; labels are painted, channels grey.
 */
export async function readSprites(picture, kinds) {
  const {scenes, colours, side, ...rest} = await broughtAlong(picture);

  function painter({data, width}) {
    const top = (level) => Array.from({length: level}, (_, above) => side >> above).reduce((sum, rows) => sum + rows, 0);
    const seen = new Map();
    return (kind, level) => {
      const key = `${kind} ${level}`;
      if (!seen.has(key)) {
        const rows = side >> level, left = kinds.indexOf(kind) * side;
        const value = (i, j) => data[4 * ((top(level) + i) * width + left + j)];
        seen.set(key, {value, canvas: paintedPixels(rows, (i, j) => (kind.startsWith('channel') ? Array(3).fill(value(i, j)) : colours[value(i, j)]))});
      }
      return seen.get(key);
    };
  }

  return {...rest, side, colours, scenes: await Promise.all(scenes.map(async ({image, labels, sprite}) => {
    const truth = bytes(await loaded(labels));
    return {canvas: await loaded(image), truth: (i, j) => truth.data[4 * (i * side + j)], map: painter(bytes(await loaded(sprite)))};
  }))};
}

const bytes = (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);

/** A square canvas of `side` pixels; `colour(i, j)` is [red, green, blue]. */
function paintedPixels(side, colour) {
  const canvas = element('canvas', {width: side, height: side}), context = canvas.getContext('2d');
  const image = context.createImageData(side, side);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) image.data.set([...colour(i, j), 255], 4 * (i * side + j));
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
