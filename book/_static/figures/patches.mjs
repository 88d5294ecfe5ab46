// Filter sensitivity: the map of a filter, what one of its units sees, and the nine patches that excite the filter most.
// Maps, patches and values are written with the book (_code/sensitive_pictures.py).
import {controls, element, loaded, paint, panel, row} from '../elements.mjs';
import {buttons, position, range} from '../fields.mjs';
import {figure, hand} from '../kit.mjs';

const HERE = new URL('../pictures/', import.meta.url);
const PHOTOGRAPHS = ['cat', 'espresso', 'tripod'];
const DEPTHS = ['first layer', 'stage 2', 'stage 4'];
const UNITS = [56, 28, 7]; // of a map from side to side, for a photograph of TILE pixels
const TILE = 112, COUNT = 16, BEST = 9, COLUMNS = 8;
const ZOOM = 4; // canvas pixels per pixel
const THUMB = 56, GAP = 4; // canvas pixels of a small map, and between two
const FRAME = '#5eb0f2'; // bright, since it lies on pictures

const unitsOf = ({depth}) => UNITS[DEPTHS.indexOf(depth)];
/** The same position among the units of another depth. */
const moved = (depth, state) => ({at: state.at.map((at) => Math.floor((at + 0.5) / unitsOf(state) * unitsOf({depth})))});

const FIELDS = {
  depth: buttons('stage 2', DEPTHS, {name: 'depth', then: moved}),
  filter: range(8, 0, COUNT - 1, {name: 'filter', show: (filter) => `${filter + 1} of ${COUNT}`}),
  photo: buttons('cat', PHOTOGRAPHS, {name: 'photograph'}),
  at: position([11, 9], (state) => [unitsOf(state), unitsOf(state)]),
};

figure('patches', 'What a filter is sensitive to', FIELDS, async (kit) => {
  const [patches, maps, told] = await Promise.all([picture('patches'), picture('maps'), numbers()]);
  const canvas = (side) => element('canvas', {width: side, height: side});
  const [photograph, map] = [ZOOM * TILE, ZOOM * TILE].map(canvas);
  const atlas = element('canvas', {width: COLUMNS * (THUMB + GAP) - GAP, height: COUNT / COLUMNS * (THUMB + GAP) - GAP, className: 'live-atlas'});
  const nine = Array.from({length: BEST}, () => [canvas(told.side), element('span')]);
  const grid = element('div', {className: 'live-nine'}, ...nine.map(([node, value]) => element('div', {}, node, value)));
  const [photoPanel, mapPanel, ninePanel] = [panel('', photograph), panel('', map), panel('', grid)];
  const trio = row(photoPanel, mapPanel, ninePanel);
  trio.classList.add('live-trio');
  kit.box.append(controls(kit.control.depth, kit.control.filter), row(panel('sixteen filters of this depth (choose one)', atlas)), trio, kit.line, controls(kit.control.photo, kit.reset));

  const small = canvas(1); // a map, a pixel for each unit
  function cut(depth, photo, filter) {
    const side = UNITS[depth], above = UNITS.slice(0, depth).reduce((sum, each) => sum + PHOTOGRAPHS.length * each, 0);
    const data = maps.getContext('2d', {willReadFrequently: true}).getImageData(filter * side, above + photo * side, side, side).data;
    paint(small, {height: side, width: side, data: Float64Array.from({length: side ** 2}, (_, i) => data[4 * i] / 255)});
    return (line, column) => {
      const [low, high] = told.depths[depth].bounds[filter];
      return low + data[4 * (line * side + column)] / 255 * (high - low);
    };
  }

  const choose = (x, y) => {
    const unit = [y, x].map((at) => Math.floor(at / (ZOOM * TILE) * unitsOf(kit.state)));
    kit.set({at: unit});
  };
  const step = (down, right) => kit.set({at: [kit.state.at[0] + down, kit.state.at[1] + right]});
  hand(photograph, 'The photograph. Arrow keys choose a unit of the map.', {at: choose, by: step, hover: true});
  hand(map, 'The map of the filter. Arrow keys choose a unit.', {at: choose, by: step, hover: true});
  hand(atlas, 'Small maps of sixteen filters. Arrow keys choose a filter.', {
    drag: false,
    at: (x, y) => kit.set({filter: Math.floor(y / (THUMB + GAP)) * COLUMNS + Math.floor(x / (THUMB + GAP))}),
    by: (down, right) => {
      const next = kit.state.filter + COLUMNS * Math.sign(down) + right;
      if (next >= 0 && next < COUNT) kit.set({filter: next});
    },
  });

  return (state) => {
    const depth = DEPTHS.indexOf(state.depth), photo = PHOTOGRAPHS.indexOf(state.photo), {filters, values, sight, channels} = told.depths[depth];
    const context = atlas.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, atlas.width, atlas.height);
    for (let each = 0; each < COUNT; each++) {
      cut(depth, photo, each);
      const [x, y] = [each % COLUMNS, Math.floor(each / COLUMNS)].map((at) => at * (THUMB + GAP));
      context.drawImage(small, x, y, THUMB, THUMB);
      if (each === state.filter) frame(context, x, y, THUMB, THUMB);
    }
    const valueAt = cut(depth, photo, state.filter), unit = ZOOM * TILE / UNITS[depth];
    const drawn = map.getContext('2d');
    drawn.imageSmoothingEnabled = false;
    drawn.drawImage(small, 0, 0, map.width, map.height);
    frame(drawn, state.at[1] * unit, state.at[0] * unit, unit, unit);
    const shown = photograph.getContext('2d'), sights = state.at.map((at) => seen(at, sight));
    shown.imageSmoothingEnabled = false;
    shown.drawImage(patches, photo * TILE, patches.height - TILE, TILE, TILE, 0, 0, photograph.width, photograph.height);
    const [[top, bottom], [left, right]] = sights;
    frame(shown, ZOOM * left, ZOOM * top, ZOOM * (right - left), ZOOM * (bottom - top));
    nine.forEach(([node, value], place) => {
      const from = [place * told.side, (depth * COUNT + state.filter) * told.side];
      node.getContext('2d').drawImage(patches, ...from, told.side, told.side, 0, 0, told.side, told.side);
      value.textContent = tenth(values[state.filter][place]);
    });
    const channel = filters[state.filter], here = valueAt(...state.at);
    photoPanel.firstChild.textContent = 'what the unit sees';
    mapPanel.firstChild.textContent = `map of channel ${channel}`;
    ninePanel.firstChild.textContent = 'nine patches that excite it most';
    kit.say(`${state.depth[0].toUpperCase()}${state.depth.slice(1)}, channel ${channel} of 0 to ${channels - 1}. The unit in row ${state.at[0]}, column ${state.at[1]} is ${tenth(here)}. `
      + `It sees the rows ${top} to ${bottom - 1} and the columns ${left} to ${right - 1}. The best patches of all photographs give ${tenth(values[state.filter][0])} to ${tenth(values[state.filter].at(-1))}.`);
  };
}, {start: 'Look into three layers (loads 0.2 MB)'});

const tenth = (value) => value.toFixed(1).replace('-', '−');
const picture = (name) => loaded(new URL(`sensitive-${name}.webp`, HERE).href);

async function numbers() {
  const answer = await fetch(new URL('sensitive-numbers.json', HERE));
  if (!answer.ok) throw new Error(`sensitive-numbers.json: ${answer.status}`);
  return answer.json();
}

/** The pixels from, and up to, that a unit sees along an axis, without those outside of the photograph. */
function seen(unit, {size, start, jump}) {
  const first = start + unit * jump;
  return [first, first + size].map((at) => Math.min(Math.max(at, 0), TILE));
}

function frame(context, x, y, width, height) {
  Object.assign(context, {strokeStyle: FRAME, lineWidth: 4});
  context.strokeRect(x + 1, y + 1, Math.max(width - 2, 2), Math.max(height - 2, 2));
}
