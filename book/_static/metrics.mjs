// Metrics and losses of a prediction with two classes, object and background.

export const WEIGHT = 10, GAMMA = 2; // of an object's pixel in the weighted loss, of the focal loss

/** The pixels {row, column, truth, said} of a square of `side` pixels: is each in the object, and in the prediction? */
export function discs(side, {radius, growth, shift, drop}) {
  const centre = (side - 1) / 2;
  return Array.from({length: side ** 2}, (_, pixel) => {
    const row = Math.floor(pixel / side), column = pixel % side;
    return {
      row, column,
      truth: Math.hypot(row - centre, column - centre) < radius,
      said: Math.hypot(row - centre - drop, column - centre - shift) < radius + growth,
    };
  });
}

/** How many pixels are found (`both`), predicted without being in the object (`extra`), and `missed`. */
export function counts(pixels) {
  const count = (kind) => pixels.filter(kind).length;
  return {
    both: count(({truth, said}) => truth && said),
    extra: count(({truth, said}) => said && !truth),
    missed: count(({truth, said}) => truth && !said),
  };
}

export function metrics(pixels) {
  const {both, extra, missed} = counts(pixels);
  return [
    ['pixel accuracy', 1 - (extra + missed) / pixels.length],
    ['IoU of the object', both / (both + extra + missed)],
    ['Dice of the object', 2 * both / (2 * both + extra + missed)],
  ];
}

/** The predicted class of a pixel has the probability `right` where it is the true one, `wrong` where it is not. */
export function losses(pixels, right, wrong) {
  let entropy = 0, weighted = 0, weights = 0, focal = 0, overlap = 0, sum = 0;
  for (const {truth, said} of pixels) {
    const ofTruth = truth === said ? right : 1 - wrong, ofObject = truth ? ofTruth : 1 - ofTruth;
    const weight = truth ? WEIGHT : 1, surprise = -Math.log(ofTruth);
    entropy += surprise;
    weighted += weight * surprise;
    weights += weight;
    focal += (1 - ofTruth) ** GAMMA * surprise;
    overlap += truth ? ofObject : 0;
    sum += ofObject + (truth ? 1 : 0);
  }
  return [
    ['cross-entropy', entropy / pixels.length], [`weighted, object × ${WEIGHT}`, weighted / weights],
    [`focal, γ = ${GAMMA}`, focal / pixels.length], ['Dice loss', 1 - 2 * overlap / sum],
  ];
}
