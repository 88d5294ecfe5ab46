// Filter sensitivity: the map of a filter, what one of its units sees, and the nine patches that excite the filter most.
// Maps, patches and values are written with the book (_code/sensitive_pictures.py).
import {controls, element, loaded, panel, row} from '../elements.mjs';
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
  const below = () => element('span', {className: 'live-scale'});
  const [frameScale, mapScale, nineScale] = [below(), below(), below()];
  const nine = Array.from({length: BEST}, () => [canvas(told.side), element('span')]);
  const grid = element('div', {className: 'live-nine'}, ...nine.map(([node, value]) => element('div', {}, node, value)));
  const [mapPanel, ninePanel] = [panel('', map, mapScale), panel('', grid, nineScale)];
  const trio = row(panel('what the unit sees', photograph, frameScale), mapPanel, ninePanel);
  trio.classList.add('live-trio');
  kit.box.append(controls(kit.control.depth, kit.control.filter), row(panel('sixteen filters (point at one, click to keep it)', atlas)), trio, kit.line, controls(kit.control.photo, kit.reset));

  const context = maps.getContext('2d');
  const grey = context.getImageData(0, 0, maps.width, maps.height).data.filter((_, i) => i % 4 === 0);
  const topOf = (depth, photo) => UNITS.slice(0, depth).reduce((sum, each) => sum + PHOTOGRAPHS.length * each, photo * UNITS[depth]);
  const copy = (to, depth, photo, filter, ...place) => {
    const side = UNITS[depth];
    to.drawImage(maps, filter * side, topOf(depth, photo), side, side, ...place);
  };
  function valueAt(depth, photo, filter, [line, column]) {
    const [low, high] = told.depths[depth].bounds[filter], at = (topOf(depth, photo) + line) * maps.width + filter * UNITS[depth] + column;
    return low + grey[at] / 255 * (high - low);
  }

  const choose = (x, y) => {
    const unit = [y, x].map((at) => Math.floor(at / (ZOOM * TILE) * unitsOf(kit.state)));
    kit.set({at: unit});
  };
  const step = (down, right) => kit.set({at: [kit.state.at[0] + down, kit.state.at[1] + right]});
  hand(photograph, 'The photograph. Arrow keys choose a unit of the map.', {at: choose, over: choose, by: step});
  hand(map, 'The map of the filter. Arrow keys choose a unit.', {at: choose, over: choose, by: step});
  const filterAt = (x, y) => {
    const [line, column] = [y, x].map((at) => Math.max(Math.floor(at / (THUMB + GAP)), 0));
    return Math.min(line, COUNT / COLUMNS - 1) * COLUMNS + Math.min(column, COLUMNS - 1);
  };
  let pointed, kept; // the filter below the mouse, which is shown until the mouse has left or another one is kept
  const point = (filter) => {
    if (pointed === filter) return;
    pointed = filter;
    kit.show({});
  };
  hand(atlas, 'Small maps of sixteen filters. Arrow keys choose a filter.', {
    drag: false,
    at: (x, y) => kit.set({filter: filterAt(x, y)}),
    over: (x, y) => point(filterAt(x, y)),
    out: () => point(undefined),
    by: (down, right) => {
      const next = kit.state.filter + COLUMNS * Math.sign(down) + right;
      if (next >= 0 && next < COUNT) kit.set({filter: next});
    },
  });

  return (state) => {
    const depth = DEPTHS.indexOf(state.depth), photo = PHOTOGRAPHS.indexOf(state.photo), {filters, values, bounds, sight, channels} = told.depths[depth];
    if (kept !== state.filter) pointed = undefined;
    kept = state.filter;
    const filter = pointed ?? kept;
    const small = atlas.getContext('2d');
    small.imageSmoothingEnabled = false;
    small.clearRect(0, 0, atlas.width, atlas.height);
    for (let each = 0; each < COUNT; each++) {
      const [x, y] = [each % COLUMNS, Math.floor(each / COLUMNS)].map((at) => at * (THUMB + GAP));
      copy(small, depth, photo, each, x, y, THUMB, THUMB);
      small.setLineDash(each === kept ? [] : [6, 4]); // dashed is the one that is pointed at
      if (each === kept || each === filter) frame(small, x, y, THUMB, THUMB);
    }
    const unit = ZOOM * TILE / UNITS[depth], drawn = map.getContext('2d');
    drawn.imageSmoothingEnabled = false;
    copy(drawn, depth, photo, filter, 0, 0, map.width, map.height);
    frame(drawn, state.at[1] * unit, state.at[0] * unit, unit, unit);
    const shown = photograph.getContext('2d'), sights = state.at.map((at) => seen(at, sight));
    shown.imageSmoothingEnabled = false;
    shown.drawImage(patches, photo * TILE, patches.height - TILE, TILE, TILE, 0, 0, photograph.width, photograph.height);
    const [[top, bottom], [left, right]] = sights;
    frame(shown, ZOOM * left, ZOOM * top, ZOOM * (right - left), ZOOM * (bottom - top));
    const best = values[filter];
    nine.forEach(([node, value], place) => {
      const from = [place * told.side, (depth * COUNT + filter) * told.side];
      node.getContext('2d').drawImage(patches, ...from, told.side, told.side, 0, 0, told.side, told.side);
      value.textContent = tenth(best[place]);
    });
    const channel = filters[filter], here = valueAt(depth, photo, filter, state.at), [low, high] = bounds[filter], silent = best[0] === 0;
    mapPanel.firstChild.textContent = `map of channel ${channel}`;
    ninePanel.firstChild.textContent = silent ? 'no patch excites it' : 'nine patches that excite it most';
    frameScale.textContent = `${bottom - top} × ${right - left} pixels`;
    mapScale.textContent = low === high ? `black ${tenth(low)}` : `black ${tenth(low)}, white ${tenth(high)}`;
    nineScale.textContent = 'below each, the value of the unit';
    kit.say(`${state.depth[0].toUpperCase()}${state.depth.slice(1)}, channel ${channel} of 0 to ${channels - 1}. The value of the unit in row ${state.at[0]}, column ${state.at[1]} is ${tenth(here)}. `
      + `It sees the rows ${top} to ${bottom - 1} and the columns ${left} to ${right - 1}. `
      + (silent ? 'No tile gives more than 0, so these nine patches are as good as any.' : `The nine best tiles give ${tenth(best[0])} to ${tenth(best.at(-1))}.`));
  };
}, {start: 'Look into three layers (loads 0.2 MB)', early: true});

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
