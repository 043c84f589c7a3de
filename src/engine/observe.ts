import type { Clock } from '../clock/clock.ts';
import { dueVerdict } from '../core/attestation.ts';
import { questions } from '../core/judging/judge.ts';
import type { Question } from '../core/judging/question.ts';
import type {
  GateAnswer,
  Observation,
  Reading,
  SampleReading,
  SmokeResult,
  TargetReading,
} from '../core/observation.ts';
import { mustRecheck } from '../core/permission/recheck.ts';
import { sameRelease } from '../core/release.ts';
import type { Rollout } from '../core/rollout.ts';
import { homeRelease } from '../core/wish.ts';
import type { Gate } from '../gates/gate.ts';
import type { Notary } from '../notaries/notary.ts';
import type { Neighbours, Store } from '../stores/store.ts';
import { read } from './reading.ts';
import type { Site, Sites } from './site.ts';

/** What an observation is made with. */
export interface Eyes {
  readonly store: Store;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly gates: readonly Gate[];
  /** Null where verdicts are not signed. */
  readonly notary: Notary | null;
  /** What targets, and the notary, said when the last turn wanted something of them. */
  readonly refusals: Readonly<Record<string, string>>;
}

/** Looks at everything that matters to the rollout now, all at the same time but for the store. Outages become readings. */
export async function observe(rollout: Rollout, eyes: Eyes): Promise<Observation> {
  const known = Promise.all([eyes.store.neighbours(rollout), eyes.store.pendingCommands(rollout.id)]);
  const [[neighbours, commands], gates, targets, samples, verdict] = await Promise.all([
    known,
    known.then(([others, pending]) => askGates(rollout, eyes, others, pending)),
    // Where a rollout begins is where the one ahead of it has left the targets, so it must be known to have ended first.
    known.then(() => readTargets(eyes)),
    readSamples(rollout, eyes),
    readVerdict(rollout, eyes),
  ]);
  return {
    targets,
    samples,
    smoke: rollout.phase.kind === 'preparing' ? await testCandidate(rollout, eyes, targets) : {},
    gates,
    verdict,
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

/** All of them before the rollout begins; later those that are to be asked again, when it is time for that. */
async function askGates(
  rollout: Rollout,
  eyes: Eyes,
  neighbours: Neighbours,
  commands: Observation['commands'],
): Promise<readonly GateAnswer[]> {
  const { clock, gates } = eyes;
  if (rollout.phase.kind === 'gating') return askAll(rollout, eyes, neighbours);
  if (!mustRecheck(rollout, clock.now(), commands)) return [];
  return Promise.all(gates.filter(({ asksAgain }) => asksAgain).map((gate) => ask(gate, rollout, clock)));
}

async function askAll(
  rollout: Rollout,
  { clock, gates }: Eyes,
  { ahead }: Neighbours,
): Promise<readonly GateAnswer[]> {
  const turn: GateAnswer =
    ahead === null
      ? { gate: 'turn', kind: 'open' }
      : { gate: 'turn', kind: 'waiting', detail: `${ahead} has to end first` };
  return [turn, ...(await Promise.all(gates.map((gate) => ask(gate, rollout, clock))))];
}

async function ask(gate: Gate, rollout: Rollout, clock: Clock): Promise<GateAnswer> {
  const answer = await read(clock, (signal) => gate.ask(rollout, signal));
  return answer.kind === 'ok' ? answer.value : { gate: gate.name, kind: 'waiting', detail: answer.error };
}

/** What is attached of a verdict that is due; what was in the way, the last attempt has told. */
async function readVerdict(
  rollout: Rollout,
  { clock, notary, refusals }: Eyes,
): Promise<Observation['verdict']> {
  const due = dueVerdict(rollout);
  if (due === null) return null;
  if (notary === null) return { attested: null, trouble: 'nobody is there who signs verdicts' };
  const found = await read(clock, (signal) => notary.find(rollout, due, signal));
  if (found.kind === 'outage') return { attested: null, trouble: found.error };
  return { attested: found.value, trouble: found.value === null ? (refusals[NOTARY] ?? null) : null };
}

/** Under this name the notary's refusals stand among those of targets, whose names have no spaces. */
export const NOTARY = 'the notary';

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
