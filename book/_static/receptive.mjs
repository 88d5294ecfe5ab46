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
