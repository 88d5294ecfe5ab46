// Chapter 6's scenes, placed by hand. A shape is {kind, x, y, radius, angle, hue, paint}: the number of its class, its position
// and radius in pixels, its angle in degrees, its hue as the number of a class, and the number that its value, saturation, stripes
// and height come from. The same arithmetic is in book/_code/placing.py (and convcourse.data.ShapeScenes).
import {normals, uniforms} from './conv.mjs';

export const SIZE = 64;
export const CLASSES = ['background', 'disc', 'square', 'triangle', 'ring', 'wire'];
// Okabe and Ito's colours, which the colour-blind tell apart (convcourse.plots.LABELS).
export const COLOURS = ['#262a30', '#e69f00', '#56b4e9', '#009e73', '#f0e442', '#cc79a7'];
export const MOST = 16; // shapes in a scene
export const NOISE = 0.05; // standard deviation of the sensor's noise in the scenes that the network has seen
// The scene that the live figures begin with, on ground 0: that of the still picture (book/_code/placing.py).
export const FIRST = 'd18-18-11-0-1-12_s45-16-10-20-2-3_r44-44-12-0-4-7_w26-46-7.5-330-5-5';
const RADIUS = [3, 22]; // pixels
const HUES = CLASSES.length - 1; // hues of neighbouring classes are 1 / HUES of the circle apart

// How far a point lies outside of each shape, which is upright and around (0, 0); inside it is negative.
const DISTANCE = [
  undefined,
  (x, y, radius) => Math.hypot(x, y) - 0.9 * radius,
  (x, y, radius) => Math.max(Math.abs(x), Math.abs(y)) - 0.8 * radius,
  (x, y, radius) => Math.max(0.5 * y + Math.sqrt(0.75) * Math.abs(x), -y) - 0.65 * radius,
  (x, y, radius) => Math.abs(Math.hypot(x, y) - radius) - 0.25 * radius,
  (x, y, radius) => {
    const wave = radius * 0.4 * Math.sin(3 * x / radius), slope = 1.2 * Math.cos(3 * x / radius);
    return Math.max(Math.abs(y - wave) / Math.sqrt(1 + slope ** 2) - 0.8, Math.abs(x) - 3 * radius);
  },
];
const REACH = [undefined, 0.9, 1.2, 1.3, 1.25, 3.1]; // of each shape, in radii

/** The function (x, y) → how far the point lies outside of the shape. */
export function distanceTo({kind, x, y, radius, angle}) {
  const cos = Math.cos(angle * Math.PI / 180), sin = Math.sin(angle * Math.PI / 180), outside = DISTANCE[kind];
  return (px, py) => outside(cos * (px - x) + sin * (py - y), cos * (py - y) - sin * (px - x), radius);
}

/** The number of the topmost shape which covers the pixel around (x, y), or lies at most `reach` pixels away; −1 if none does. */
export function shapeAt(shapes, x, y, reach = 1) {
  return shapes.findLastIndex((shape) => distanceTo(shape)(x, y) < reach);
}

const soft = (distance, width) => Math.min(Math.max(0.5 - distance / width, 0), 1);

/** Stripes whose direction, frequency and strength are the next three random numbers; a factor at each point. */
function stripes(random) {
  const way = Math.PI * random(), frequency = 0.4 + 2.1 * random(), strength = 0.25 * random();
  const [across, down] = [frequency * Math.cos(way), frequency * Math.sin(way)];
  return (x, y) => 1 + strength * Math.sin(across * x + down * y);
}

/** The colour of a shape, [red, green, blue], and the random numbers that follow. */
function paintOf({hue, paint}) {
  const random = uniforms(paint), value = 0.6 + 0.4 * random(), saturation = 0.4 + 0.6 * random();
  const tone = (channel) => Math.cos(2 * Math.PI * (hue / HUES - channel / 3));
  return {random, colour: [0, 1, 2].map((channel) => value * (1 - saturation * (0.5 - 0.5 * tone(channel))))};
}

/** Ground number `seed` under uneven light and the sensor's noise, both as planes (3 · 64 · 64), and the direction of the sun. */
function groundOf(seed) {
  if (latest?.seed === seed) return latest;
  const random = uniforms(seed), grey = 0.2 + 0.2 * random();
  const colour = [0, 1, 2].map(() => grey - 0.1 + 0.2 * random()), pattern = stripes(random);
  const way = 2 * Math.PI * random(), slope = 0.5 * random() / SIZE;
  const left = SIZE * random(), top = SIZE * random(), spot = 0.6 * random() - 0.3;
  const image = new Float64Array(3 * SIZE ** 2);
  each(0, SIZE, 0, SIZE, (x, y, at) => {
    const along = Math.cos(way) * (x - SIZE / 2) + Math.sin(way) * (y - SIZE / 2);
    const light = 1 + slope * along + spot * Math.exp(((x - left) ** 2 + (y - top) ** 2) / (-0.1 * SIZE ** 2));
    for (let channel = 0; channel < 3; channel++) image[channel * SIZE ** 2 + at] = colour[channel] * pattern(x, y) * light;
  });
  const grain = normals(seed);
  latest = {seed, image, sun: 2 * Math.PI * random(), grain: image.map(() => grain.next().value)};
  return latest;
}
let latest; // ground, since it is the same for many scenes

/** Visits the pixels of a window, which may reach over the border, with their middle and their number. */
function each(left, right, top, bottom, visit) {
  const first = Math.max(Math.floor(left), 0), end = Math.min(Math.ceil(right), SIZE);
  for (let row = Math.max(Math.floor(top), 0); row < Math.min(Math.ceil(bottom), SIZE); row++) {
    for (let column = first; column < end; column++) visit(column + 0.5, row + 0.5, row * SIZE + column);
  }
}

/** The scene as planes of red, green and blue in 0…1 (3 · 64 · 64), and the class of each pixel (64 · 64). */
export function drawScene(shapes, noise, ground) {
  const {image: bare, sun, grain} = groundOf(ground), image = bare.slice(), mask = new Uint8Array(SIZE ** 2), area = SIZE ** 2;
  for (const shape of shapes) {
    const {random, colour} = paintOf(shape), pattern = stripes(random), height = 0.03 * SIZE * (0.5 + random());
    const outside = distanceTo(shape), [east, south] = [height * Math.cos(sun), height * Math.sin(sun)];
    const reach = REACH[shape.kind] * shape.radius + 2 * height + 1;
    each(shape.x - reach, shape.x + reach, shape.y - reach, shape.y + reach, (x, y, at) => {
      const shade = 1 - 0.5 * soft(outside(x - east, y - south), height), distance = outside(x, y);
      const cover = soft(distance, 1), factor = cover && pattern(x, y);
      for (let channel = 0, i = at; channel < 3; channel++, i += area) {
        image[i] *= shade;
        image[i] += cover * (colour[channel] * factor - image[i]);
      }
      if (distance < 0) mask[at] = shape.kind;
    });
  }
  return {image: Float32Array.from(image, (value, i) => Math.min(Math.max(value + noise * grain[i], 0), 1)), mask};
}

/** A scene at random: its shapes and the number of its ground. */
export function randomScene(seed) {
  const random = uniforms(seed), whole = (low, high) => low + Math.floor((high - low) * random());
  const shapes = Array.from({length: whole(5, 9)}, () => {
    const kind = whole(1, CLASSES.length);
    return tidy({kind, x: whole(5, 60), y: whole(5, 60), radius: whole(5, 16), angle: whole(0, 360), hue: kind, paint: whole(0, 1000)});
  });
  return {shapes, ground: whole(0, 1000)};
}

/** A shape with whole numbers (halves for the radius), in the picture. */
export function tidy(shape) {
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  return {
    ...shape,
    x: within(Math.round(shape.x), 0, SIZE), y: within(Math.round(shape.y), 0, SIZE),
    radius: within(Math.round(2 * shape.radius) / 2, ...RADIUS), angle: ((Math.round(shape.angle) % 360) + 360) % 360,
  };
}

const KEYS = ['x', 'y', 'radius', 'angle', 'hue', 'paint'];

/** Shapes as words for the address, such as d20-30-8-0-1-37_w40-12-7-30-5-2. */
export function words(shapes) {
  return shapes.map((shape) => CLASSES[shape.kind][0] + KEYS.map((key) => shape[key]).join('-')).join('_');
}

/** The shapes of such words, undefined where they are none. */
export function read(text) {
  const shapes = text.split('_').filter(Boolean).map((each) => {
    const found = each.match(/^([dstrw])(\d+)-(\d+)-(\d+(?:\.5)?)-(\d+)-([1-5])-(\d+)$/);
    if (!found) return undefined;
    const kind = CLASSES.findIndex((name, i) => i && name.startsWith(found[1]));
    return tidy({kind, ...Object.fromEntries(KEYS.map((key, i) => [key, Number(found[i + 2])]))});
  });
  return shapes.includes(undefined) || shapes.length > MOST ? undefined : shapes;
}

/** A class's colour, [red, green, blue] in 0…255. */
export const rgb = (label) => [1, 3, 5].map((start) => parseInt(COLOURS[label].slice(start, start + 2), 16));

/** Paints the pixels of a scene, each as a square of canvas pixels; `colour(i)` is [red, green, blue] in 0…255. */
export function paintPixels(canvas, colour) {
  const small = new OffscreenCanvas(SIZE, SIZE), pixels = new ImageData(SIZE, SIZE);
  for (let i = 0; i < SIZE ** 2; i++) pixels.data.set([...colour(i), 255], 4 * i);
  small.getContext('2d').putImageData(pixels, 0, 0);
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** Paints planes of red, green and blue in 0…1. */
export function paintImage(canvas, image) {
  paintPixels(canvas, (i) => [0, 1, 2].map((channel) => 255 * image[channel * SIZE ** 2 + i]));
}
