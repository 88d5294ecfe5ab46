// The fields of a live figure's state. Each has its first value, its control, and words for the address:
//   {value, words(value), read(words, state), limit(state), then, control(name, changed)}
// `read` gives undefined for words that are no value of the field. `limit` keeps a value in the bounds that the rest of
// the state sets. `then(value, state)` are further changes when the reader moves this control. A control is {node, show(value, state)};
// a field without one is set by the hand on the picture.
import {element, number, unbroken} from './elements.mjs';

/** A number, set by a slider. `name` is what the reader reads; `bounds(state)` are {min, max} that depend on the state. */
export function range(value, min, max, {step = 1, name, show = number, bounds = () => ({}), then} = {}) {
  const within = (state) => ({min, max, ...bounds(state)});
  return {
    value, then, words: String,
    read(words) {
      const found = Number(words);
      return words.trim() !== '' && found >= min && Math.abs((found - min) / step - Math.round((found - min) / step)) < 1e-6 ? found : undefined;
    },
    limit: (found, state) => Math.min(Math.max(found, within(state).min), within(state).max),
    control(key, changed) {
      const input = element('input', {type: 'range', min, max, step});
      const output = element('output', {ariaLive: 'off'}); // the slider itself says it
      input.addEventListener('input', () => changed(Number(input.value)));
      return {
        node: element('label', {}, name ?? key, input, output),
        show(found, state) {
          const {min: low, max: high} = within(state);
          Object.assign(input, {min: low, max: high, value: String(found), disabled: low === high});
          output.textContent = input.ariaValueText = unbroken(show(found));
        },
      };
    },
  };
}

const pairs = (options) => options.map((option) => (Array.isArray(option) ? option : [option, option]));
const oneOf = (options) => {
  const keys = pairs(options).map(([key]) => key);
  return {words: String, read: (words) => (keys.includes(words) ? words : undefined), limit: (value) => value};
};

/** One of several words, from a list; `options` are words, or pairs [value, words]. */
export function choice(value, options, {name, then} = {}) {
  return {
    value, then, ...oneOf(options),
    control(key, changed) {
      const input = element('select', {}, ...pairs(options).map(([each, words]) => element('option', {value: each}, words)));
      input.addEventListener('change', () => changed(input.value));
      return {node: element('label', {}, name ?? key, input), show: (found) => { input.value = found; }};
    },
  };
}

/** One of several words, each on a button of its own. */
export function buttons(value, options, {name, then} = {}) {
  return {
    value, then, ...oneOf(options),
    control(key, changed) {
      const each = pairs(options).map(([one, words]) => {
        const node = element('button', {type: 'button', value: one}, words);
        node.addEventListener('click', () => changed(one));
        return node;
      });
      return {
        node: element('div', {className: 'live-buttons', role: 'group', ariaLabel: name ?? key}, ...each),
        show: (found) => each.forEach((node) => { node.ariaPressed = String(node.value === found); }),
      };
    },
  };
}

/** Yes or no. */
export function flag(value, {name, then} = {}) {
  return {
    value, then, words: (found) => (found ? '1' : '0'),
    read: (words) => (words === '1' || words === '0' ? words === '1' : undefined),
    limit: (found) => found,
    control(key, changed) {
      const input = element('input', {type: 'checkbox'});
      input.addEventListener('change', () => changed(input.checked));
      return {node: element('label', {}, input, name ?? key), show: (found) => { input.checked = found; }};
    },
  };
}

const LARGEST = 999; // in a table: what is larger has no room in a drawing

/** A table of numbers, each in a field of its own; changed only when all of them are `good`. */
export function table(value, {name, then, good = () => true} = {}) {
  const size = [value.length, value[0].length];
  const fine = (each) => Math.abs(each) <= LARGEST && good(each); // false, too, for what is no number
  return {
    value, then, limit: (found) => found,
    words: (rows) => rows.map((row) => row.join(',')).join(';'),
    read(words) {
      const rows = words.split(';').map((row) => row.split(',').map((each) => (each.trim() === '' ? NaN : Number(each))));
      const fits = rows.length === size[0] && rows.every((row) => row.length === size[1] && row.every(fine));
      return fits ? rows : undefined;
    },
    control(key, changed) {
      const inputs = value.map((row, r) => row.map((_, c) => element('input', {
        type: 'number', step: 'any', min: -LARGEST, max: LARGEST, ariaLabel: `${name ?? key}, row ${r}, column ${c}`,
      })));
      let current = value;
      for (const input of inputs.flat()) {
        input.addEventListener('input', () => {
          input.ariaInvalid = String(!fine(input.valueAsNumber));
          const rows = inputs.map((row) => row.map((each) => each.valueAsNumber));
          if (rows.flat().every(fine)) changed(rows);
        });
        input.addEventListener('blur', () => show(current)); // what is no number gives way to the one that counts
      }
      const grid = element('div', {className: 'live-kernel'}, ...inputs.flat());
      grid.style.setProperty('--columns', size[1]);
      function show(rows) {
        current = rows;
        inputs.forEach((row, r) => row.forEach((input, c) => {
          if (input.valueAsNumber !== rows[r][c]) input.value = String(rows[r][c]); // what is being typed stays as it is
          input.ariaInvalid = 'false';
        }));
      }
      return {node: element('div', {className: 'live-panel'}, element('span', {}, name ?? key), grid), show};
    },
  };
}

/** A position [row, column], set by the hand on the picture; `size(state)` is [rows, columns]. */
export function position(value, size) {
  const clamp = (at, count) => Math.min(Math.max(at, 0), Math.max(count - 1, 0));
  return {
    value, words: (found) => found.join(','),
    read(words) {
      const found = words.split(',').map(Number);
      return found.length === 2 && found.every(Number.isInteger) ? found : undefined;
    },
    limit: (found, state) => found.map((at, axis) => clamp(at, size(state)[axis])),
  };
}
