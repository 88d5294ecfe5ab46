// A picture and its output beside each other, with the kernel lying on both; it slides, and leaves its output behind.
import {element, panel} from './elements.mjs';
import {filtered, greyed, shownRange} from './filtering.mjs';
import {hand} from './kit.mjs';

const DURATION = 5000; // milliseconds of a slide over the whole picture
const BANDS = 12; // a slide takes the rows in so many bands, so that the eye can follow it
const RESTING = 1 / 18; // the kernel's side at rest as a share of the picture's longer side: larger than it is, to be seen

/**
 * A slide when this share of its time has passed: all rows above `top` are done, and of `side` rows below it the columns
 * up to `column`. Every pixel takes the same time.
 */
export function swept(share, {height, width}) {
  const side = Math.ceil(height / BANDS), way = Math.min(share, 1) * height / side;
  const band = Math.min(Math.floor(way), Math.ceil(height / side) - 1), rows = Math.min(side, height - band * side);
  return {top: band * side, side: rows, column: Math.min((way - band) * side / rows, 1) * width};
}

/**
 * Both canvases of a figure whose state has `photo`, `kernel`, `divisor` and `at`. `photograph` and `output` are the nodes
 * to place, `slide` is the button; `paint(state, {grey})` paints them and gives back what it has computed.
 */
export function view(kit, source, titles, {drag}) {
  const stages = titles.map(() => element('canvas'));
  const marks = titles.map(() => element('div', {className: 'live-mark', ariaHidden: 'true'}));
  marks.forEach((mark) => mark.append(...Array.from({length: 9}, () => element('i'))));
  const nodes = titles.map((title, i) => panel(title, element('div', {className: 'live-stage'}, stages[i], marks[i])));
  const whole = element('canvas');
  let known = {}, share = Infinity;

  const point = (x, y) => { if (!kit.moving) kit.set({at: [Math.floor(y), Math.floor(x)]}); };
  titles.forEach((title, i) => hand(stages[i], `${title}. Arrow keys move the kernel.`, {
    drag: drag && i === 0, press: () => kit.stop(), at: point, over: point,
    by: (down, right) => kit.set({at: [kit.state.at[0] + down, kit.state.at[1] + right]}),
  }));

  /** The output of the present picture and kernel; computed only where one of them is another. */
  function output({photo, kernel, divisor: [[by]]}, grey) {
    const picture = source.current(photo), {kernel: rows} = known;
    if (known.picture === picture && rows === kernel && known.by === by && known.grey === grey) return known;
    const input = grey ? greyed(picture) : picture, result = filtered(input, kernel, by);
    known = {picture, kernel, by, grey, input, result, range: shownRange(result, kernel, by)};
    draw(stages[0], input, [0, 1]);
    draw(whole, result, known.range);
    const largest = Math.max(...kernel.flat().map(Math.abs)) || 1;
    for (const mark of marks) {
      kernel.flat().forEach((weight, i) => {
        mark.children[i].className = weight < 0 ? 'minus' : 'plus';
        mark.children[i].style.opacity = Math.abs(weight) / largest;
      });
    }
    return known;
  }

  function paint(state, {grey}) {
    const found = output(state, grey), {height, width} = found.result;
    Object.assign(stages[1], {height, width}); // this clears it, too
    const context = stages[1].getContext('2d');
    let [row, column] = state.at.map((at) => at + 0.5), side = RESTING * Math.max(height, width);
    if (kit.moving) {
      const slide = swept(share, found.result);
      if (slide.top) context.drawImage(whole, 0, 0, width, slide.top, 0, 0, width, slide.top);
      if (slide.column > 0) context.drawImage(whole, 0, slide.top, slide.column, slide.side, 0, slide.top, slide.column, slide.side);
      [row, column, side] = [slide.top + slide.side / 2, slide.column, slide.side];
    } else {
      context.drawImage(whole, 0, 0);
    }
    for (const {style} of marks) {
      style.left = `${100 * (column - side / 2) / width}%`;
      style.top = `${100 * (row - side / 2) / height}%`;
      style.width = `${100 * side / width}%`;
    }
    return found;
  }

  const slide = kit.player('slide the kernel', (milliseconds) => {
    share = milliseconds / DURATION;
    kit.show({});
    return share < 1;
  });
  slide.className = 'live-slide'; // as wide when it says "stop"
  slide.hidden = kit.still;
  kit.reset.addEventListener('click', () => source.forgive());
  return {photograph: nodes[0], output: nodes[1], slide, paint};
}

/** Paints a picture, `low` black and `high` white. */
function draw(canvas, {height, width, planes}, [low, high]) {
  Object.assign(canvas, {height, width});
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(width, height), {data} = pixels;
  const scale = 255 / (high - low);
  for (let channel = 0; channel < 3; channel++) {
    const values = planes[channel] ?? planes[0];
    for (let i = 0; i < values.length; i++) data[4 * i + channel] = (values[i] - low) * scale; // clamped and rounded by its type
  }
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  context.putImageData(pixels, 0, 0);
}
