import type { Clock } from '../../clock/clock.ts';
import { sayReason } from '../../core/reason.ts';
import { type Rollout, type VerdictKind, statusOf } from '../../core/rollout.ts';
import type { Load, Served } from './load.ts';
import type { Deployment, ReleaseName, Stage } from './stage.ts';

/** One act of the demo: what is shown, and how it has to end. */
export interface Act {
  readonly name: string;
  readonly release: ReleaseName;
  readonly expected: VerdictKind;
  /** Turns the rollout of the release in its own way; resolves when it has ended. */
  readonly play: (stage: Stage, clock: Clock, tell: (text: string) => void) => Promise<void>;
}

/** How an act came out, as `--json` shows it. */
export interface ActResult {
  readonly name: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly requests: Omit<Served, 'badFor'>;
  /** From the first bad answer, failed, lost or slow, to the last; null if there was none. */
  readonly secondsToRollback: number | null;
  /** Seconds since the act began, and the candidate's weight from then on. */
  readonly weights: readonly (readonly [number, number])[];
  readonly isAsExpected: boolean;
}

export const ACTS: readonly Act[] = [
  { name: 'a good release', release: '1.1.0', expected: 'promoted', play: plainly('1.1.0') },
  {
    name: 'a bad release: 40 % of its answers are errors',
    release: '1.2.0',
    expected: 'rolled back',
    play: plainly('1.2.0'),
  },
  {
    name: 'a slow release: all answers take 400 ms more',
    release: '1.3.0',
    expected: 'rolled back',
    play: plainly('1.3.0'),
  },
  {
    name: 'the controller is killed in the middle',
    release: '1.4.0',
    expected: 'promoted',
    play: withKill('1.4.0'),
  },
  {
    name: 'an image that nobody has signed',
    release: '1.5.0',
    expected: 'rejected',
    play: plainly('1.5.0'),
  },
  {
    name: 'an image with a known vulnerability',
    release: '1.6.0',
    expected: 'rejected',
    play: plainly('1.6.0'),
  },
];

function plainly(release: ReleaseName): Act['play'] {
  return async (stage) => {
    await stage.deploy(release).ended;
  };
}

function withKill(release: ReleaseName): Act['play'] {
  return async (stage, clock, tell) => {
    const first = stage.deploy(release);
    await until(
      stage,
      clock,
      first,
      ({ phase }) => phase.kind === 'progressing' && phase.stage === 'holding' && phase.watched > 1_500,
    );
    first.kill();
    tell('kill -9: the controller is gone; traffic keeps flowing');
    await first.ended;
    await goneHome(stage);
    tell('the guard took traffic home, with nobody there to tell it');
    await clock.wait(1_000);
    tell('canary deploy is started again, and takes up where the journal says');
    await stage.deploy(release).ended;
  };
}

/** Waits until the rollout is so, or its controller has ended. */
async function until(
  stage: Stage,
  clock: Clock,
  { ended }: Deployment,
  isSo: (rollout: Rollout) => boolean,
): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const rollout = await stage.latest();
    if (rollout !== null && isSo(rollout)) return;
    await clock.wait(50);
  }
}

/** Waits until the proxy sends everything to stable. */
async function goneHome(stage: Stage): Promise<void> {
  const atHome = Promise.withResolvers<void>();
  const stop = await stage.listen(({ weight }) => {
    if (weight === 0) atHome.resolve();
  });
  await atHome.promise;
  stop();
}

/** Plays an act under load and takes note of how it went. */
export async function playAct(
  act: Act,
  { stage, load, clock, tell }: { stage: Stage; load: Load; clock: Clock; tell: (text: string) => void },
): Promise<ActResult> {
  const elapsed = clock.stopwatch();
  const weights: [number, number][] = [];
  const stop = await stage.listen(({ weight }) => {
    if (weights.at(-1)?.[1] !== weight) weights.push([Math.round(elapsed() / 100) / 10, weight]);
  });
  load.reset();
  await act.play(stage, clock, tell);
  // The last answers of the candidate are still on their way to the users.
  await clock.wait(700);
  stop();
  const rollout = await stage.latest();
  const { total, failed, lost, slow, badFor } = load.served();
  const verdict = rollout === null ? 'none' : statusOf(rollout);
  return {
    name: act.name,
    verdict,
    reasons: rollout?.phase.kind === 'ended' ? rollout.phase.verdict.reasons.map(sayReason) : [],
    requests: { total, failed, lost, slow },
    secondsToRollback: badFor === null ? null : Math.round(badFor) / 1_000,
    // Once promoted it is stable, and there is no candidate left that could have a weight.
    weights: verdict === 'promoted' ? [...weights.slice(0, -1), [weights.at(-1)?.[0] ?? 0, 100]] : weights,
    isAsExpected: verdict === act.expected && lost === 0,
  };
}
