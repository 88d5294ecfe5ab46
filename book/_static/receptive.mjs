// How far layers see.

/**
 * The receptive field along one axis: the pixels [first, last] that a position of the last layer's output depends on, or its
 * positions `from` … `to`; also pixels outside the image. `layers` are {k, stride, padding, dilation}, the first one first.
 */
export function receptiveField(layers, from, to = from) {
  return layers.reduceRight(([first, last], {k, stride = 1, padding = 0, dilation = 1}) =>
    [first * stride - padding, last * stride - padding + dilation * (k - 1)], [from, to]);
}

export const CONVOLUTION = {k: 3, padding: 1};
const POOLING = {k: 2, stride: 2};

/** The layers of this chapter's encoders from the image to a level: two convolutions, and as many after each pooling. */
export const encoder = (level) => [CONVOLUTION, CONVOLUTION, ...Array(level).fill([POOLING, CONVOLUTION, CONVOLUTION]).flat()];

/** A layer with the zeros that keep the size of its input where k is odd and the stride is 1. */
export const padded = (k, stride = 1, dilation = 1) => ({k, stride, dilation, padding: Math.floor(dilation * (k - 1) / 2)});

/** After each layer the `size` of a unit's field, the `jump` from one unit to the next, and the `count` of units in a row of `n` pixels. */
export function fields(layers, n) {
  let size = 1, jump = 1, count = n;
  return layers.map(({k, stride, dilation, padding}) => {
    size += dilation * (k - 1) * jump;
    jump *= stride;
    count = Math.max(Math.floor((count + 2 * padding - dilation * (k - 1) - 1) / stride) + 1, 0);
    return {size, jump, count};
  });
}

const threes = (count, stride = 1) => [padded(3, stride), ...Array(count - 1).fill(padded(3))];
/** The main path of ResNet-50's bottlenecks: 1 × 1, 3 × 3 with the stride of the first of its stage, 1 × 1. */
const bottlenecks = (count, stride) => Array.from({length: count}, (_, at) => [padded(1), padded(3, at ? 1 : stride), padded(1)]).flat();

/** The convolutions and poolings of known networks, as far as they come before the mean over all positions. */
export const STACKS = {
  five: [...threes(2), padded(2, 2), ...threes(2)],
  vgg16: [2, 2, 3, 3, 3].flatMap((count) => [...threes(count), padded(2, 2)]),
  resnet50: [padded(7, 2), padded(3, 2), ...[3, 4, 6, 3].flatMap((count, stage) => bottlenecks(count, stage ? 2 : 1))],
  unet: encoder(3).map(({k, stride}) => padded(k, stride)),
};
