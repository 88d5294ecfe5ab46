// Trained networks in the browser, run by ONNX Runtime Web (vendor/ort), which is loaded with the first of them.
//
//   const run = await network('shapes', kit.wait);
//   const {logits} = await run({image: [1, 3, 64, 64, data]}, ['logits']);   // {logits: {dims, data}}
import {Sorry} from './kit.mjs';

// Of the runtime and a network, as readers are told before they load them.
export const MEGABYTES = {shapes: 15, tolerance: 15, lite0: 24};
const HERE = new URL('.', import.meta.url);
const loaded = {}; // promises

/**
 * The function that runs `networks/NAME.onnx`. It takes the inputs, {name: {dims, data}}, and the names of the outputs that are
 * wanted, and gives these in the same form. `tell` gets words about what is being waited for.
 */
export async function network(name, tell = () => {}) {
  const told = (count) => tell(`loading … ${Math.round(count / 1e6)} of ${MEGABYTES[name]} MB`);
  const ort = await once('the runtime', () => runtime(told));
  const before = ort.env.wasm.wasmBinary.byteLength;
  const session = await once(name, async () => ort.InferenceSession.create(await bytes(`networks/${name}.onnx`, (count) => told(before + count))));
  return async (inputs, wanted) => {
    const tensors = Object.entries(inputs).map(([key, {dims, data}]) => [key, new ort.Tensor('float32', data, dims)]);
    return session.run(Object.fromEntries(tensors), wanted);
  };
}

/** The names of ImageNet's classes. */
export const names = () => once('the names', async () => JSON.parse(new TextDecoder().decode(await bytes('networks/imagenet.json'))));

/** What `make` gives, made once; what has failed is made again. */
function once(key, make) {
  loaded[key] ??= make().catch((error) => {
    delete loaded[key];
    throw error;
  });
  return loaded[key];
}

async function runtime(seen) {
  if (typeof WebAssembly !== 'object') throw new Sorry('This browser does not run WebAssembly, which the network needs.');
  const ort = await import(new URL('vendor/ort/ort.wasm.bundle.min.mjs', HERE));
  ort.env.wasm.numThreads = 1; // more need headers that a host of plain files does not send
  ort.env.wasm.wasmBinary = await bytes('vendor/ort/ort-wasm-simd-threaded.wasm', seen);
  return ort;
}

/** A file of this site; `seen` gets the number of bytes that have come. */
async function bytes(path, seen = () => {}) {
  const answer = await fetch(new URL(path, HERE));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const parts = [];
  let count = 0;
  for (let reader = answer.body.getReader(), part; !(part = await reader.read()).done;) {
    parts.push(part.value);
    seen(count += part.value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
