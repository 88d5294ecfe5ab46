// The receptive field of a stack that the reader builds, laid on a photograph; size and jump after each layer.
import {canvases, controls, drawing, element, redraw, row, shape} from '../elements.mjs';
import {position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {STACKS, fields, padded, receptiveField} from '../receptive.mjs';

const PIXELS = 224; // of the photograph, from side to side
const MOST = {layers: 50, k: 11, stride: 4, dilation: 8, jump: 128}; // what one may build
const SIDE = 340, GAP = 24, ROOMY = 26; // of the photograph; beside the charts; of a column in which words have room
const HIGH = 92, HEAD = 32, FOOT = 44; // of a chart: its bars and what stands above them; what stands below both
const FRAMES = {field: '#f0965a', next: '#5eb0f2', under: '#10151b'}; // on a photograph, so in both themes
const NAMES = {five: 'five layers', vgg16: 'VGG-16', resnet50: 'ResNet-50', unet: 'U-Net, down to its bottom'};

const words = (stack) => stack.map(({k, stride, dilation}) => [k, stride, dilation].join('.')).join('_');
const known = (stack) => Object.keys(STACKS).find((name) => words(STACKS[name]) === words(stack));
const jumpOf = (stack) => stack.reduce((jump, {stride}) => jump * stride, 1);
const hidden = (field) => ({...field, control: undefined});

function readStack(text) {
  if (Object.hasOwn(STACKS, text)) return STACKS[text];
  const stack = text.split('_').map((part) => part.split('.').map(Number));
  const whole = (value, most) => Number.isInteger(value) && value >= 1 && value <= most;
  const fine = ([k, stride, dilation, ...more]) => !more.length && whole(k, MOST.k) && whole(stride, MOST.stride) && whole(dilation, MOST.dilation);
  if (stack.length > MOST.layers || !stack.every(fine)) return undefined;
  const found = stack.map((layer) => padded(...layer));
  return jumpOf(found) > MOST.jump ? undefined : found;
}

const FIELDS = {
  stack: {value: STACKS.five, words: (stack) => known(stack) ?? words(stack), read: readStack, limit: (stack) => stack},
  layer: hidden(range(5, 1, MOST.layers, {bounds: ({stack}) => ({max: stack.length})})),
  at: position([112, 112], () => [PIXELS, PIXELS]),
};
// The sliders of the chosen layer.
const ARGUMENTS = {
  k: range(3, 1, MOST.k, {name: 'kernel'}),
  stride: range(1, 1, MOST.stride, {bounds: ({stack, layer}) => ({max: Math.min(MOST.stride, Math.floor(MOST.jump * stack[layer - 1].stride / jumpOf(stack)))})}),
  dilation: range(1, 1, MOST.dilation),
};

figure('stack', 'The receptive field of a stack of layers', FIELDS, async (kit) => {
  const {state} = kit, [photo] = await canvases(kit.picture);
  const image = shape('image', {href: photo.toDataURL('image/jpeg', 0.9), width: PIXELS, height: PIXELS, preserveAspectRatio: 'none'});
  const view = drawing(0, 0, ''), charts = drawing(0, 0, '');
  const build = (stack, layer) => kit.set({stack, layer});
  const replace = (changes) => {
    const {k, stride, dilation} = {...state.stack[state.layer - 1], ...changes};
    build(state.stack.with(state.layer - 1, padded(k, stride, dilation)), state.layer);
  };

  let window; // the first pixel that is seen of the view, and how large a pixel is drawn
  hand(view, 'The photograph. Press a position, or move the unit with the arrow keys.', {
    at: (x, y) => kit.set({at: [y, x].map((along) => Math.floor(window.first + along / window.scale))}),
    by: (down, right) => {
      const {jump} = fields(state.stack.slice(0, state.layer), PIXELS).at(-1);
      kit.set({at: [state.at[0] + down * jump, state.at[1] + right * jump]});
    },
  });
  let column; // pixels from one layer to the next
  hand(charts, 'Size and jump after each layer. Press a layer, or choose one with the arrow keys.', {
    drag: 'across', at: (x) => kit.set({layer: Math.floor(x / column) + 1}), by: (down, right) => kit.set({layer: state.layer + right}),
  });

  const presets = Object.keys(STACKS).map((name) => {
    const node = element('button', {type: 'button', onclick: () => build(STACKS[name], STACKS[name].length)}, NAMES[name]);
    return {node, show: ({stack}) => { node.ariaPressed = String(known(stack) === name); }};
  });
  const sliders = Object.entries(ARGUMENTS).map(([key, field]) => {
    const {node, show} = field.control(key, (value) => replace({[key]: value}));
    return {node, show: (now) => show(now.stack[now.layer - 1][key], now)};
  });
  const add = element('button', {type: 'button', onclick: () => build(state.stack.toSpliced(state.layer, 0, padded(3)), state.layer + 1)}, 'add a layer');
  const remove = element('button', {type: 'button', onclick: () => build(state.stack.toSpliced(state.layer - 1, 1), Math.max(state.layer - 1, 1))}, 'remove this layer');
  const chosen = element('span');
  kit.box.append(element('div', {className: 'live-buttons', role: 'group', ariaLabel: 'stacks'}, ...presets.map(({node}) => node)),
    row(view, charts), kit.line, controls(...sliders.map(({node}) => node)), controls(chosen, add, remove, kit.reset));

  /** The photograph, zeros around it where the field reaches beyond, the field of the unit and that of the next one to the right. */
  function paintView(stack, at, {size, jump, count}) {
    const middle = (unit) => receptiveField(stack, unit), half = (PIXELS - 1) / 2;
    const origin = middle(0).reduce((sum, end) => sum + end) / 2; // of the first unit's field
    const units = at.map((along) => Math.min(Math.max(Math.round((along - origin) / jump), 0), Math.max(count - 1, 0)));
    const [[top, bottom], [left, right]] = units.map(middle);
    const far = Math.max(...[top, bottom, left, right + jump].map((along) => Math.abs(along - half)));
    const reach = Math.min(Math.max(PIXELS / 2, 1.05 * far), 5 * PIXELS), side = Math.min(kit.width(), SIDE);
    window = {first: half - reach, scale: side / (2 * reach)};
    const along = (pixel) => (pixel - window.first) * window.scale;
    const square = (x, y, long, style) => shape('rect', {x: along(x), y: along(y), width: long * window.scale, height: long * window.scale, style});
    const frame = (x, colour, wide, dashes = 'none') => [[FRAMES.under, wide + 1.5], [colour, wide]].map(([stroke, width]) =>
      square(x, top, size, `fill: none; stroke: ${stroke}; stroke-width: ${width}; stroke-dasharray: ${dashes}`));
    image.setAttribute('transform', `translate(${along(0)} ${along(0)}) scale(${window.scale})`);
    const outside = `M0 0H${side}V${side}H0zM${along(left)} ${along(top)}v${size * window.scale}h${size * window.scale}v${-size * window.scale}z`;
    redraw(view, side, side, [
      shape('rect', {width: side, height: side, class: 'pad'}), image,
      shape('path', {d: outside, style: `fill: ${FRAMES.under}; fill-opacity: .35; fill-rule: evenodd`}),
      ...frame(left + jump, FRAMES.next, 1.5, '5 4'), ...frame(left, FRAMES.field, 2.5),
    ]);
    return {units, cut: Math.min(top, left) < 0 || Math.max(bottom, right) >= PIXELS};
  }

  /** Two charts, one below the other, a column for each layer; below them what the layers are. */
  function paintCharts(stack, layer, found) {
    const room = kit.width() - SIDE - GAP, width = room < 280 ? Math.min(kit.width(), SIDE) : Math.min(room, 380);
    column = width / stack.length;
    const shown = stack.map((each, at) => ({...each, ...found[at], at, here: at === layer - 1})), roomy = column >= ROOMY;
    const word = ({at, here}, text, y) => (here || roomy ? [shape('text', {
      x: Math.min(Math.max((at + 0.5) * column, 14), width - 14), y, 'font-size': 12, style: here ? 'font-weight: 700' : '',
    }, text)] : []);
    const side = (text, y) => shape('text', {x: 0, y, 'font-size': 13, style: 'text-anchor: start'}, text);
    const chart = (title, top, key) => [side(title, top + 8), ...shown.flatMap((each) => {
      const tall = HIGH * each[key] / Math.max(...found.map((one) => one[key])), y = top + HEAD + HIGH - tall;
      return [shape('rect', {x: (each.at + 0.1) * column, y, width: 0.8 * column, height: tall, class: `${each.stride > 1 ? 'c' : 'a'}${each.here ? ' solid' : ''}`}),
        ...word(each, each[key], y - 8)];
    })];
    const second = HEAD + HIGH + 10, foot = second + HEAD + HIGH;
    const kind = ({k, stride, dilation}) => `${k}${stride > 1 ? ` / ${stride}` : ''}${dilation > 1 ? ` · ${dilation}` : ''}`;
    redraw(charts, width, foot + FOOT, [
      shape('rect', {x: (layer - 1) * column, y: 18, width: column, height: foot, style: 'fill: var(--panel)'}),
      ...chart('size of the field, in pixels', 0, 'size'), ...chart('jump, in pixels', second, 'jump'),
      ...shown.flatMap((each) => word(each, kind(each), foot + 11)), side('kernel / stride · dilation, green with a stride', foot + 34),
    ]);
  }

  return (now) => {
    const {stack, layer, at} = now, found = fields(stack, PIXELS), here = found[layer - 1];
    const {units, cut} = paintView(stack.slice(0, layer), at, here);
    paintCharts(stack, layer, found);
    [...presets, ...sliders].forEach(({show}) => show(now));
    chosen.textContent = `layer ${layer} of ${stack.length}`;
    add.disabled = stack.length === MOST.layers;
    remove.disabled = stack.length === 1;
    kit.say(told(now, found, units, cut));
  };
});

/** A formula that stays on one line. */
const whole = (formula) => formula.replaceAll(' ', '\u00a0');

function told({stack, layer}, found, [row, column], cut) {
  const {k, stride, dilation} = stack[layer - 1], {size, jump, count} = found[layer - 1];
  const before = found[layer - 2] ?? {size: 1, jump: 1};
  if (!count) return `Layer ${layer} has no unit left, because nothing is as large as its kernel.`;
  return `Layer ${layer} has ${count} × ${count} units. The unit in row ${row} and column ${column} sees ${size} × ${size} pixels (orange): `
    + `${whole(`${before.size} + ${dilation} · (${k} − 1) · ${before.jump} = ${size}.`)} `
    + (count > 1 ? `The next unit sees the same ${jump} pixel${jump > 1 ? 's' : ''} further (blue): ${whole(`${before.jump} · ${stride} = ${jump}.`)}` : '')
    + (cut ? ' A part of the field lies beyond the image, on zeros.' : '');
}
