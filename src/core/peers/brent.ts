/** Distance to the root that is near enough. */
const TOLERANCE = 1e-4;

const ROUNDS = 1_000;

/**
 * A root of the function between `low` and `high`, where it has opposite signs: interpolation as long as it makes headway,
 * bisection where it does not. R. P. Brent, "Algorithms for minimization without derivatives" (1973), chapter 4.
 */
export function brentRoot(f: (at: number) => number, low: number, high: number): number {
  let last = { at: low, value: f(low) };
  let best = { at: high, value: f(high) };
  let opposite = last;
  for (let round = 0; round < ROUNDS; round += 1) {
    const lastStep = best.at - last.at;
    if (Math.abs(opposite.value) < Math.abs(best.value)) [last, best, opposite] = [best, opposite, best];
    const least = 2 * Number.EPSILON * Math.abs(best.at) + TOLERANCE / 2;
    const half = (opposite.at - best.at) / 2;
    if (Math.abs(half) <= least || best.value === 0) return best.at;
    const makesHeadway = Math.abs(lastStep) >= least && Math.abs(last.value) > Math.abs(best.value);
    const step = makesHeadway ? (interpolated(last, best, opposite, lastStep, least) ?? half) : half;
    last = best;
    const at = best.at + (Math.abs(step) < least ? Math.sign(step) * least : step);
    best = { at, value: f(at) };
    if (best.value * opposite.value > 0) opposite = last;
  }
  return best.at;
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** The step from the best point to where the curve through the points crosses 0; null if it leads too far. */
function interpolated(
  last: Point,
  best: Point,
  opposite: Point,
  lastStep: number,
  least: number,
): number | null {
  const width = opposite.at - best.at;
  const toLast = best.value / last.value;
  const toOpposite = best.value / opposite.value;
  const ratio = last.value / opposite.value;
  const isLine = last.at === opposite.at;
  const p = isLine
    ? width * toLast
    : toLast * (width * ratio * (ratio - toOpposite) - (best.at - last.at) * (toOpposite - 1));
  const q = isLine ? toLast - 1 : -(ratio - 1) * (toOpposite - 1) * (toLast - 1);
  const [over, under] = p > 0 ? [p, q] : [-p, -q];
  const isNear = over < 0.75 * width * under - Math.abs(least * under) / 2;
  return isNear && over < Math.abs((lastStep * under) / 2) ? over / under : null;
}
