import { type Question, questions } from '../core/judge.ts';
import type { Observation, Reading, SampleReading, SmokeResult, TargetReading } from '../core/observation.ts';
import { sameRelease } from '../core/release.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Instant } from '../core/time.ts';
import { homeRelease } from '../core/wish.ts';
import type { Gate } from '../gates/gate.ts';
import type { Neighbours, Store } from '../stores/store.ts';
import { read } from './reading.ts';
import type { Site, Sites } from './site.ts';

/** What an observation is made from. */
export interface Eyes {
  readonly store: Store;
  readonly sites: Sites;
  readonly gates: readonly Gate[];
  /** What targets said when the last turn wanted something of them. */
  readonly refusals: Readonly<Record<string, string>>;
}

/** Looks at everything that matters to the rollout now, all at the same time. Outages become readings. */
export async function observe(rollout: Rollout, eyes: Eyes, now: Instant): Promise<Observation> {
  const [neighbours, commands, targets, samples] = await Promise.all([
    eyes.store.neighbours(rollout),
    eyes.store.pendingCommands(rollout.id),
    readTargets(eyes.sites),
    readSamples(rollout, eyes.sites, now),
  ]);
  const isGating = rollout.phase.kind === 'gating';
  return {
    targets,
    samples,
    smoke: rollout.phase.kind === 'preparing' ? await testCandidate(rollout, eyes.sites, targets) : {},
    gates: isGating ? await askGates(rollout, eyes, neighbours) : [],
    commands,
    refusals: eyes.refusals,
    overtaken: neighbours.overtaken,
  };
}

async function readTargets(sites: Sites): Promise<Observation['targets']> {
  return fromEntries(sites, (site) => read((signal) => site.target.observe(signal)));
}

async function readSamples(rollout: Rollout, sites: Sites, now: Instant): Promise<Observation['samples']> {
  const asked = Map.groupBy(questions(rollout, now), (question) => question.target);
  return fromEntries(sites, async (site, target) => {
    const answers = (asked.get(target) ?? []).map(async (question): Promise<[string, SampleReading]> => [
      question.check,
      await ask(rollout, site, question),
    ]);
    return Object.fromEntries(await Promise.all(answers));
  });
}

async function ask(rollout: Rollout, site: Site, { target, window }: Question): Promise<SampleReading> {
  const stable = homeRelease(rollout, target);
  if (stable === null) return { kind: 'ok', value: null };
  return read((signal) => site.metrics.sample({ stable, candidate: rollout.candidate }, window, signal));
}

/** Smoke tests are for a candidate that is up; before that there is nothing to test. */
async function testCandidate(
  rollout: Rollout,
  sites: Sites,
  targets: Observation['targets'],
): Promise<Observation['smoke']> {
  const { candidate, plan } = rollout;
  return fromEntries(sites, async (site, target): Promise<SmokeResult> => {
    if (!isUp(rollout, targets[target])) return { kind: 'failed', detail: 'the candidate is not up yet' };
    if (plan.smoke.length === 0) return { kind: 'passed' };
    const result = await read((signal) => site.target.smoke(candidate, plan.smoke, signal));
    return result.kind === 'ok' ? result.value : { kind: 'failed', detail: result.error };
  });
}

function isUp(rollout: Rollout, reading: Reading<TargetReading> | undefined): boolean {
  if (reading?.kind !== 'ok') return false;
  const candidate = reading.value.running.find(({ release }) => sameRelease(release, rollout.candidate));
  return candidate !== undefined && candidate.healthy >= candidate.wanted;
}

async function askGates(rollout: Rollout, eyes: Eyes, neighbours: Neighbours): Promise<Observation['gates']> {
  const turn: Observation['gates'][number] =
    neighbours.ahead === null
      ? { gate: 'turn', kind: 'open' }
      : { gate: 'turn', kind: 'waiting', detail: `${neighbours.ahead} has to end first` };
  const answers = await Promise.all(
    eyes.gates.map(async (gate): Promise<Observation['gates'][number]> => {
      const answer = await read((signal) => gate.ask(rollout, signal));
      return answer.kind === 'ok' ? answer.value : { gate: gate.name, kind: 'waiting', detail: answer.error };
    }),
  );
  return [turn, ...answers];
}

async function fromEntries<T>(
  sites: Sites,
  make: (site: Site, target: string) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  const entries = await Promise.all(
    Object.entries(sites).map(async ([target, site]): Promise<[string, T]> => [
      target,
      await make(site, target),
    ]),
  );
  return Object.fromEntries(entries);
}
