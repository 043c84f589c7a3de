import { freshnessOf } from '../../compose.ts';
import { parseDuration } from '../../config/duration.ts';
import { ConfigError } from '../../config/problems.ts';
import { findEnvironment, resolvePlan } from '../../config/resolve.ts';
import { loadConfig } from '../../config/load.ts';
import { contest, type Performance } from '../../core/forecast/contest.ts';
import { type Rehearsal, rehearse } from '../../core/forecast/rehearsal.ts';
import type { ImaginedTraffic } from '../../core/forecast/traffic.ts';
import type { Peer } from '../../core/peers/peer.ts';
import { USUAL_PEERS } from '../../core/peers/usual-peers.ts';
import type { Plan } from '../../core/plan.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import { analysisSettings } from '../../core/judging/sequential.ts';
import { type Milliseconds, sayDuration } from '../../core/time.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { shareOption } from '../share-option.ts';
import { showProgress } from '../view/progress.ts';
import { paint, table } from '../view/format.ts';

const USUAL_RATES = [0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1];
/** Seconds for which the tools compete. */
const CONTEST = 300;

/** Rolls imagined releases out by the plan of the configuration, many times, and counts what comes of it. */
export const run: CommandRun = async (input) => {
  const loaded = await loadConfig(input.directory, textOption(input, 'config'));
  const environment = findEnvironment(loaded.config, textOption(input, 'env'));
  const plan = resolvePlan(loaded, environment, 'deliver');
  const wanted = read(input, freshnessOf(plan.targets).every);
  const { peers } = wanted;
  const { output } = input;
  const isContest = peers.length > 0;
  const progress = showProgress(output, wanted.candidates.length * wanted.runs * (isContest ? 2 : 1));
  const rows = wanted.candidates.map((candidate, index) => {
    const traffic: ImaginedTraffic = {
      requestsPerSecond: wanted.requestsPerSecond,
      errorRates: { stable: wanted.errorRate, candidate },
    };
    const often = <T>(once: (random: Random) => T): readonly T[] =>
      Array.from({ length: wanted.runs }, (_, each) => {
        progress.step();
        return once(seededRandom(wanted.seed + 7_919 * index + 104_729 * each));
      });
    const rehearsals = often((random) => rehearse(plan, traffic, wanted.every, random));
    const contests = isContest ? often((random) => compete(plan, traffic, peers, random)) : [];
    return { candidate, ...summarise(rehearsals), rules: summariseContests(contests) };
  });
  progress.close();
  const { peers: _, ...asked } = wanted;
  output.json({ environment: environment.name, ...asked, rows });
  output.line(
    `${wanted.runs} rollouts each by the plan of ${paint('bold', environment.name)}, ${wanted.requestsPerSecond} requests/s, stable fails ${percent(wanted.errorRate)}, a turn every ${sayDuration(wanted.every)}\n`,
  );
  output.line(table([HEADINGS, ...rows.map((row) => rehearsalRow(row, wanted.errorRate))]));
  if (isContest) output.line(`\n${contestTable(rows, plan, wanted)}`);
  output.line(
    paint(
      'dim',
      '\nImagined traffic: requests come at random and fail independently of each other. Metrics come without delay.',
    ),
  );
  return EXIT_CODES.done;
};

interface Wanted {
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  readonly candidates: readonly number[];
  readonly runs: number;
  readonly every: Milliseconds;
  readonly seed: number;
  readonly peers: readonly Peer[];
}

/** What was asked for; a turn comes as often as it does at the targets of the plan, if nothing else is said. */
function read(input: CommandInput, usualTurn: Milliseconds): Wanted {
  const errorRate = shareOption('error-rate', textOption(input, 'errorRate') ?? '0.1%');
  const candidates = textOption(input, 'candidate')?.split(',');
  const given = textOption(input, 'every');
  const every = given === undefined ? usualTurn : parseDuration(given);
  if (every === null || every < 50) {
    throw new ConfigError('invalid', '--every takes a duration of at least "50ms", such as "1s".');
  }
  return {
    requestsPerSecond: numberOption(input, 'rps', { least: 0.01, most: 100_000, otherwise: 100 }),
    errorRate,
    candidates:
      candidates === undefined
        ? [errorRate, ...USUAL_RATES.filter((rate) => rate > errorRate)]
        : candidates.map((text) => shareOption('candidate', text)),
    runs: numberOption(input, 'runs', { least: 1, most: 1_000_000, otherwise: 200 }),
    every,
    seed: numberOption(input, 'seed', { least: 0, most: 2 ** 31, otherwise: 1 }),
    peers: chosenPeers(textOption(input, 'against')),
  };
}

function numberOption(
  input: CommandInput,
  name: string,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const text = textOption(input, name);
  const value = text === undefined ? otherwise : Number(text);
  const isWhole = name === 'rps' || Number.isInteger(value);
  if (!(value >= least && value <= most) || !isWhole) {
    const kind = name === 'rps' ? 'number' : 'whole number';
    throw new ConfigError('invalid', `--${name} takes a ${kind} from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

const TOOLS: Readonly<Record<string, RegExp>> = {
  codedeploy: /^CodeDeploy/,
  flagger: /^Flagger/,
  argo: /^Argo/,
  kayenta: /^Kayenta/,
};

function chosenPeers(list: string | undefined): readonly Peer[] {
  return (list?.split(',') ?? []).flatMap((name) => {
    const pattern = Object.hasOwn(TOOLS, name.trim()) ? TOOLS[name.trim()] : undefined;
    if (pattern === undefined) {
      const known = Object.keys(TOOLS).join(', ');
      throw new ConfigError('unknown-name', `--against does not know "${name}"; it knows ${known}.`);
    }
    return USUAL_PEERS.filter((peer) => pattern.test(peer.name));
  });
}

interface Summary {
  readonly promoted: number;
  readonly rolledBack: number;
  readonly held: number;
  readonly aborted: number;
  readonly medianSeconds: number;
  readonly medianFailed: number;
  readonly meanFailed: number;
}

function summarise(rehearsals: readonly Rehearsal[]): Summary {
  const share = (end: Rehearsal['end']) =>
    rehearsals.filter((rehearsal) => rehearsal.end === end).length / rehearsals.length;
  const failed = rehearsals.map(({ candidate }) => candidate.failed);
  return {
    promoted: share('promoted'),
    rolledBack: share('rolled back'),
    held: share('held'),
    aborted: share('aborted'),
    medianSeconds: median(rehearsals.map(({ took }) => took / 1_000)),
    medianFailed: median(failed),
    meanFailed: failed.reduce((sum, count) => sum + count, 0) / failed.length,
  };
}

interface RuleSummary {
  readonly rule: string;
  readonly rolledBack: number;
  /** Null when less than half were rolled back. */
  readonly medianSeconds: number | null;
  readonly medianFailed: number;
}

function compete(
  plan: Plan,
  traffic: ImaginedTraffic,
  peers: readonly Peer[],
  random: Random,
): readonly Performance[] {
  const weight = plan.steps[0]?.weight ?? 10;
  const settings = analysisSettings({ ...plan, steps: [{ weight, hold: 1_000 * CONTEST }] });
  return contest({ traffic, weight, seconds: CONTEST }, settings, peers, random);
}

function summariseContests(contests: readonly (readonly Performance[])[]): readonly RuleSummary[] {
  return [...Map.groupBy(contests.flat(), ({ rule }) => rule)].map(([rule, performances]) => {
    const seconds = median(performances.map((performance) => performance.seconds ?? Infinity));
    return {
      rule,
      rolledBack: performances.filter((performance) => performance.seconds !== null).length / contests.length,
      medianSeconds: Number.isFinite(seconds) ? seconds : null,
      medianFailed: median(performances.map(({ failed }) => failed)),
    };
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const HEADINGS = ['CANDIDATE FAILS', 'PROMOTED', 'ROLLED BACK', 'HELD', 'ABORTED', 'TOOK', 'FAILED REQUESTS'];

function rehearsalRow(row: Summary & { candidate: number }, errorRate: number): readonly string[] {
  return [
    row.candidate === errorRate ? `${percent(row.candidate)}, as stable` : percent(row.candidate),
    percent(row.promoted),
    percent(row.rolledBack),
    percent(row.held),
    percent(row.aborted),
    sayDuration(1_000 * row.medianSeconds),
    `${row.medianFailed} (mean ${row.meanFailed.toFixed(1)})`,
  ];
}

function contestTable(
  rows: readonly { readonly candidate: number; readonly rules: readonly RuleSummary[] }[],
  { steps }: Plan,
  { errorRate }: Wanted,
): string {
  const names = rows[0]?.rules.map(({ rule }) => rule) ?? [];
  const title = `Against others, on the same traffic: ${steps[0]?.weight ?? 10} % for ${CONTEST / 60} min; rolled back / median time / median failed requests`;
  const cells = names.map((name) => [
    name,
    ...rows.map(({ rules }) => {
      const found = rules.find(({ rule }) => rule === name);
      if (found === undefined) return '';
      const time = found.medianSeconds === null ? 'never' : sayDuration(1_000 * found.medianSeconds);
      return `${percent(found.rolledBack)} / ${time} / ${found.medianFailed}`;
    }),
  ]);
  const headings = rows.map(({ candidate }) =>
    candidate === errorRate ? `${percent(candidate)} (WRONG)` : percent(candidate),
  );
  return `${title}\n\n${table([['RULE', ...headings], ...cells])}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
