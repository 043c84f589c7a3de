import type { Rollout, Verdict } from '../../src/core/rollout.ts';
import { nameOf, type Release, sameRelease } from '../../src/core/release.ts';
import { type Instant } from '../../src/core/time.ts';
import type { Store } from '../../src/stores/store.ts';
import { firstBroken } from '../../src/stores/chain.ts';
import { HOLD_EVERY, type SimulatedTarget } from './simulated-target.ts';
import { checkVerdicts } from './verdict-check.ts';
import type { Controllers } from './controllers.ts';
import type { SimulatedNotary } from './simulated-notary.ts';

/** A promise of the system that was seen broken. */
export interface Violation {
  readonly at: Instant;
  readonly invariant: string;
  readonly detail: string;
}

/** How long a late write of a frozen controller may stand on a target that cannot refuse it, while another one is alive. */
const REPAIR_TIME = 15_000;

/**
 * Watches the simulated world and reports every broken promise:
 * - split traffic is guarded: no weight above 0 without an armed guard that leads home, or one that has sprung and
 *   looks again on a platform that cannot refuse a late write;
 * - no step without a barrier: a target reaches a step's weight only after all of them were at the one before;
 * - a rollback is never undone: once home, the candidate of a rolled-back rollout gets no traffic again.
 */
export interface Watchdog {
  readonly violations: readonly Violation[];
  report(invariant: string, detail: string): void;
  /** Called after every change of a target's traffic. */
  onChange(target: SimulatedTarget): void;
  /** Called after every commit. */
  onCommit(rollout: Rollout): void;
}

interface Progress {
  /** Highest step whose weight all targets had at the same time. */
  reached: number;
  wentHome: boolean;
}

export function watchdog(
  now: () => Instant,
  targets: readonly SimulatedTarget[],
  controllers: Controllers,
  isFenced: boolean,
): Watchdog {
  const violations: Violation[] = [];
  const latest = new Map<string, Rollout>();
  const progress = new Map<string, Progress>();
  const suspicious = new Map<string, Instant>();
  const unguarded = new Map<SimulatedTarget, Instant>();

  function report(invariant: string, detail: string): void {
    violations.push({ at: now(), invariant, detail });
  }

  function rolloutOf(digest: string | undefined): Rollout | undefined {
    return [...latest.values()].findLast(({ candidate }) => candidate.digest === digest);
  }

  function checkGuard(target: SimulatedTarget): void {
    const { traffic, guard } = target.reading();
    const isArmed = guard.armed !== null && guard.armed.deadline > now();
    if (traffic.weight === 0 || isArmed) unguarded.delete(target);
    if (traffic.weight === 0) return;
    if (!isArmed && isFenced) report('split traffic is guarded', `${target.name} split with no guard armed`);
    else if (guard.armed === null || !isArmed) unguarded.set(target, unguarded.get(target) ?? now());
    else if (!sameRelease(guard.armed.home.stable, traffic.stable) || guard.armed.home.weight !== 0) {
      report('split traffic is guarded', `${target.name}: its guard does not lead home`);
    }
  }

  /** From when promotion is decided, the guard must not take back what others have promoted already. */
  function checkPromotion(target: SimulatedTarget): void {
    const { traffic, guard } = target.reading();
    const rollout = rolloutOf(traffic.stable?.digest);
    if (!isFenced || guard.armed === null || rollout?.phase.kind !== 'promoting') return;
    if (!sameRelease(guard.armed.home.stable, traffic.stable)) {
      report('split traffic is guarded', `${target.name}: its guard leads back from what was promoted`);
    }
  }

  function checkBarrier(target: SimulatedTarget): void {
    const { candidate, weight } = target.traffic();
    const rollout = weight > 0 ? rolloutOf(candidate?.digest) : undefined;
    if (rollout === undefined) return;
    const step = rollout.plan.steps.findIndex((each) => each.weight === weight);
    const before = progress.get(rollout.id)?.reached ?? -1;
    if (step > before + 1) {
      report(
        'no step without a barrier',
        `${target.name} is at ${weight} % before all were at the step before`,
      );
    }
    const splitting = targets.filter((each) => !sameRelease(each.traffic().stable, null));
    const isBarrier = splitting.every(({ traffic }) => traffic().weight === weight);
    if (isBarrier) progress.set(rollout.id, { wentHome: false, reached: Math.max(before, step) });
  }

  function checkRollback(target: SimulatedTarget): void {
    const key = target.name;
    const { candidate, weight } = target.traffic();
    const rollout = weight > 0 ? rolloutOf(candidate?.digest) : undefined;
    const isUndone =
      rollout !== undefined && rollout.phase.kind === 'ended' && rollout.phase.verdict.kind !== 'promoted';
    if (!isUndone) {
      suspicious.delete(key);
      return;
    }
    if (isFenced)
      report('a rollback is never undone', `${key} is at ${weight} % of ${candidate?.name} again`);
    else if (!suspicious.has(key)) suspicious.set(key, now());
  }

  function checkUnguarded(): void {
    for (const [target, since] of unguarded) {
      if (now() - since <= HOLD_EVERY) continue;
      report(
        'split traffic is guarded',
        `${target.name} was split for ${now() - since} ms with no guard armed`,
      );
      unguarded.delete(target);
    }
  }

  function checkRepairs(): void {
    for (const [name, since] of suspicious) {
      const watchedFor = Math.min(now() - since, controllers.aliveFor());
      if (watchedFor <= REPAIR_TIME) continue;
      report('a rollback is never undone', `${name} was not repaired for ${watchedFor} ms`);
      suspicious.delete(name);
    }
  }

  return {
    violations,
    report,
    onChange(target) {
      checkGuard(target);
      checkPromotion(target);
      checkBarrier(target);
      checkRollback(target);
    },
    onCommit(rollout) {
      latest.set(rollout.id, rollout);
      checkUnguarded();
      checkRepairs();
    },
  };
}

/** What only the simulation can know of a rollout. */
export interface Truth {
  /** Nothing is wrong with the candidate. */
  readonly isGood: boolean;
  /** Users suffer from the candidate at once. */
  readonly isBad: boolean;
  /** While it was judged, something hit everybody, and so little that a plain limit may mistake chance for a difference. */
  readonly isMurky: boolean;
}

/** What a simulated history is judged by at its end. */
export interface End {
  readonly store: Store;
  readonly targets: readonly SimulatedTarget[];
  /** What users had before the first rollout; null if nothing. */
  readonly stableAtFirst: Release | null;
  readonly now: Instant;
  /** What is true of a rollout that was judged at `at`. */
  readonly truth: (rollout: Rollout, at: Instant) => Truth;
  readonly notary: SimulatedNotary;
  /** Whether its registry never took anything. */
  readonly isBroken: boolean;
}

/** What must hold when everything has come to rest. */
export async function checkEnd({
  store,
  targets,
  stableAtFirst,
  now,
  truth,
  notary,
  isBroken,
}: End): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const report = (invariant: string, detail: string) => violations.push({ at: now, invariant, detail });
  const rollouts = await store.list({});
  for (const rollout of rollouts) {
    if (rollout.phase.kind !== 'ended') report('it ends', `${rollout.id} is still ${rollout.phase.kind}`);
    await checkJournal(store, rollout, report);
    checkVerdict(rollout, truth(rollout, await judgedAt(store, rollout, now)), report);
    await checkBlock(store, rollout, report);
    await checkAttested(store, rollout, { notary, isBroken }, report);
    for (const command of await store.pendingCommands(rollout.id)) {
      report('every command is answered', `${rollout.id}: ${command.command.kind}`);
    }
  }
  checkTargets(rollouts, stableAtFirst, targets, report);
  const areImages = rollouts.every(({ candidate }) => candidate.artifact.kind === 'image');
  if (areImages && !isBroken) await checkVerdicts(store, notary.verdicts, report);
  return violations;
}

/** When it was decided to take the rollout back, which may take long. */
async function judgedAt(store: Store, { id }: Rollout, now: Instant): Promise<Instant> {
  const records = await store.journal(id);
  const turning = records.find(({ entry }) => entry.kind === 'moved' && entry.to === 'rolling-back');
  return turning?.entry.at ?? now;
}

type Report = (invariant: string, detail: string) => void;

async function checkJournal(store: Store, rollout: Rollout, report: Report): Promise<void> {
  const records = await store.journal(rollout.id);
  const last = records.at(-1);
  const broken = last === undefined ? 1 : firstBroken(records, { length: records.length, hash: last.hash });
  if (broken !== null) report('the journal is whole', `${rollout.id} breaks at record ${broken}`);
  let label = 'gating';
  for (const { entry } of records) {
    if (entry.kind !== 'moved') continue;
    if (entry.from !== label)
      report('the journal is complete', `${rollout.id}: ${label} and then ${entry.from} → ${entry.to}`);
    label = entry.to;
  }
  const end = rollout.phase.kind === 'ended' ? rollout.phase.verdict.kind : rollout.phase.kind;
  if (rollout.phase.kind === 'ended' && label !== end) {
    report('the journal is complete', `${rollout.id} ended as ${end}, its journal as ${label}`);
  }
}

/** A verdict that the rollout came to by itself fits the candidate. People may decide as they like. */
function checkVerdict(rollout: Rollout, { isGood, isBad, isMurky }: Truth, report: Report): void {
  const { phase, plan } = rollout;
  if (phase.kind !== 'ended') return;
  const { kind, reasons } = phase.verdict;
  const isJudged =
    rollout.findings.length > 0 && rollout.findings.every((finding) => finding.kind === 'pass');
  if (
    kind === 'rolled back' &&
    isGood &&
    !isMurky &&
    !reasons.some((reason) => reason.code === 'commanded')
  ) {
    report('a good release is not blamed', `${rollout.id} was rolled back`);
  }
  if (kind === 'promoted' && isBad && isJudged && plan.steps.some((step) => step.weight < 100)) {
    report('a bad release is not promoted', `${rollout.id} was promoted with every check passed`);
  }
}

/** What was rolled back does not come again by itself. */
async function checkBlock(
  store: Store,
  { id, service, environment, phase, candidate }: Rollout,
  report: Report,
): Promise<void> {
  if (phase.kind !== 'ended' || phase.verdict.kind !== 'rolled back') return;
  const blocks = await store.blocks(service, environment);
  if (!blocks.some(({ digest }) => digest === candidate.digest))
    report('what was rolled back is blocked', id);
}

/** What lies beside the image in the end says what came of the rollout; where nothing can be stored, that is told loudly. */
async function checkAttested(
  store: Store,
  { id, phase, plan, candidate, attestation }: Rollout,
  { notary, isBroken }: Pick<End, 'notary' | 'isBroken'>,
  report: Report,
): Promise<void> {
  if (plan.purpose === 'return') return;
  const mine = notary.verdicts.filter(({ rollout }) => rollout === id);
  const wanted = phase.kind === 'ended' ? wantedVerdict(phase.verdict) : null;
  if (wanted === null || candidate.artifact.kind !== 'image') {
    // One that was promoted and is taken back for another reason than its own has said so already.
    if (candidate.artifact.kind !== 'image' && mine.length > 0) report('verdicts are about images', id);
    return;
  }
  if (isBroken) {
    const records = await store.journal(id);
    const isTold = records.some(
      ({ entry }) => entry.kind === 'noted' && entry.reason.code === 'never-attested',
    );
    if (!isTold) report('a verdict that is given up is told', id);
    return;
  }
  const newest = mine.toSorted((a, b) => b.at - a.at)[0];
  if (newest?.result !== wanted || newest.digest !== candidate.digest) {
    report('every verdict is attached', `${id}: ${wanted} is wanted, and ${newest?.result} is there`);
  }
  if (attestation.attested?.result !== wanted) {
    report(
      'every verdict is known',
      `${id}: ${wanted} is wanted, and ${attestation.attested?.result} is known`,
    );
  }
}

function wantedVerdict({ kind, reasons }: Verdict): 'PASSED' | 'FAILED' | null {
  if (kind === 'rolled back') return 'FAILED';
  const wasThere = reasons.some(({ code }) => code === 'already-stable');
  return kind === 'promoted' && !wasThere ? 'PASSED' : null;
}

/** Every target has what was promoted last, `rollouts` being listed newest first; what was taken back does not count. */
function checkTargets(
  rollouts: readonly Rollout[],
  stableAtFirst: Release | null,
  targets: readonly SimulatedTarget[],
  report: Report,
): void {
  if (rollouts[0]?.phase.kind !== 'ended') return;
  const promoted = rollouts.find(({ phase }) => phase.kind === 'ended' && phase.verdict.kind === 'promoted');
  const stable = promoted?.candidate ?? stableAtFirst;
  for (const { name, reading } of targets) {
    const { traffic, guard, running } = reading();
    for (const { release } of running) {
      if (!sameRelease(release, stable)) report('nothing is left running', `${name} runs ${release.name}`);
    }
    if (traffic.weight !== 0) report('all back or all forward', `${name} is left at ${traffic.weight} %`);
    if (!sameRelease(traffic.stable, stable)) {
      const [is, should] = [nameOf(traffic.stable), nameOf(stable)];
      report('all back or all forward', `${name} has ${is} where ${should} was stable last`);
    }
    if (guard.armed !== null) report('the guard is disarmed at the end', name);
  }
}
