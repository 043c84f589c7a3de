import type { Forecast } from '../../core/forecast/forecast.ts';
import { sayCaveat } from '../../core/forecast/caveat.ts';
import { sayCount, sayPercent } from '../../core/forecast/say.ts';
import type { Fate } from '../../core/forecast/scene.ts';
import { BAD_RATES, type BadRelease, type StepForecast } from '../../core/forecast/step-forecast.ts';
import { type Milliseconds, sayDuration } from '../../core/time.ts';
import { paint, table } from '../view/format.ts';
import { wrap } from '../view/wrap.ts';
import { chart } from './chart.ts';
import type { KnownTraffic, Source } from './known-traffic.ts';

/** Lines are not longer than this, if the terminal is not narrower. */
const WIDEST = 110;

/** The forecast for a person at a terminal. */
export function report(forecast: Forecast, known: KnownTraffic, width: number): string {
  const room = Math.min(width, WIDEST);
  const { steps, caveats } = forecast;
  return [
    wrap(sayTraffic(known), room, ''),
    '',
    ...(steps.length === 0 ? [] : stepsAndChart(forecast)),
    ...sayOutlook(forecast).map((text) => wrap(text, room, '')),
    '',
    ...caveats.map((caveat) => `${paint('yellow', '•')} ${wrap(sayCaveat(caveat), room - 2, '  ')}`),
  ].join('\n');
}

function stepsAndChart({ steps, traffic }: Forecast): readonly string[] {
  const isSimulated = steps.some((step) => step.isSimulated);
  return [
    table([HEADINGS, ...steps.map(rowOf)]),
    ...(isSimulated ? [paint('dim', '* so little traffic that it was played through with chance')] : []),
    '',
    'How likely a candidate is found, by the share of its requests that fail:',
    chart(steps, traffic.errorRate),
    '',
  ];
}

function sayTraffic({ traffic, sources, measuredOver }: KnownTraffic): string {
  const { requestsPerSecond, errorRate, p99 } = traffic;
  const said: readonly (readonly [string, Source])[] = [
    [
      `${sayCount(requestsPerSecond)} ${requestsPerSecond === 1 ? 'request' : 'requests'}/s`,
      sources.requestsPerSecond,
    ],
    [`${sayPercent(errorRate)} fail`, sources.errorRate],
    ...(p99 === null ? [] : [[`99 % within ${sayDuration(p99)}`, sources.p99] as const]),
  ];
  const origins: Readonly<Record<Source, string>> = {
    given: 'as given',
    measured: `as measured over the last ${sayDuration(measuredOver ?? 0)}`,
    assumed: 'an assumption',
    unknown: 'not known',
  };
  const groups = [...Map.groupBy(said, ([, source]) => source)];
  return `Traffic: ${groups.map(([source, facts]) => `${facts.map(([fact]) => fact).join(', ')} (${origins[source]})`).join('; ')}`;
}

const HEADINGS = [
  'STEP',
  'WATCHED',
  'CANDIDATE',
  'STABLE',
  'FINDS',
  ...BAD_RATES.map((rate) => `IF ${sayPercent(rate)} FAIL`),
];

function rowOf({ step, requests, isSimulated, smallest, fates }: StepForecast): readonly string[] {
  return [
    `${step.weight} %`,
    sayDuration(step.hold),
    `${sayCount(requests.candidate)} requests`,
    sayCount(requests.stable),
    `${smallest === null ? paint('red', 'nothing') : `from ${sayPercent(smallest)}`}${isSimulated ? ' *' : ''}`,
    ...fates.map(sayFate),
  ];
}

function sayFate({ found, failed, backAfter }: Fate): string {
  const cost = `${sayCount(failed)} failed`;
  return backAfter === null
    ? `${cost}, found in ${sayChance(found)}`
    : `${cost}, back after ${sayDuration(backAfter)}`;
}

/** What becomes of bad and good releases over the whole rollout. */
function sayOutlook({ bad, good, alpha, steps }: Forecast): readonly string[] {
  if (steps.length === 0) {
    return [
      'The plan has no steps: a release gets all the traffic once it has passed its smoke tests, and nothing is compared.',
    ];
  }
  const planned = steps.reduce((sum, { step }) => sum + step.hold, 0);
  return [...bad.map(sayBad), sayGood(good, planned), sayPromise(alpha)];
}

function sayBad({ rate, found, failed }: BadRelease): string {
  const who =
    rate === 1
      ? 'A release that does not work at all'
      : `A release that fails ${sayPercent(rate)} of its requests`;
  return `${who} is found in ${sayChance(found)} of rollouts, at the cost of ${sayCount(failed)} failed requests.`;
}

function sayGood({ duration, earliest, isPromoted }: Forecast['good'], planned: Milliseconds): string {
  if (!isPromoted) return 'A good release does not get through by itself: see below.';
  const sooner = earliest < duration ? `, ${sayDuration(earliest)} at the earliest` : '';
  const later =
    duration > planned ? `; the steps take ${sayDuration(planned)}, the rest is waiting for evidence` : '';
  return `A good release takes ${sayDuration(duration)} from its first request to its promotion${sooner}${later}.`;
}

function sayPromise(alpha: number): string {
  return `A release that is not worse is rolled back in at most ${sayPercent(alpha)} of rollouts: that is a guarantee, all else here is an estimate.`;
}

function sayChance(chance: number): string {
  if (chance > 0.999) return 'practically all';
  return chance < 0.001 ? 'hardly any' : sayPercent(chance);
}
