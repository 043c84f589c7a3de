import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Draws docs/images/failed-until-rollback.svg from the results of the simulation. */
const results = z
  .object({
    detection: z.object({
      columns: z.array(
        z.object({
          candidate: z.number(),
          bound: z.object({ failed: z.number().nullable() }),
          outcomes: z.array(z.object({ rule: z.string(), rolledBack: z.number(), meanFailed: z.number() })),
        }),
      ),
    }),
  })
  .parse(JSON.parse(readFileSync(path.join(import.meta.dirname, '../results/analysis.json'), 'utf8')));

interface Line {
  readonly rule: string;
  readonly label: string;
  readonly style: 'ours' | 'ours-late' | 'peer';
  /** How far the label is moved from the end of its line, in pixels. */
  readonly lift: number;
}

const LINES: readonly Line[] = [
  { rule: 'Flagger, 1 min x 5, success < 99 %', label: 'Flagger, 1 min × 5', style: 'peer', lift: 0 },
  { rule: 'Kayenta, 10-s points, every minute', label: 'Kayenta, each minute', style: 'peer', lift: -20 },
  { rule: 'CodeDeploy, alarm > 5 %, 1 min', label: 'CodeDeploy, alarm > 5 %', style: 'peer', lift: -4 },
  { rule: 'Flagger, 10 s x 5, success < 99 %', label: 'Flagger, 10 s × 5', style: 'peer', lift: 12 },
  { rule: '60 s', label: 'canary, 1-min metrics', style: 'ours-late', lift: 28 },
  { rule: 'all metrics, 0.1 s', label: 'canary', style: 'ours', lift: 0 },
];

const [WIDTH, HEIGHT] = [900, 470];
const PLOT = { left: 70, right: 660, top: 56, bottom: 400 };
const RATES = { from: 0.005, to: 1 };
const FAILED = { from: 1, to: 5_000 };

function scale(value: number, { from, to }: { from: number; to: number }, low: number, high: number): number {
  return low + (Math.log(value / from) / Math.log(to / from)) * (high - low);
}
const x = (rate: number) => scale(rate, RATES, PLOT.left, PLOT.right);
const y = (failed: number) => scale(failed, FAILED, PLOT.bottom, PLOT.top);

interface Point {
  readonly rate: number;
  readonly failed: number;
  /** Whether at least half of the runs were rolled back. */
  readonly isFound: boolean;
}

const columns = results.detection.columns.filter(({ candidate }) => candidate >= RATES.from);

function pointsOf(rule: string): readonly Point[] {
  return columns.flatMap(({ candidate, outcomes }) => {
    const found = outcomes.find((outcome) => outcome.rule === rule);
    return found === undefined
      ? []
      : [{ rate: candidate, failed: found.meanFailed, isFound: found.rolledBack >= 0.5 }];
  });
}

function pathOf(points: readonly { rate: number; failed: number }[]): string {
  return points
    .map(({ rate, failed }, index) => `${index === 0 ? 'M' : 'L'}${at(x(rate))} ${at(y(failed))}`)
    .join('');
}

function at(pixels: number): string {
  return pixels.toFixed(1);
}

function draw({ rule, label, style, lift }: Line): string {
  const points = pointsOf(rule);
  const last = points.at(-1);
  if (last === undefined) throw new Error(`the results do not have "${rule}"`);
  const dots = points.map(
    ({ rate, failed, isFound }) =>
      `<circle class="${style}${isFound ? '' : ' missed'}" cx="${at(x(rate))}" cy="${at(y(failed))}" r="${style === 'ours' ? 4.5 : 3.5}"/>`,
  );
  const [endX, endY] = [x(last.rate), y(last.failed)];
  const lead =
    lift === 0
      ? ''
      : `<path class="lead" d="M${at(endX + 6)} ${at(endY)}L${at(endX + 16)} ${at(endY + lift)}"/>`;
  const text = `<text class="${style}" x="${at(endX + 20)}" y="${at(endY + lift + 4)}">${label} · ${Math.round(last.failed)}</text>`;
  return `<path class="line ${style}" d="${pathOf(points)}"/>${dots.join('')}${lead}${text}`;
}

const bound = columns.flatMap(({ candidate, bound: { failed } }) =>
  failed === null ? [] : [{ rate: candidate, failed }],
);
const ticksX = columns.map(
  ({ candidate }) =>
    `<line class="grid" x1="${at(x(candidate))}" x2="${at(x(candidate))}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text class="tick" text-anchor="middle" x="${at(x(candidate))}" y="${PLOT.bottom + 20}">${Number((100 * candidate).toPrecision(3))} %</text>`,
);
const ticksY = [1, 10, 100, 1_000].map(
  (failed) =>
    `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y(failed))}" y2="${at(y(failed))}"/><text class="tick" text-anchor="end" x="${PLOT.left - 10}" y="${at(y(failed) + 4)}">${failed.toLocaleString('en')}</text>`,
);
const lowest = bound.at(-1) ?? { rate: 1, failed: 1 };

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Failed user requests until rollback against the candidate's error rate, for canary and other tools">
<style>
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#57606a}
.title{font-size:15px;font-weight:600;fill:#1f2328}
.tick{font-size:12px}
.grid{stroke:#d0d7de;stroke-width:1;opacity:.6}
.line{fill:none;stroke-width:1.5}
path.peer{stroke:#8c959f}circle.peer{fill:#8c959f;stroke:#8c959f}
path.ours-late{stroke:#54aeff;stroke-width:2}circle.ours-late{fill:#54aeff;stroke:#54aeff}
path.ours{stroke:#0969da;stroke-width:3}circle.ours{fill:#0969da;stroke:#0969da}
text.ours{fill:#0969da;font-weight:600}text.ours-late{fill:#0969da}
circle.missed{fill:#fff;stroke-width:1.5}
.bound{fill:none;stroke:#1f2328;stroke-width:1.5;stroke-dasharray:4 4}
.lead{fill:none;stroke:#8c959f;stroke-width:.75}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.grid{stroke:#3d444d}circle.missed{fill:#0d1117}
path.ours{stroke:#58a6ff}circle.ours{fill:#58a6ff;stroke:#58a6ff}text.ours,text.ours-late{fill:#58a6ff}
path.ours-late{stroke:#1f6feb}circle.ours-late{fill:#1f6feb;stroke:#1f6feb}.bound{stroke:#f0f6fc}}
</style>
<text class="title" x="${PLOT.left}" y="22">Failed user requests until the rollback (mean)</text>
<text x="${PLOT.left}" y="41">simulated: 100 requests/s, 10 % to the candidate, stable fails 0.1 %, metrics without delay, at most 5 minutes</text>
${ticksX.join('')}${ticksY.join('')}
<text text-anchor="middle" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}">share of the candidate's requests that fail</text>
<path class="bound" d="${pathOf(bound)}"/><text x="${at(x(lowest.rate) + 20)}" y="${at(y(lowest.failed) + 14)}">least any test needs · ${lowest.failed.toFixed(1)}</text>
${LINES.map(draw).join('\n')}
<circle class="peer missed" cx="${PLOT.left + 4}" cy="${HEIGHT - 12}" r="3.5"/><text class="tick" x="${PLOT.left + 14}" y="${HEIGHT - 8}">not found within the 5 minutes in most runs: what they cost</text>
</svg>
`;
writeFileSync(path.join(import.meta.dirname, '../../docs/images/failed-until-rollback.svg'), svg);
