// The kit on which every live figure stands: state, controls, hand and keyboard, motion, announcements, the address.
//
//   figure('sizes', 'Windows on a row of pixels', {n: range(10, 3, 16), stride: range(2, 1, 5)}, (kit) => {
//     const place = row();
//     kit.box.append(place);
//     return (state) => { place.replaceChildren(…); kit.say('…'); };
//   });
//
// `fields` describe the state (fields.mjs). `draw` is called once, builds what stays, puts it into `kit.box`, and gives back
// the function that paints a state; both may be async. Controls that `draw` does not place itself stand below, in order.
import {controls, element, unbroken} from './elements.mjs';

const root = document.documentElement;
const still = matchMedia('(prefers-reduced-motion: reduce)');
const ARROWS = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
const QUIET = 700; // milliseconds without a change before something is read out or goes into the address

/**
 * Brings each figure of class `live-NAME` to life. Its picture gives way only when all is there, so it stays where something
 * fails; it comes back in print. With `start`, the words of a button, nothing is loaded before the reader presses it. With
 * `early`, a figure of which the address speaks is drawn without the button, so that a shared link shows what was shared;
 * what is heavy has a `starter` in the figure then, and `kit.wait` is missing.
 */
export async function figure(name, label, fields, draw, {start, early = false} = {}) {
  for (const holder of document.querySelectorAll(`figure.live-${name}`)) {
    if ('alive' in holder.dataset) continue; // the figure's module was imported under two addresses
    holder.dataset.alive = '';
    const picture = holder.querySelector('img');
    const make = (wait) => mount(holder, picture, name, label, fields, draw, wait);
    if (start && !(early && isSpokenOf(name))) {
      whenPressed(holder, picture, start, make);
      comeIntoView(holder, name);
    } else {
      await null; // until the module that asks for the figure has come to its end, and all its names are there
      await make();
    }
  }
}

/** An error whose message is a sentence for the reader. */
export class Sorry extends Error {}

/** A button below the picture that makes the figure. */
function whenPressed(holder, picture, words, make) {
  (picture.closest('a') ?? picture).after(starter(words, make));
}

/** A button that loads something and goes; it stays, with a sentence, where that fails. `make` gets a function for words of waiting. */
export function starter(words, make) {
  const node = element('button', {type: 'button', className: 'live-start'}, unbroken(words));
  node.addEventListener('click', async () => {
    const holder = node.closest('figure');
    Object.assign(node, {disabled: true, textContent: 'loading …'});
    try {
      await make((told) => { node.textContent = unbroken(told); });
      node.remove();
      if (document.activeElement === document.body) holder.querySelector('.live-box').focus({preventScroll: true}); // the button had it
    } catch (error) {
      console.warn(error);
      const why = error instanceof Sorry ? error.message : 'It did not load. Try again.';
      Object.assign(node, {disabled: false, textContent: unbroken(`${words}. ${why}`)});
    }
  });
  return node;
}

async function mount(holder, picture, name, label, fields, draw, wait) {
  const first = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.value]));
  const address = new URL(location).searchParams;
  const state = limited(fields, {...first, ...readAddress(name, fields, address)});
  const box = element('div', {className: 'live-box', role: 'group', ariaLabel: label, tabIndex: -1});
  const line = element('p', {className: 'live-sentence'});
  const aloud = element('p', {className: 'live-aloud', ariaLive: 'polite'});
  const replaced = picture.closest('a') ?? picture;
  let quiet, running, painting, again, paint;

  const kit = {
    box, line, picture, state, control: {}, reset: element('button', {type: 'button', className: 'live-reset'}, 'reset'),
    /** Other words on the button that has started the figure, while `draw` loads what it needs. */
    wait,
    /** Other values for some fields; what is running stops. */
    set(changes) {
      kit.stop();
      kit.show(changes);
    },
    /** The same while something is running. */
    show(changes) {
      Object.assign(state, limited(fields, {...state, ...changes}));
      repaint();
      later();
    },
    /** The sentence below the drawing; it is read out when nothing has changed for a while. */
    say(words) {
      line.textContent = unbroken(words);
    },
    /** A colour of the page's theme, for a canvas: 'ink', 'blue', … */
    colour: (word) => getComputedStyle(box).getPropertyValue(`--${word}`).trim(),
    /** Pixels of the screen from side to side: a drawing no wider than that keeps the size of its letters. */
    width() {
      const {paddingLeft, paddingRight} = getComputedStyle(box);
      return Math.max(240, box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
    },
    /** Calls `step(milliseconds)` each frame until it gives back false; once, with Infinity, where motion is not wanted. */
    animate(step, done = () => {}) {
      kit.stop();
      if (still.matches) {
        step(Infinity);
        return done();
      }
      const began = performance.now();
      const next = () => {
        if (step(performance.now() - began) === false) return kit.stop();
        running.frame = requestAnimationFrame(next);
      };
      running = {done};
      running.frame = requestAnimationFrame(next);
    },
    /** Whether motion is not wanted. */
    get still() {
      return still.matches;
    },
    /** Whether something is running. */
    get moving() {
      return running !== undefined;
    },
    stop() {
      if (!running) return;
      cancelAnimationFrame(running.frame);
      const {done} = running;
      running = undefined;
      done();
    },
    /** A button that runs `step` (see `animate`) and stops it. */
    player(words, step) {
      const node = element('button', {type: 'button'}, words);
      const done = () => {
        node.textContent = words;
        repaint(); // what only a running figure shows goes
      };
      node.addEventListener('click', () => {
        if (running) return kit.stop();
        kit.animate(step, done);
        if (running) node.textContent = 'stop';
      });
      return node;
    },
  };

  const shown = [];
  kit.reset.addEventListener('click', () => kit.set(first));
  for (const [key, field] of Object.entries(fields)) {
    if (!field.control) continue;
    const {node, show} = field.control(key, (value) => kit.set({...field.then?.(value, state), [key]: value}));
    kit.control[key] = node;
    shown.push(() => show(state[key], state));
  }

  function repaint() {
    shown.forEach((show) => show());
    if (painting) {
      again = true;
      return;
    }
    const began = performance.now();
    const finish = () => {
      performance.clearMeasures(`live ${name}`); // else a page that moves would keep one for each frame
      performance.measure(`live ${name}`, {start: began});
      box.ariaBusy = 'false';
    };
    box.ariaBusy = 'true';
    const done = paint(state);
    if (!(done instanceof Promise)) return finish();
    painting = done.finally(() => {
      painting = undefined;
      finish();
      if (again) {
        again = false;
        repaint();
      }
    });
    return painting;
  }

  function later() {
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      if (painting) return later(); // its sentence is still the one before
      if (aloud.textContent !== line.textContent) aloud.textContent = line.textContent;
      writeAddress(name, fields, state, first);
    }, QUIET);
  }

  box.classList.add('live-unseen'); // in its place, so that it has a width and the theme's colours, below the picture
  replaced.after(box);
  try {
    paint = await draw(kit);
    if (!box.contains(line)) box.append(line);
    const loose = [...Object.values(kit.control), kit.reset].filter((node) => !box.contains(node));
    if (loose.length) box.append(controls(...loose));
    box.append(aloud);
    await repaint();
  } catch (error) {
    box.remove();
    throw error;
  }
  let width = kit.width(); // of what is painted; a box that is not seen yet may be wider
  box.classList.remove('live-unseen');
  replaced.classList.add('live-still');

  new MutationObserver(() => repaint()).observe(root, {attributes: true, attributeFilter: ['data-theme']});
  new ResizeObserver(() => {
    if (!box.clientWidth || kit.width() === width) return; // hidden in print, or only higher than before
    width = kit.width();
    repaint();
  }).observe(box);
  comeIntoView(holder, name);
}

/** Whether the address speaks of a figure. */
function isSpokenOf(name) {
  return [...new URL(location).searchParams.keys()].some((key) => key.startsWith(`${name}.`));
}

/** Brings the figure to where the reader looks, if the address speaks of it and of no other place. */
function comeIntoView(holder, name) {
  if (isSpokenOf(name) && !location.hash) holder.scrollIntoView({block: 'center'});
}

/** The state with each field's value in its bounds; one field's bounds may depend on another that stands before it. */
function limited(fields, wanted) {
  const state = {...wanted};
  for (const [key, field] of Object.entries(fields)) state[key] = field.limit(state[key], state);
  return state;
}

/** What the address says of this figure: `?NAME.field=words`. What is no value of its field is left out. */
function readAddress(name, fields, address) {
  const found = Object.entries(fields).map(([key, field]) => {
    const words = address.get(`${name}.${key}`);
    return [key, words === null ? undefined : field.read(words)];
  });
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** The state goes into the address, as far as it is not the first one, so that a copied address shows the same. */
function writeAddress(name, fields, state, first) {
  const address = new URL(location);
  for (const [key, field] of Object.entries(fields)) {
    const words = field.words(state[key]);
    if (words === field.words(first[key])) address.searchParams.delete(`${name}.${key}`);
    else address.searchParams.set(`${name}.${key}`, words);
  }
  if (address.href !== location.href) history.replaceState(history.state, '', address);
}

/**
 * Lets the hand and the keyboard act on a drawing (a canvas or an SVG). `at(x, y)` gets positions in the drawing's own
 * coordinates while it is pressed or dragged over, `over(x, y)` those of a mouse that only passes, and `out()` is called when it
 * has left. `by(down, right)` gets the arrow keys, ten at a time with Shift. `drag: false` leaves a finger's movement to the page
 * and takes only its touch, and `'across'` leaves it what goes up or down.
 */
export function hand(node, label, {at, by, press = () => {}, over, out, drag = true}) {
  node.setAttribute('role', 'application');
  node.setAttribute('aria-label', label);
  node.tabIndex = 0;
  node.style.touchAction = {true: 'none', across: 'pan-y pinch-zoom', false: 'manipulation'}[drag];
  node.style.cursor = drag ? 'crosshair' : 'pointer';
  const point = (event, then) => {
    const {left, top, width, height} = node.getBoundingClientRect(), edge = node.clientLeft; // a canvas may have a border
    const [wide, high] = node.viewBox ? [node.viewBox.baseVal.width, node.viewBox.baseVal.height] : [node.width, node.height];
    then((event.clientX - left - edge) / (width - 2 * edge) * wide, (event.clientY - top - edge) / (height - 2 * edge) * high);
  };
  node.addEventListener('pointerdown', (event) => {
    if (drag) node.setPointerCapture(event.pointerId);
    press();
    point(event, at);
  });
  node.addEventListener('pointermove', (event) => {
    if (drag && event.buttons) point(event, at);
    else if (over && event.pointerType === 'mouse') point(event, over);
  });
  if (out) node.addEventListener('pointerleave', out);
  node.addEventListener('keydown', (event) => {
    if (!(event.key in ARROWS) || !by) return;
    event.preventDefault();
    by(...ARROWS[event.key].map((way) => way * (event.shiftKey ? 10 : 1)));
  });
}
