import type { CurvePoint } from '../../core/forecast/outlook.ts';
import { OFTEN } from '../../core/forecast/detectable.ts';
import { sayPercent } from '../../core/forecast/say.ts';
import type { StepForecast } from '../../core/forecast/step-forecast.ts';
import { paint } from '../view/format.ts';

const WIDTH = 61;
/** Lines per mountain: with many steps, low ones. */
const HIGH = { upTo: 4, height: 3 };
const LEVELS = ['', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const FULL = LEVELS.length - 1;

/** For each step, how likely a candidate is found, as mountains over its error rate. The rates rise by factors. */
export function chart(steps: readonly StepForecast[], stable: number): string {
  const lowest = steps[0]?.curve[0]?.rate ?? 0.01;
  const isHigh = steps.length <= HIGH.upTo;
  return [
    ...steps.flatMap((step) =>
      isHigh ? ['', ...mountain(step, lowest, HIGH.height)] : mountain(step, lowest, 1),
    ),
    axis(lowest),
    scale(lowest),
    mark(stable, lowest),
  ].join('\n');
}

function mountain({ step, curve }: StepForecast, lowest: number, height: number): readonly string[] {
  const found = Array.from({ length: WIDTH }, (_, column) =>
    foundAt(curve, lowest ** (1 - column / (WIDTH - 1))),
  );
  return Array.from({ length: height }, (_, row) => {
    const below = height - 1 - row;
    const cells = found.map((chance) => {
      const level = Math.round(chance * height * FULL) - below * FULL;
      const cell = LEVELS[Math.max(0, Math.min(FULL, level))] ?? '';
      return cell === '' ? ' ' : paint(chance >= OFTEN ? 'green' : chance >= 0.5 ? 'yellow' : 'red', cell);
    });
    const label = row === height - 1 ? `${step.weight} %` : '';
    return `${label.padStart(7)} ${paint('dim', row === height - 1 ? '┤' : '│')}${cells.join('')}`;
  });
}

/** The chance at a rate, between the points that are known. */
function foundAt(curve: readonly CurvePoint[], rate: number): number {
  const after = curve.findIndex((point) => point.rate >= rate * (1 - 1e-9));
  const [left, right] = [curve[after - 1], curve[after]];
  if (right === undefined) return curve.at(-1)?.found ?? 0;
  if (left === undefined) return right.found;
  const way = Math.log(rate / left.rate) / Math.log(right.rate / left.rate);
  return left.found + way * (right.found - left.found);
}

function columnOf(rate: number, lowest: number): number {
  const place = 1 - Math.log(rate) / Math.log(lowest);
  return Math.round(Math.max(0, Math.min(1, place)) * (WIDTH - 1));
}

/** The powers of ten from `lowest` to 1. */
export function decades(lowest: number): readonly number[] {
  const count = Math.round(-Math.log10(lowest));
  return Array.from({ length: count + 1 }, (_, index) => 10 ** (index - count));
}

function axis(lowest: number): string {
  const ticks = new Set(decades(lowest).map((rate) => columnOf(rate, lowest)));
  const line = Array.from({ length: WIDTH }, (_, column) => (ticks.has(column) ? '┴' : '─')).join('');
  return `${' '.repeat(8)}${paint('dim', `└${line}`)}`;
}

function scale(lowest: number): string {
  let line = '';
  for (const rate of decades(lowest)) {
    const label = sayPercent(rate);
    line = line.padEnd(9 + columnOf(rate, lowest) - Math.floor(label.length / 2)) + label;
  }
  return paint('dim', line);
}

function mark(stable: number, lowest: number): string {
  const label = stable < lowest ? `◂ stable, ${sayPercent(stable)}` : `▴ stable, ${sayPercent(stable)}`;
  return paint('dim', `${' '.repeat(9 + columnOf(Math.max(stable, lowest), lowest))}${label}`);
}
