import { sayPercent } from '../../core/forecast/say.ts';
import type { Forecast } from '../../core/forecast/forecast.ts';
import { OFTEN } from '../../core/forecast/detectable.ts';
import type { StepForecast } from '../../core/forecast/step-forecast.ts';
import { sayDuration } from '../../core/time.ts';
import { decades } from './chart.ts';

const [WIDTH, HEIGHT] = [900, 440];
const PLOT = { left: 70, right: 690, top: 66, bottom: 370 };

/** Height of an entry in the list of steps, with the line of what it finds. */
const WIDE_GAP = 40;

/** As many lines as can be told apart by colour; more begin anew, dashed. */
const COLOURS = 6;

/** The same picture as on the terminal, as SVG that is readable on a light and on a dark page. */
export function draw({ steps, traffic }: Forecast, title: string): string {
  const lowest = steps[0]?.curve[0]?.rate ?? 0.01;
  const x = (rate: number): number =>
    PLOT.left + (1 - Math.log(Math.max(rate, lowest)) / Math.log(lowest)) * (PLOT.right - PLOT.left);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Chance of finding a bad release against its error rate, by step">
<style>
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#57606a}
.title{font-size:15px;font-weight:600;fill:#1f2328}
.tick{font-size:12px}
.grid{stroke:#d0d7de;stroke-width:1;opacity:.6}
.often,.stable{stroke:#57606a;stroke-width:1;stroke-dasharray:4 4}
.line{fill:none;stroke-width:2.5;stroke-linejoin:round}.dot{stroke-width:0}
${coloursOf(['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#bf3989', '#6e7781'])}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.grid{stroke:#3d444d}.often,.stable{stroke:#9198a1}
${coloursOf(['#58a6ff', '#f0883e', '#3fb950', '#bc8cff', '#f778ba', '#9198a1'])}}
</style>
<text class="title" x="${PLOT.left}" y="24">${escape(title)}</text>
<text x="${PLOT.left}" y="45">chance that a step finds a candidate, by the share of its requests that fail; stable fails ${sayPercent(traffic.errorRate)}</text>
${grid(lowest, x)}
${stableLine(traffic.errorRate, lowest, x)}
${steps.map((step, index) => curve(step, { index, gap: Math.min(WIDE_GAP, (PLOT.bottom - PLOT.top) / steps.length) }, x)).join('\n')}
</svg>
`;
}

function coloursOf(colours: readonly string[]): string {
  return colours
    .map((colour, index) => `path.c${index}{stroke:${colour}}.c${index}.dot,text.c${index}{fill:${colour}}`)
    .join('');
}

function y(chance: number): number {
  return PLOT.bottom - chance * (PLOT.bottom - PLOT.top);
}

function grid(lowest: number, x: (rate: number) => number): string {
  const columns = decades(lowest).map(
    (rate) =>
      `<line class="grid" x1="${at(x(rate))}" x2="${at(x(rate))}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text class="tick" text-anchor="middle" x="${at(x(rate))}" y="${PLOT.bottom + 20}">${sayPercent(rate)}</text>`,
  );
  const rows = [0, 0.5, OFTEN, 1].map(
    (chance) =>
      `<line class="${chance === OFTEN ? 'often' : 'grid'}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y(chance))}" y2="${at(y(chance))}"/><text class="tick" text-anchor="end" x="${PLOT.left - 10}" y="${at(y(chance) + 4)}">${100 * chance} %</text>`,
  );
  const name = `<text text-anchor="middle" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}">share of the candidate's requests that fail</text>`;
  return [...columns, ...rows, name].join('');
}

function stableLine(stable: number, lowest: number, x: (rate: number) => number): string {
  if (stable < lowest) return '';
  const place = at(x(stable));
  return `<line class="stable" x1="${place}" x2="${place}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text class="tick" x="${at(x(stable) + 6)}" y="${PLOT.top + 14}">stable</text>`;
}

/** The line of a step, where it finds often enough, and its name in the list beside the plot. */
function curve(
  { step, smallest, curve: points }: StepForecast,
  { index, gap }: { readonly index: number; readonly gap: number },
  x: (rate: number) => number,
): string {
  const colour = `c${index % COLOURS}`;
  const path = points
    .map(({ rate, found }, point) => `${point === 0 ? 'M' : 'L'}${at(x(rate))} ${at(y(found))}`)
    .join('');
  const dash = index < COLOURS ? '' : ' stroke-dasharray="7 4"';
  const dot =
    smallest === null
      ? ''
      : `<circle class="dot ${colour}" cx="${at(x(smallest))}" cy="${at(y(OFTEN))}" r="4.5"/>`;
  const top = PLOT.top + 14 + gap * index;
  const finds = smallest === null ? 'finds nothing' : `finds from ${sayPercent(smallest)}`;
  const line = `<path class="line ${colour}"${dash} d="${path}"/>${dot}`;
  const entry = `<path class="line ${colour}"${dash} d="M${PLOT.right + 20} ${at(top - 4)}h22"/><text class="${colour}" x="${PLOT.right + 50}" y="${at(top)}">${step.weight} % for ${sayDuration(step.hold)}</text>`;
  const second = `<text class="tick" x="${PLOT.right + 50}" y="${at(top + 16)}">${finds}</text>`;
  return gap < WIDE_GAP ? line + entry : line + entry + second;
}

function at(pixels: number): string {
  return pixels.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
