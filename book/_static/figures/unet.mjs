// Which sizes fit through a U-Net, for any input, depth and padding; and, of the chapter's own network, the maps of each block.
import {element, panel, row, shape} from '../elements.mjs';
import {choice, range} from '../fields.mjs';
import {figure, starter} from '../kit.mjs';
import {MEGABYTES, network} from '../networks.mjs';
import {FIRST, NOISE, SIZE, drawScene, paintImage, read} from '../scenes.mjs';
import {field, walk} from '../unet.mjs';

const OURS = {size: SIZE, depth: 3, padding: 'same'}, PAPER = {size: 572, depth: 4, padding: 'valid'};
const WIDTH = 560, ROW = 84; // of the drawing
const MAPS = 256; // pixels of a drawing of maps, at least

const FIELDS = {
  size: range(OURS.size, 16, 640, {name: 'input'}),
  depth: range(OURS.depth, 1, 5),
  padding: choice(OURS.padding, ['valid', 'same']),
  // Set by pressing a block: its name in the network, such as encoder.0.
  block: {
    value: '', words: String,
    read: (words) => (/^(encoder|upconv|decoder)\.\d$/.test(words) ? words : undefined),
    limit: (name, {depth}) => (Number(name.at(-1)) < depth + name.startsWith('encoder') ? name : ''),
  },
};

figure('unet', 'A U-Net: its sizes and its maps', FIELDS, (kit) => {
  const drawing = shape('svg', {width: WIDTH, role: 'group'}), place = element('div', {className: 'live-panel'});
  const presets = [['this chapter’s network', OURS], ['the paper’s network', PAPER]].map(([words, changes]) => {
    const node = element('button', {type: 'button'}, words);
    node.addEventListener('click', () => kit.set(changes));
    return {node, show: (state) => { node.ariaPressed = String(is(state, changes)); }};
  });
  let maps; // of the chapter's network, by block
  const {image} = drawScene(read(FIRST), NOISE, 0);
  const load = starter(`Load the network and see its maps (${MEGABYTES.shapes} MB)`, async (wait) => {
    kit.set({...OURS, block: kit.state.block || 'encoder.0'});
    const run = await network('shapes', wait);
    maps = await run({
      image: {dims: [1, 3, SIZE, SIZE], data: image},
      gates: {dims: [1, OURS.depth], data: new Float32Array(OURS.depth).fill(1)},
    });
    kit.set({});
  });
  load.className = ''; // the figure has started without it
  kit.box.append(row(...presets.map(({node}) => node)), place, kit.line, row(load));
  place.append(drawing);
  const scene = element('canvas', {width: 2 * SIZE, height: 2 * SIZE, className: 'live-small'}), canvas = element('canvas');
  const shown = panel('', canvas), picture = row(panel('the scene', scene), shown);
  paintImage(scene, image);
  pullTheInput(kit, drawing);

  return (state) => {
    const {size, depth, padding, block} = state, steps = walk(size, depth, padding);
    drawing.setAttribute('viewBox', `0 0 ${WIDTH} ${ROW * (depth + 1)}`);
    drawing.setAttribute('height', ROW * (depth + 1));
    drawing.setAttribute('aria-label', `A U-Net of depth ${depth}: ${size} pixels go in, ${steps.fault ?? `${steps.out} come out`}`);
    const focused = drawing.querySelector(':focus')?.dataset.block;
    drawing.replaceChildren(...parts(kit, state, steps));
    drawing.querySelector(`[data-block="${focused}"]`)?.focus();

    const ours = is(state, OURS);
    presets.forEach(({show}) => show(state));
    if (maps && ours && block) {
      shown.firstChild.textContent = `${block}: each map from its smallest number (black) to its largest (white)`;
      paintMaps(canvas, maps[block]);
      kit.line.after(picture);
    } else picture.remove();
    kit.say(`${sentence(state, steps)} ${block ? about(state, steps, ours, maps) : 'Press a block to read what it gives.'}`);
  };
});

const is = (state, network) => Object.entries(network).every(([key, value]) => state[key] === value);

function sentence({size}, {fault, out}) {
  if (fault) return `An input of ${size} × ${size} pixels does not fit: ${fault}.`;
  return `An input of ${size} × ${size} pixels gives an output of ${out} × ${out}.`
    + (out < size ? ` A border of ${(size - out) / 2} pixels gets no label.` : '');
}

/** Words about a block. */
function about({depth, block}, {down, up}, ours, maps) {
  const [part, index] = [block.slice(0, -2), Number(block.at(-1))], level = part === 'encoder' ? index : depth - 1 - index;
  const side = {encoder: down[level]?.[1], upconv: up[level]?.[0], decoder: up[level]?.[1]}[part];
  if (!(side > 0)) return `Nothing reaches the block ${block}.`;
  const kind = part === 'upconv' ? 'a 2 × 2 transposed convolution' : 'two 3 × 3 convolutions with ReLU';
  const count = ours ? `${8 * 2 ** level} maps` : level ? `${2 ** level} times as many maps as level 0,` : 'maps';
  return `The block ${block}, ${kind}, gives ${count} of ${side} × ${side}.`
    + (part === 'encoder' ? ` Each of their numbers depends on ${field(level)} × ${field(level)} input pixels.` : '')
    + (maps && !ours ? ' Maps are shown for this chapter’s network only.' : '');
}

/** The shapes of the drawing: blocks that can be pressed, arrows, skips, sides. */
function parts(kit, {size, depth, block}, {down, up}) {
  const step = 150 / Math.max(depth - 1, 1), drawn = [];
  const wire = (x1, y, x2, colour) => drawn.push(shape('line', {x1, y1: y, x2, y2: y, style: `stroke: var(--${colour}); stroke-width: 2`}));
  const between = (x1, y1, x2, y2) => drawn.push(shape('line', {x1, y1, x2, y2, style: 'stroke: var(--soft); stroke-width: 2'}));
  const words = (text, x, y, colour = 'ink') => shape('text', {x, y, 'font-size': 17, style: `fill: var(--${colour})`}, String(text));
  const map = (x, y, side, kind, name) => {
    const tall = Math.max(3, 52 * Math.min(1, side / size));
    const box = shape('rect', {x: x - 8, y: y - tall / 2, width: 16, height: tall, class: name === block ? `${kind} solid` : kind});
    const node = shape('g', {}, box, words(side, x, y + tall / 2 + 12));
    drawn.push(node);
    if (!name) return node;
    node.prepend(shape('rect', {x: x - 22, y: y - 30, width: 44, height: 68, fill: 'transparent'})); // room for a finger
    for (const [key, value] of Object.entries({role: 'button', tabindex: 0, 'aria-pressed': name === block, 'aria-label': `block ${name}, ${side} pixels`, 'data-block': name, style: 'cursor: pointer'})) node.setAttribute(key, value);
    const press = () => kit.set({block: name === block ? '' : name});
    node.addEventListener('click', press);
    node.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      press();
    });
    return node;
  };
  down.forEach(([before, after], level) => {
    const y = 32 + ROW * level, last = level === depth;
    const left = last ? 252 : 26 + step * level, right = 478 - step * level;
    const input = map(left, y, before, 'pad');
    if (level === 0) Object.assign(input.style, {cursor: 'ns-resize', touchAction: 'none'}), input.classList.add('input');
    map(left + 56, y, Math.max(after, 0), 'a', `encoder.${level}`);
    wire(left + 12, y, left + 44, 'soft');
    if (last || !up[level]) return;
    map(right, y, up[level][0], 'c', `upconv.${depth - 1 - level}`);
    map(right + 56, y, Math.max(up[level][1], 0), 'c', `decoder.${depth - 1 - level}`);
    wire(right + 12, y, right + 44, 'soft');
    const below = level + 1 === depth ? [252, 308] : [left + step, right - step + 56];
    between(left + 58, y + 49, below[0], y + ROW - 18);
    between(below[1], y + ROW - 18, right - 2, y + 49);
    wire(left + 76, y, right - 20, 'blue');
    const crop = after - up[level][0];
    if (right - left > 150) drawn.push(words(crop ? `crop ${crop}` : 'skip', (left + right + 56) / 2, y - 14, 'blue'));
  });
  return drawn;
}

/** The hand pulls the input's box up or down, and the input grows or shrinks. */
function pullTheInput(kit, drawing) {
  let from;
  drawing.addEventListener('pointerdown', (event) => {
    if (!event.target.closest('.input')) return;
    drawing.setPointerCapture(event.pointerId);
    from = {y: event.clientY, size: kit.state.size};
  });
  drawing.addEventListener('pointermove', (event) => {
    if (from) kit.set({size: Math.round(from.size + from.y - event.clientY)});
  });
  for (const end of ['pointerup', 'pointercancel']) drawing.addEventListener(end, () => { from = undefined; });
}

/** Maps (1 · channels · side · side) beside each other, each in its own range of grey. */
function paintMaps(canvas, {dims: [, channels, side], data}) {
  const columns = Math.ceil(Math.sqrt(channels) / 2) * 2, rows = Math.ceil(channels / columns);
  const zoom = Math.max(1, Math.ceil(MAPS / (columns * side))), pitch = zoom * side + 2;
  Object.assign(canvas, {width: columns * pitch - 2, height: rows * pitch - 2});
  const context = canvas.getContext('2d');
  for (let channel = 0; channel < channels; channel++) {
    const map = data.subarray(channel * side ** 2, (channel + 1) * side ** 2), low = Math.min(...map), high = Math.max(...map);
    const [left, top] = [channel % columns * pitch, Math.floor(channel / columns) * pitch];
    map.forEach((value, i) => {
      const grey = high > low ? Math.round(255 * (value - low) / (high - low)) : 0;
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect(left + i % side * zoom, top + Math.floor(i / side) * zoom, zoom, zoom);
    });
  }
}
