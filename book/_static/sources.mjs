// The picture that a figure works on: one of the course's photographs, the reader's own, or what the camera sees.
// The reader's pictures are read, scaled and filtered here. Nothing is sent anywhere.
import {element} from './elements.mjs';

const SIDE = 320; // pixels of the longer side of the reader's own picture
const LONGEST = 2; // times the shorter side: more would push the figure's controls off the screen
const FRAME = 240; // the same of a camera's frame, which is filtered while the next one is taken
const REFUSALS = {
  NotAllowedError: 'The camera was not allowed. Allow it for this page in your browser, and try again.',
  NotFoundError: 'No camera was found.',
  NotReadableError: 'The camera is there, but another program uses it.',
};

/**
 * `names` are those of the photographs. `field` is the figure's field: a name, 'own' or 'camera'; only a photograph's name
 * stands in the address. The figure sets `changed`, which is called for each frame of the camera.
 */
export class Source {
  constructor(names) {
    this.pictures = {};
    const known = (words) => names.includes(words);
    this.field = {
      value: names[0], words: (value) => (known(value) ? value : names[0]), read: (words) => (known(words) ? words : undefined),
      limit: (value) => value,
      control: (key, chosen) => this.#control(names, chosen),
    };
    this.changed = () => {};
    this.trouble = element('p', {className: 'live-sentence live-trouble', role: 'alert'});
  }

  /** Takes the photographs from canvases, by their names. */
  load(canvases) {
    Object.keys(canvases).forEach((name) => { this.pictures[name] = pictureOf(canvases[name]); });
  }

  /** What has gone wrong is no longer told. */
  forgive() {
    this.trouble.textContent = '';
  }

  /** The picture of this name. */
  current(name) {
    return this.pictures[name];
  }

  /** Its [rows, columns]; before it is there, no bounds. */
  size(name) {
    const {height = Infinity, width = Infinity} = this.pictures[name] ?? {};
    return [height, width];
  }

  #control(names, chosen) {
    const trouble = this.trouble;
    const button = (words, pressed) => {
      const node = element('button', {type: 'button'}, words);
      node.addEventListener('click', () => {
        this.forgive();
        pressed();
      });
      return node;
    };
    const photographs = names.map((name) => button(name, () => chosen(name)));
    const file = element('input', {type: 'file', accept: 'image/*'});
    const own = element('label', {className: 'live-file'}, 'your picture', file);
    const camera = button('camera', () => (this.stream ? chosen(names[0]) : this.#film(chosen)));
    file.addEventListener('change', async () => {
      const [chosenFile] = file.files;
      if (!chosenFile) return;
      file.value = ''; // the same file can be chosen again
      this.forgive();
      try {
        const image = await createImageBitmap(chosenFile), [part, cut] = middle(image);
        this.pictures.own = pictureOf(scaled(await createImageBitmap(image, ...part), SIDE));
        chosen('own');
        if (cut) trouble.textContent = `“${chosenFile.name}” is so long that only its middle is shown.`;
      } catch {
        trouble.textContent = `“${chosenFile.name}” is not a picture that this browser can read.`;
      }
    });
    const show = (value) => {
      if (value !== 'camera') this.#stop();
      photographs.forEach((node, i) => { node.ariaPressed = String(names[i] === value); });
      own.classList.toggle('chosen', value === 'own');
      camera.classList.toggle('chosen', value === 'camera');
      camera.textContent = value === 'camera' ? 'stop the camera' : 'camera';
    };
    const group = element('div', {className: 'live-buttons', role: 'group', ariaLabel: 'picture'}, ...photographs, own, camera);
    return {node: element('div', {className: 'live-source'}, group, trouble), show};
  }

  async #film(chosen) {
    if (this.opening) return; // the browser is still asking
    this.opening = true;
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'NotFoundError');
      const stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 2 * FRAME}}});
      const video = element('video', {srcObject: stream, muted: true, playsInline: true});
      await video.play();
      this.stream = stream;
      addEventListener('pagehide', () => this.#stop(), {once: true});
      const [track] = stream.getVideoTracks();
      track.addEventListener('ended', () => chosen(this.field.value));
      const mirrored = track.getSettings().facingMode !== 'environment';
      const canvas = element('canvas');
      const take = () => {
        if (this.stream !== stream) return;
        this.pictures.camera = pictureOf(scaled(video, FRAME, canvas, mirrored));
        this.changed();
        video.requestVideoFrameCallback(take);
      };
      this.pictures.camera = pictureOf(scaled(video, FRAME, canvas, mirrored));
      chosen('camera');
      video.requestVideoFrameCallback(take);
    } catch (error) {
      this.trouble.textContent = REFUSALS[error.name] ?? `The camera did not start (${error.message}).`;
    } finally {
      this.opening = false;
    }
  }

  #stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = undefined;
  }
}

/** [x, y, width, height] of the middle of a picture that is not too long, and whether something is cut off. */
function middle({width, height}) {
  const most = LONGEST * Math.min(width, height), [wide, high] = [Math.min(width, most), Math.min(height, most)];
  return [[Math.floor((width - wide) / 2), Math.floor((height - high) / 2), wide, high], wide < width || high < height];
}

/** A canvas that shows a picture or a frame, its longer side `longest` pixels at most. */
function scaled(image, longest, canvas = element('canvas'), mirrored = false) {
  const [wide, high] = [image.videoWidth ?? image.width, image.videoHeight ?? image.height];
  const scale = Math.min(1, longest / Math.max(wide, high));
  canvas.width = Math.max(1, Math.round(scale * wide));
  canvas.height = Math.max(1, Math.round(scale * high));
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff'; // below what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (mirrored) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** What a canvas shows, in three planes. */
export function pictureOf(canvas) {
  const {height, width} = canvas, {data} = canvas.getContext('2d', {willReadFrequently: true}).getImageData(0, 0, width, height);
  const planes = [0, 1, 2].map((channel) => {
    const values = new Float64Array(height * width);
    for (let i = 0; i < values.length; i++) values[i] = data[4 * i + channel] / 255;
    return values;
  });
  return {height, width, planes};
}
