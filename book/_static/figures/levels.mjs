// A lens on a scene: what a level of the page's encoder holds there, and how far it sees.
import {element, listed, number, panel, row} from '../elements.mjs';
import {buttons, choice, position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';
import {encoder, receptiveField} from '../receptive.mjs';
import {readSprites} from '../sprites.mjs';

const SIDE = 64, SCALE = 8, LEVELS = 4; // pixels of a scene, how large the canvas shows each, and levels
const CLASSES = 'classes', BEST = 'best', CHANNELS = ['channel 1', 'channel 2', 'channel 3', 'channel 4'];
const FRAMES = {lens: '#ffffff', field: '#f0965a', cell: '#5eb0f2'}; // on a picture, so in both themes

const FIELDS = {
  scene: buttons('1', ['1', '2', '3'].map((each) => [each, `scene ${each}`]), {name: 'scene'}),
  level: range(2, 0, LEVELS - 1),
  what: choice(CLASSES, [[CLASSES, 'classes, read by a 1 × 1 layer'], [BEST, 'classes, best possible'], ...CHANNELS], {name: 'map'}),
  lens: range(24, 8, SIDE, {step: 8}),
  at: position([28, 44], () => [SIDE, SIDE]),
};

figure('levels', 'What the levels of an encoder hold', FIELDS, async (kit) => {
  const {state} = kit, {classes, channels, peaks, colours, scenes} = await readSprites(kit.picture, [CLASSES, BEST, ...CHANNELS]);
  const view = element('canvas', {width: SIDE * SCALE, height: SIDE * SCALE}), context = view.getContext('2d');
  context.imageSmoothingEnabled = false;
  hand(view, 'The scene. Drag the lens, or move it with the arrow keys.', {
    at: (x, y) => kit.set({at: [Math.floor(y / SCALE), Math.floor(x / SCALE)]}),
    by: (down, right) => kit.set({at: [state.at[0] + down, state.at[1] + right]}),
  });
  const thumbs = Array.from({length: LEVELS}, (_, level) => {
    const canvas = element('canvas', {width: SIDE >> level, height: SIDE >> level});
    canvas.style.width = '3.6rem';
    const node = element('button', {type: 'button', onclick: () => kit.set({level})}, canvas, element('br'), `level ${level}`);
    node.style.padding = '.2rem';
    return {canvas, node};
  });
  const legend = element('div', {className: 'live-controls'}, ...classes.map((name, label) => {
    const patch = element('span', {ariaHidden: 'true'});
    patch.style.cssText = `display: inline-block; width: .85em; height: .85em; margin-right: .35em; border: 1px solid var(--soft); background: rgb(${colours[label]})`;
    return element('span', {}, patch, name);
  }));
  kit.box.append(row(view, panel('the whole map of each level', element('div', {className: 'live-buttons'}, ...thumbs.map(({node}) => node)))), legend, kit.line);

  function rectangle(left, top, right, bottom, colour) {
    for (const [style, width] of [['#10151b', 8], [colour, 4]]) {
      Object.assign(context, {strokeStyle: style, lineWidth: width});
      context.strokeRect(left * SCALE, top * SCALE, (right - left) * SCALE, (bottom - top) * SCALE);
    }
  }

  /** The true classes of a position's pixels and how many there are of each, the most frequent first. */
  function truth(scene, i, j, side) {
    const votes = classes.map((name) => ({name, count: 0}));
    for (let r = i * side; r < (i + 1) * side; r++) {
      for (let c = j * side; c < (j + 1) * side; c++) votes[scene.truth(r, c)].count += 1;
    }
    return votes.filter(({count}) => count).sort((a, b) => b.count - a.count);
  }

  return ({scene: name, level, what, lens, at}) => {
    const scene = scenes[Number(name) - 1], map = scene.map(what, level), side = 2 ** level, [i, j] = at.map((each) => each >> level);
    const [top, left] = at.map((each) => Math.min(Math.max(each - lens / 2, 0), SIDE - lens));
    const whole = [0, 0, view.width, view.height], [down, right] = [i, j].map((each) => receptiveField(encoder(level), each));
    const inside = ([first, last]) => [Math.max(first, 0), Math.min(last + 1, SIDE)];
    const [[north, south], [west, east]] = [inside(down), inside(right)];

    context.drawImage(scene.canvas, ...whole);
    context.save();
    context.beginPath();
    context.rect(left * SCALE, top * SCALE, lens * SCALE, lens * SCALE);
    context.clip();
    context.drawImage(map.canvas, ...whole);
    context.restore();
    rectangle(left, top, left + lens, top + lens, FRAMES.lens);
    rectangle(west, north, east, south, FRAMES.field);
    rectangle(j * side, i * side, (j + 1) * side, (i + 1) * side, FRAMES.cell);
    thumbs.forEach(({canvas, node}, each) => {
      canvas.getContext('2d').drawImage(scene.map(what, each).canvas, 0, 0);
      node.ariaPressed = String(each === level);
    });

    const votes = truth(scene, i, j, side), seen = down[1] - down[0] + 1;
    const size = `${side} × ${side} pixel${side > 1 ? 's' : ''}`, cut = Math.min(south - north, east - west) < seen;
    const told = {
      [CLASSES]: () => `From its ${channels[level]} channels a 1 × 1 layer reads “${classes[map.value(i, j)]}”.`,
      [BEST]: () => `The best single label for it is “${classes[map.value(i, j)]}”, and ${votes[0].count} of ${side * side} pixel${side > 1 ? 's have' : ' has'} it.`,
    }[what] ?? (() => `${what[0].toUpperCase()}${what.slice(1)} is ${number(map.value(i, j) / 255 * peaks[level][CHANNELS.indexOf(what)])} there.`);
    kit.say(`Level ${level}: the position (blue) stands for ${size} and sees ${seen} × ${seen} (orange${cut ? ', as far as the scene reaches' : ''}). ${told()}`
      + (votes.length > 1 ? ` The true classes of its pixels are ${listed(votes.map(({name: each, count}) => `${each} (${count})`))}.`
        : ` The true class of its pixel${side > 1 ? 's' : ''} is ${votes[0].name}.`));
  };
});
