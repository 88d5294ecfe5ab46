// The network with max pooling as a strip, from the image to the class; the reader chooses a map or a class and sees its sum.
import {plane} from '../conv.mjs';
import {cell, controls, drawing, element, number, paint, panel, redraw, row, shape} from '../elements.mjs';
import {buttons, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {LETTERS, LEVELS, MARGIN, SIZE, letterHand, letterNetworks, letterScenes, logitSum, mapSum, run, view} from '../letternet.mjs';

// How the maps of each level stand beside each other: how many, in how many columns, how large each is drawn. 3 pixels lie between.
const GRIDS = [{count: 8, columns: 2, side: 42}, {count: 16, columns: 4, side: 35}, {count: 32, columns: 6, side: 24}];
const GAP = 3, CLASSES = LEVELS + 1; // the classes are chosen like the maps of one more level
const COUNTS = [...GRIDS.map(({count}) => count), LETTERS.length];
const MOST = 4; // terms of a sum that are shown one by one
const SIDE = 72; // pixels of a picture in a sum
const BAR = {left: 18, long: 46, high: 15.5};
const FRAMES = ['#10151b', '#5eb0f2']; // on pictures, so in both themes

const hidden = (field) => ({...field, control: undefined});
const FIELDS = {
  letter: buttons('b', LETTERS, {name: 'letter'}),
  down: hidden(range(0, -MARGIN, MARGIN)),
  right: hidden(range(0, -MARGIN, MARGIN)),
  level: hidden(range(2, 1, CLASSES)),
  map: hidden(range(10, 0, 31, {bounds: ({level}) => ({max: COUNTS[level - 1] - 1})})),
};

figure('strip', 'A network from the image to the class', FIELDS, async (kit) => {
  const {state} = kit, [{max: net}, scenes] = await Promise.all([letterNetworks(), letterScenes(kit.picture)]);

  const image = element('canvas');
  image.style.width = `${5 * SIZE}px`;
  letterHand(image, state, (down, right) => kit.set({down, right}));

  const choose = (level, map) => kit.set({level, map});
  /** The arrow keys go from the present map to one beside it, or to the first map of a level that is not chosen yet. */
  const step = (level, columns) => (down, right) => choose(level, state.level === level ? state.map + down * columns + right : 0);
  const levels = GRIDS.map(({count, columns, side}, l) => {
    const pitch = side + GAP, rows = Math.ceil(count / columns);
    const canvas = element('canvas', {width: columns * pitch + GAP, height: rows * pitch + GAP});
    Object.assign(canvas.style, {width: `${canvas.width}px`, border: 0});
    const along = (at, most) => Math.min(Math.max(Math.floor((at - GAP / 2) / pitch), 0), most - 1);
    hand(canvas, `The maps after pooling ${l + 1}. Press one, or choose with the arrow keys.`, {
      drag: false, by: step(l + 1, columns), at: (x, y) => choose(l + 1, along(y, rows) * columns + along(x, columns)),
    });
    return canvas;
  });
  const classes = drawing(0, 0, '');
  hand(classes, 'The probabilities of the letters. Press one, or choose with the arrow keys.', {
    drag: false, by: step(CLASSES, 1), at: (x, y) => choose(CLASSES, Math.floor(y / BAR.high)),
  });
  const titles = GRIDS.map(() => element('span')), strip = row(panel('image', image),
    ...levels.map((canvas, l) => element('div', {className: 'live-panel'}, titles[l], canvas)), panel('classes', classes));
  Object.assign(strip.style, {columnGap: '.75rem', alignItems: 'start'});
  const sum = row();
  Object.assign(sum.style, {marginTop: '.75rem', gap: '.5rem .3rem', alignItems: 'end'});
  kit.box.append(kit.control.letter, strip, kit.line, sum, controls(kit.reset));

  /** The pooled maps of a level in their grid, white the largest number of all of them; the chosen one has a frame. */
  function showLevel(canvas, maps, {columns, side}, chosen) {
    const context = canvas.getContext('2d'), {height, width} = maps[0], below = element('canvas'), pitch = side + GAP;
    const [orange, line] = ['orange', 'line'].map(kit.colour);
    paint(below, plane(height * maps.length, width, maps.flatMap(({data}) => [...data])), 0, largest(maps) || 1);
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    maps.forEach((_, t) => {
      const [x, y] = [GAP + t % columns * pitch, GAP + Math.floor(t / columns) * pitch];
      context.drawImage(below, 0, t * height, width, height, x, y, side, side);
      const [strokeStyle, lineWidth] = t === chosen ? [orange, GAP] : [line, 1];
      Object.assign(context, {strokeStyle, lineWidth});
      context.strokeRect(x - lineWidth / 2, y - lineWidth / 2, side + lineWidth, side + lineWidth);
    });
  }

  function showClasses(probabilities, chosen) {
    const most = Math.max(...probabilities), {left, long, high} = BAR;
    redraw(classes, left + long + 36, LETTERS.length * high, LETTERS.flatMap((letter, c) => {
      const y = c * high, middle = y + high / 2, probability = probabilities[c];
      return [
        shape('rect', {x: left, y: y + 2, width: long * probability, height: high - 4, class: probability === most ? 'c' : 'a'}),
        shape('text', {x: 8, y: middle, 'font-size': 13}, letter),
        shape('text', {x: left + long + 18, y: middle, 'font-size': 12}, probability.toFixed(2)),
        ...(c === chosen ? [shape('rect', {x: 1, y: y + 1, width: left + long + 34, height: high - 2, style: 'fill: none; stroke: var(--orange); stroke-width: 2'})] : []),
      ];
    }));
  }

  return ({letter, down, right, level, map}) => {
    const seen = view(scenes[letter], down, right), found = run(net, seen);
    paint(image, seen);
    GRIDS.forEach((grid, l) => {
      const maps = found[`pool${l + 1}`];
      showLevel(levels[l], maps, grid, level === l + 1 ? map : undefined);
      titles[l].textContent = `pool${l + 1}: ${maps.length} × ${maps[0].height}²`;
    });
    showClasses(found.probabilities, level === CLASSES ? map : undefined);
    const [words, ...parts] = level === CLASSES ? logitShown(net, found, map) : mapShown(net, found, seen, level, map);
    sum.replaceChildren(...parts);
    kit.say(words);
  };
});

const largest = (planes) => Math.max(...planes.map(({data}) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
/** Parts that stay beside each other. */
function inLine(...parts) {
  const node = row(...parts);
  Object.assign(node.style, {flexWrap: 'nowrap', gap: 'inherit', alignItems: 'inherit'});
  return node;
}

/** A sign beside the pictures at the bottom. */
function sign(word) {
  const node = element('span', {className: 'live-sign'}, word);
  node.style.lineHeight = `${SIDE}px`;
  return node;
}

/** A map on a canvas of `side` pixels, with a frame around `size` × `size` pixels whose middle is the position `at`. */
function picture(map, [low, high], side, at, size = 1) {
  const canvas = element('canvas', {width: side, height: side}), small = element('canvas'), context = canvas.getContext('2d');
  canvas.style.width = `${side}px`;
  paint(small, map, low, high);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, side, side);
  if (!at) return canvas;
  const scale = side / map.width, [top, left] = at.map((along) => (along - (size - 1) / 2) * scale);
  FRAMES.forEach((colour, i) => {
    Object.assign(context, {strokeStyle: colour, lineWidth: 4 - 2 * i});
    context.strokeRect(left, top, size * scale, size * scale);
  });
  return canvas;
}

/** The nine numbers of a kernel, positive ones blue, negative ones orange, as strong as they are beside `most`. */
function kernelCells({data}, most, label) {
  const side = (SIDE - 2) / 3;
  return drawing(SIDE, SIDE, label, ...Array.from(data, (value, tap) => {
    const node = cell(tap % 3 * side + 1, Math.floor(tap / 3) * side + 1, side, value < 0 ? 'cell b' : 'cell a', number(value).replace('0.', '.'));
    node.children[1].style.fillOpacity = 0.6 * Math.abs(value) / most;
    node.lastChild.setAttribute('font-size', 9);
    return node;
  }));
}

/** Terms in the order of their sizes, and those that are left over. */
function strongest(terms, size) {
  const order = terms.map((term, s) => ({...term, s})).sort((a, b) => Math.abs(size(b)) - Math.abs(size(a)));
  return [order.slice(0, MOST), order.slice(MOST)];
}

/** "0.4 (map 3) − 0.1 (map 0)" */
const added = (terms) => terms.map(([value, name], i) => {
  const words = number(Math.abs(value)), minus = value < 0 && words !== '0';
  return `${i ? (minus ? ' − ' : ' + ') : (minus ? '−' : '')}${words} (${name})`;
}).join('');

/** The sum of a map: a sentence, and what stands below the strip. */
function mapShown(net, found, image, level, t) {
  const {bias, terms} = mapSum(net, found, image, level, t), before = found[`conv${level}`][t], after = found[`relu${level}`][t], pooled = found[`pool${level}`][t];
  const {width} = before, spot = strongestPosition(before, pooled), at = [Math.floor(spot / width), spot % width];
  const [shown, others] = strongest(terms, ({sum}) => sum.data[spot]);
  const rest = {...before, data: before.data.map((_, i) => others.reduce((all, {sum}) => all + sum.data[i], 0))};
  const far = largest([before, rest, ...shown.map(({sum}) => sum)]), heavy = Math.max(...shown.map(({kernel}) => largest([kernel])));
  const name = (s) => (level === 1 ? 'image' : `map ${s}`);
  const bright = level === 1 ? 1 : largest(found[`pool${level - 1}`]);
  const listed = [...shown.map(({sum, s}) => [sum.data[spot], name(s)]), ...(others.length ? [[rest.data[spot], `${others.length} others`]] : []), [bias, 'bias']];
  const value = before.data[spot];
  return [
    `Map ${t} of conv${level}, at its largest sum (frames): ${added(listed)} = ${number(value)}. `
      + (value > 0 ? 'The ReLU keeps it, and the pooling takes it as the largest of its window.' : 'The ReLU makes this and all other sums of the map 0.')
      + (others.length ? ` The ${MOST} terms shown are the largest ones there.` : ''),
    ...shown.map(({input, kernel, sum, s}) => panel(name(s), picture(input, [0, bright], SIDE, at, 3), kernelCells(kernel, heavy, `Kernel for ${name(s)}`), picture(sum, [-far, far], SIDE, at))),
    inLine(sign('+'), panel(`bias ${number(bias)}`, ...(others.length ? [element('span', {}, `${others.length} others`), picture(rest, [-far, far], SIDE, at)] : []))),
    inLine(sign('='), panel('sum', picture(before, [-far, far], SIDE, at)), sign('→'), panel('ReLU', picture(after, [0, far], SIDE, at)),
      sign('→'), panel('pooled', picture(pooled, [0, far], SIDE, at.map((along) => Math.floor(along / 2))))),
  ];
}

/** The largest pixel among those that lie in a window of the pooling. */
function strongestPosition({width, data}, pooled) {
  const kept = (i) => Math.floor(i / width) < 2 * pooled.height && i % width < 2 * pooled.width;
  return data.reduce((best, value, i) => (kept(i) && value > data[best] ? i : best), 0);
}

/** The sum of a logit: a sentence, and what stands below the strip. */
function logitShown(net, found, c) {
  const {bias, terms} = logitSum(net, found, c), last = found[`pool${LEVELS}`], white = largest(last) || 1;
  const [shown, others] = strongest(terms, ({sum}) => sum), rest = others.reduce((all, {sum}) => all + sum, 0);
  const far = Math.max(Math.abs(rest), ...shown.map(({sum}) => Math.abs(sum)));
  const logit = number(found.logits[c]), probability = number(found.probabilities[c]);
  const listed = [...shown.map(({sum, s}) => [sum, `map ${s}`]), [rest, `${others.length} others`], [bias, 'bias']];
  return [
    `Logit of “${LETTERS[c]}”: ${added(listed)} = ${logit}. The softmax of all logits gives “${LETTERS[c]}” the probability ${probability}.`
      + ` The ${MOST} terms shown are the largest ones.`,
    ...shown.map(({mean, weight, sum, s}) => panel(`map ${s}`, picture(last[s], [0, white], SIDE), element('span', {}, `mean ${number(mean)}`), element('span', {}, `× ${number(weight)}`), signedBar(sum, far))),
    inLine(sign('+'), panel(`bias ${number(bias)}`, element('span', {}, `${others.length} others`), signedBar(rest, far))),
    inLine(sign('='), panel('logit', element('output', {}, logit)), sign('→'), panel('probability', element('output', {}, probability))),
  ];
}

/** A number as a bar from the middle, to the right and blue where it is positive, to the left and orange where it is negative. */
function signedBar(value, far) {
  const middle = SIDE / 2, long = Math.abs(value) / far * (middle - 1);
  return drawing(SIDE, 34, number(value),
    shape('rect', {x: value < 0 ? middle - long : middle, y: 1, width: long, height: 12, class: value < 0 ? 'b' : 'a'}),
    shape('line', {x1: middle, x2: middle, y1: 0, y2: 14, class: 'grid'}),
    shape('text', {x: middle, y: 25, 'font-size': 14}, `= ${number(value)}`));
}
