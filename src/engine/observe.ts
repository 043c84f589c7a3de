import type { Clock } from '../clock/clock.ts';
import { questions } from '../core/judge.ts';
import type { Question } from '../core/question.ts';
import type {
  GateAnswer,
  Observation,
  Reading,
  SampleReading,
  SmokeResult,
  TargetReading,
} from '../core/observation.ts';
import { sameRelease } from '../core/release.ts';
import type { Rollout } from '../core/rollout.ts';
import { homeRelease } from '../core/wish.ts';
import type { Gate } from '../gates/gate.ts';
import type { Neighbours, Store } from '../stores/store.ts';
import { read } from './reading.ts';
import type { Site, Sites } from './site.ts';

/** What an observation is made with. */
export interface Eyes {
  readonly store: Store;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly gates: readonly Gate[];
  /** What targets said when the last turn wanted something of them. */
  readonly refusals: Readonly<Record<string, string>>;
}

/** Looks at everything that matters to the rollout now, all at the same time. Outages become readings. */
export async function observe(rollout: Rollout, eyes: Eyes): Promise<Observation> {
  const [neighbours, commands, targets, samples] = await Promise.all([
    eyes.store.neighbours(rollout),
    eyes.store.pendingCommands(rollout.id),
    readTargets(eyes),
    readSamples(rollout, eyes),
  ]);
  return {
    targets,
    samples,
    smoke: rollout.phase.kind === 'preparing' ? await testCandidate(rollout, eyes, targets) : {},
    gates: rollout.phase.kind === 'gating' ? await askGates(rollout, eyes, neighbours) : [],
    commands,
    refusals: eyes.refusals,
    overtaken: neighbours.overtaken,
  };
}

function readTargets({ clock, sites }: Eyes): Promise<Observation['targets']> {
  return perSite(sites, (site) => read(clock, (signal) => site.target.observe(signal)));
}

function readSamples(rollout: Rollout, { clock, sites }: Eyes): Promise<Observation['samples']> {
  const asked = Map.groupBy(questions(rollout, clock.now()), (question) => question.target);
  return perSite(sites, async (site, target) => {
    const answers = (asked.get(target) ?? []).map(async (question): Promise<[string, SampleReading]> => [
      question.check,
      await read(clock, (signal) => sample(rollout, site, question, signal)),
    ]);
    return Object.fromEntries(await Promise.all(answers));
  });
}

async function sample(
  rollout: Rollout,
  { metrics }: Site,
  { target, window }: Question,
  signal: AbortSignal,
) {
  const stable = homeRelease(rollout, target);
  return stable === null ? null : metrics.sample({ stable, candidate: rollout.candidate }, window, signal);
}

/** Smoke tests are for a candidate that is up; before that there is nothing to test. */
function testCandidate(
  { candidate, plan }: Rollout,
  { clock, sites }: Eyes,
  targets: Observation['targets'],
): Promise<Observation['smoke']> {
  return perSite(sites, async (site, target): Promise<SmokeResult> => {
    if (!isUp(candidate, targets[target])) return { kind: 'failed', detail: 'the candidate is not up yet' };
    if (plan.smoke.length === 0) return { kind: 'passed' };
    const result = await read(clock, (signal) => site.target.smoke(candidate, plan.smoke, signal));
    return result.kind === 'ok' ? result.value : { kind: 'failed', detail: result.error };
  });
}

function isUp(candidate: Rollout['candidate'], reading: Reading<TargetReading> | undefined): boolean {
  if (reading?.kind !== 'ok') return false;
  const running = reading.value.running.find(({ release }) => sameRelease(release, candidate));
  return running !== undefined && running.healthy >= running.wanted;
}

async function askGates(
  rollout: Rollout,
  { clock, gates }: Eyes,
  { ahead }: Neighbours,
): Promise<readonly GateAnswer[]> {
  const turn: GateAnswer =
    ahead === null
      ? { gate: 'turn', kind: 'open' }
      : { gate: 'turn', kind: 'waiting', detail: `${ahead} has to end first` };
  const answers = gates.map(async (gate): Promise<GateAnswer> => {
    const answer = await read(clock, (signal) => gate.ask(rollout, signal));
    return answer.kind === 'ok' ? answer.value : { gate: gate.name, kind: 'waiting', detail: answer.error };
  });
  return [turn, ...(await Promise.all(answers))];
}

async function perSite<T>(
  sites: Sites,
  make: (site: Site, target: string) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  const entries = Object.entries(sites).map(async ([target, site]): Promise<[string, T]> => [
    target,
    await make(site, target),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}
