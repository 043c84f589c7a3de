import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Bench,
  bench,
  command,
  compared,
  imageRelease,
  plan,
  reading,
  release,
  running,
  sample,
  START,
} from '../../test/builders.ts';
import { type Attested, dueVerdict } from './attestation.ts';
import type { Observation } from './observation.ts';
import type { Plan } from './plan.ts';
import type { Release } from './release.ts';
import { statusOf, type Rollout } from './rollout.ts';
import { home } from './traffic.ts';

const OLD = imageRelease('1.0.0');
const NEW = imageRelease('1.1.0');
const LIMITS = { prepare: 60_000, follow: 30_000, blind: 15_000, held: 120_000 };

const isHolding = ({ phase }: Rollout) => phase.kind === 'progressing' && phase.stage === 'holding';
const isEnded = ({ phase }: Rollout) => phase.kind === 'ended';
const isSettled = ({ phase }: Rollout) => phase.kind === 'ended' && phase.settled;

/** A rollout of an image where verdicts are signed, on a target that runs an image. */
function images(
  changes: Partial<Rollout> = {},
  rules: Partial<Plan> = {},
  stable: Release | null = OLD,
): Bench {
  const up = stable === null ? [] : [running(stable)];
  return bench(
    {
      candidate: NEW,
      plan: plan({ notary: {}, rollbackWindow: 20_000, limits: LIMITS, ...rules }),
      ...changes,
    },
    reading({ traffic: home(stable), running: up }),
  );
}

/** What is to be said, and of which release. */
function due({ rollout }: Bench): string {
  const verdict = dueVerdict(rollout);
  return verdict === null ? 'nothing' : `${verdict.release.name} ${verdict.result}`;
}

function attested(result: Attested['result']): Partial<Observation> {
  const digest = `sha256:${'0'.repeat(64)}`;
  return { verdict: { attested: { result, referrer: digest, bundle: digest }, trouble: null } };
}

const NOTHING_YET: Partial<Observation> = { verdict: { attested: null, trouble: null } };
const OUTAGE: Partial<Observation> = { verdict: { attested: null, trouble: 'the key is not there' } };
const WORSE: Partial<Observation> = { samples: { web: { errors: compared(sample(100, 30)) } } };

describe('the verdict', () => {
  it('of an image that was promoted is PASSED', () => {
    const world = images();
    world.until(isEnded);
    assert.equal(due(world), '1.1.0 PASSED');
  });

  it('of an image that was rolled back is FAILED, by the judgement or by a person', () => {
    const judged = images();
    judged.until(isHolding);
    judged.turn(WORSE);
    judged.until(isEnded);
    assert.equal(due(judged), '1.1.0 FAILED');
    const ordered = images();
    ordered.until(isHolding);
    ordered.turn({ commands: [command({ kind: 'rollback' })] });
    ordered.until(isEnded);
    assert.equal(due(ordered), '1.1.0 FAILED');
  });

  it('of a first release that is promoted is PASSED', () => {
    const world = images({}, {}, null);
    world.until(isEnded);
    assert.equal(due(world), '1.1.0 PASSED');
  });

  it('comes with the end and not before', () => {
    const world = images();
    world.until(() => {
      assert.equal(dueVerdict(world.rollout) === null, !isEnded(world.rollout));
      return isEnded(world.rollout);
    });
  });

  it('is not given of what was there before', () => {
    const world = images({ candidate: OLD });
    world.turn();
    assert.equal(statusOf(world.rollout), 'promoted');
    assert.equal(due(world), 'nothing');
    assert.ok(isSettled(world.rollout));
  });

  it('is not given of what was rejected, or taken back for a reason that does not speak against it', () => {
    const rejected = images();
    rejected.turn({ gates: [{ gate: 'freeze', kind: 'closed', detail: 'until Monday' }] });
    assert.deepEqual([statusOf(rejected.rollout), due(rejected)], ['rejected', 'nothing']);
    for (const given of [{ kind: 'abort' }, { kind: 'supersede', rollout: 'shop-prod-2' }] as const) {
      const aborted = images();
      aborted.until(isHolding);
      aborted.turn({ commands: [command(given)] });
      aborted.until(isEnded);
      assert.deepEqual([statusOf(aborted.rollout), due(aborted)], ['aborted', 'nothing']);
    }
  });

  it('is not given of commands, nor where nobody signs', () => {
    const program = images({ candidate: release('1.1.0') });
    program.until(isEnded);
    assert.equal(due(program), 'nothing');
    const unsigned = images({}, { notary: null });
    unsigned.until(isEnded);
    assert.equal(due(unsigned), 'nothing');
  });

  it('of a return is about the image that it replaces', () => {
    const world = images({ candidate: OLD }, { purpose: 'return' }, NEW);
    world.until(isEnded);
    assert.equal(statusOf(world.rollout), 'promoted');
    assert.equal(due(world), '1.1.0 FAILED');
  });

  it('of a return to what is there is not given', () => {
    const world = images({ candidate: OLD }, { purpose: 'return' });
    world.turn();
    assert.deepEqual([statusOf(world.rollout), due(world)], ['promoted', 'nothing']);
  });

  it('of a return that was taken back is about the image that it returned to', () => {
    const world = images({ candidate: OLD }, { purpose: 'return' }, NEW);
    world.until(isHolding);
    world.turn(WORSE);
    world.until(isEnded);
    assert.equal(due(world), '1.0.0 FAILED');
  });
});

describe('a rollback after promotion', () => {
  it('supersedes PASSED by FAILED', () => {
    const world = images();
    world.until(isEnded);
    world.turn(attested('PASSED'));
    assert.equal(due(world), 'nothing');
    world.turn({ commands: [command({ kind: 'rollback' })] });
    assert.equal(due(world), 'nothing');
    world.until(isEnded);
    assert.equal(due(world), '1.1.0 FAILED');
    world.turn(attested('FAILED'));
    assert.equal(due(world), 'nothing');
    assert.equal(world.rollout.attestation.attested?.result, 'FAILED');
  });

  it('is not answered by the PASSED of before', () => {
    const world = images();
    world.until(isEnded);
    world.turn({ commands: [command({ kind: 'rollback' })] });
    world.until(isEnded);
    world.turn(attested('PASSED'));
    assert.equal(due(world), '1.1.0 FAILED');
  });

  it('of a return says of both images that they failed', () => {
    const world = images({ candidate: OLD }, { purpose: 'return' }, NEW);
    world.until(isEnded);
    world.turn(attested('FAILED'));
    assert.equal(due(world), 'nothing');
    world.turn({ commands: [command({ kind: 'rollback' })] });
    world.until(isEnded);
    assert.equal(due(world), '1.0.0 FAILED');
  });

  it('has all the time to be attested, however long the notary was away before', () => {
    const world = images({}, { rollbackWindow: 600_000 });
    world.until(isEnded);
    for (let turn = 0; turn < 100; turn += 1) world.turn(OUTAGE);
    world.turn({ ...OUTAGE, commands: [command({ kind: 'rollback' })] });
    world.until(isEnded);
    for (let turn = 0; turn < 100; turn += 1) world.turn(OUTAGE);
    assert.ok(!isSettled(world.rollout));
    assert.equal(due(world), '1.1.0 FAILED');
  });
});

describe('an ended rollout', () => {
  it('asks for its verdict in every turn until it is seen', () => {
    const world = images();
    world.until(isEnded);
    for (let turn = 0; turn < 5; turn += 1) {
      assert.equal(world.turn(NOTHING_YET).attest?.result, 'PASSED');
    }
    const { attest, entries } = world.turn(attested('PASSED'));
    assert.equal(attest, null);
    const codes = entries.flatMap((entry) => (entry.kind === 'noted' ? [entry.reason.code] : []));
    assert.deepEqual(codes, ['attested']);
  });

  it('is not settled before, also when a newer rollout has begun', () => {
    const world = images();
    world.until(isEnded);
    for (let turn = 0; turn < 90; turn += 1) world.turn({ ...OUTAGE, overtaken: true });
    assert.ok(!isSettled(world.rollout));
    world.turn({ ...attested('PASSED'), overtaken: true });
    assert.ok(isSettled(world.rollout));
  });

  it('says once in the journal that it cannot be attached, and is asked less often then', () => {
    const world = images();
    world.until(isEnded);
    const first = world.turn(OUTAGE);
    const codes = [first, world.turn(OUTAGE), world.turn(OUTAGE)].flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === 'noted' ? [entry.reason.code] : [])),
    );
    assert.deepEqual(codes, ['not-attested']);
    assert.equal(first.wakeAt, world.now - 2_000 + 5_000);
  });

  it('settles noisily when it could not be attached for as long as people are waited for', () => {
    const world = images();
    world.until(isEnded);
    let last = world.turn(OUTAGE);
    const since = world.now;
    while (!isSettled(world.rollout)) last = world.turn(OUTAGE);
    assert.equal(world.now, since + LIMITS.held + 1_000);
    const codes = last.entries.flatMap((entry) => (entry.kind === 'noted' ? [entry.reason.code] : []));
    assert.deepEqual(codes, ['never-attested', 'settled']);
    assert.equal(last.attest, null);
    assert.equal(last.wakeAt, null);
  });

  it('does not give up for time in which nobody was there', () => {
    const world = images();
    world.until(isEnded);
    world.turn(OUTAGE);
    world.now += 24 * 3_600_000;
    world.turn(OUTAGE);
    assert.ok(!isSettled(world.rollout));
    assert.equal(due(world), '1.1.0 PASSED');
  });

  it('still looks after its targets while it waits', () => {
    const world = images();
    world.until(isEnded);
    world.target = { ...world.target, traffic: home(OLD) };
    world.turn(OUTAGE);
    assert.equal(world.target.traffic.stable?.name, NEW.name);
  });

  it('without a verdict settles as it always did', () => {
    const world = images({}, { notary: null });
    world.until(isEnded);
    const { at } = world.rollout.phase.kind === 'ended' ? world.rollout.phase : { at: START };
    world.until(isSettled);
    assert.ok(world.now <= at + 20_000 + 1_000);
  });
});
