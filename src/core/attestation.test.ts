import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench, command, imageRelease, plan, reading, running } from '../../test/builders.ts';
import { type Attested, dueVerdict } from './attestation.ts';
import { sayEntry } from './journal.ts';
import type { Observation } from './observation.ts';
import type { TargetState } from './rollout.ts';
import { home } from './traffic.ts';

const [OLD, NEW] = [imageRelease('1.0.0'), imageRelease('1.1.0')];
const SIGNED = plan({ notary: { kind: 'local' }, rollbackWindow: 60_000 });
const OLD_IS_STABLE = reading({ traffic: home(OLD), running: [running(OLD)] });

function attached(result: Attested['result']): Observation['verdict'] {
  return { attested: { result, referrer: 'sha256:a', bundle: 'sha256:b' }, trouble: null };
}
const MISSING: Observation['verdict'] = { attested: null, trouble: null };
const REFUSED: Observation['verdict'] = { attested: null, trouble: 'the registry answered 503' };

/** A rollout of an image, and what the notary is asked and answers. */
function rolledOut(changes = SIGNED) {
  const world = bench({ candidate: NEW, plan: changes }, OLD_IS_STABLE);
  const told: string[] = [];
  const turn = (verdict: Observation['verdict'], rest: Partial<Observation> = {}) => {
    const isDue = dueVerdict(world.rollout) !== null;
    const decision = world.turn({ verdict: isDue ? verdict : null, ...rest });
    told.push(...decision.entries.map(sayEntry));
    return decision;
  };
  const until = (kind: 'ended' | 'settled', verdict: Observation['verdict']) => {
    for (let turns = 0; turns < 3_000; turns += 1) {
      const { phase } = world.rollout;
      if (phase.kind === 'ended' && (kind === 'ended' || phase.settled)) return;
      world.now += kind === 'settled' ? 4_000 : 0;
      turn(verdict);
    }
    assert.fail(`it is never ${kind}`);
  };
  return { world, told, turn, until };
}

describe('a verdict', () => {
  it('is asked for when an image was promoted, until it is seen', () => {
    const { world, turn, until, told } = rolledOut();
    until('ended', null);
    assert.equal(turn(MISSING).attest?.result, 'PASSED');
    assert.equal(turn(MISSING).attest?.release.digest, NEW.digest);
    assert.equal(turn(attached('PASSED')).attest, null);
    assert.equal(world.rollout.attestation.attested?.digest, NEW.digest);
    assert.equal(told.filter((text) => text.startsWith('the verdict PASSED was signed')).length, 1);
  });

  it('goes by what was read back from the target before the end, and not by what runs there later', () => {
    const { world, turn, until } = rolledOut();
    until('ended', null);
    const { ran } = world.rollout.targets?.['web'] ?? {};
    assert.equal(ran?.digest, NEW.digest);
    assert.ok(world.rollout.phase.kind === 'ended' && ran?.at === world.rollout.phase.at);
    world.target = { ...world.target, running: [running(NEW, { digest: OLD.digest })] };
    assert.equal(turn(MISSING).attest?.result, 'PASSED');
    assert.equal(world.rollout.targets?.['web']?.ran?.digest, NEW.digest);
  });

  it('does not say that an image passed where another one ran, and says it where nobody remembers', () => {
    const { world, until } = rolledOut();
    until('ended', null);
    const { rollout } = world;
    const withRan = (ran: TargetState['ran']) => {
      const { ran: _, ...state } = rollout.targets?.['web'] ?? assert.fail('it has the target');
      return { ...rollout, targets: { web: ran === undefined ? state : { ...state, ran } } };
    };
    const other = { digest: OLD.digest, at: world.now };
    assert.equal(dueVerdict(withRan(other))?.result, 'FAILED');
    assert.equal(dueVerdict(withRan(undefined))?.result, 'PASSED');
  });

  it('that says FAILED follows one that said PASSED when the image is taken back', () => {
    const { world, turn, until } = rolledOut();
    until('ended', null);
    turn(attached('PASSED'));
    turn(null, { commands: [command({ kind: 'rollback' })] });
    until('ended', null);
    assert.equal(turn(MISSING).attest?.result, 'FAILED');
    assert.equal(turn(attached('PASSED')).attest?.result, 'FAILED', 'the old one is not the new one');
    assert.equal(turn(attached('FAILED')).attest, null);
    assert.equal(world.rollout.attestation.attested?.result, 'FAILED');
  });

  it('of a return is about what it replaced, and of its own rollback about itself', () => {
    const { turn, until } = rolledOut({ ...SIGNED, purpose: 'return', steps: [] });
    until('ended', null);
    assert.deepEqual(aboutOf(turn(MISSING)), [OLD.digest, 'FAILED']);
    turn(attached('FAILED'));
    turn(null, { commands: [command({ kind: 'rollback' })] });
    until('ended', null);
    assert.deepEqual(aboutOf(turn(MISSING)), [NEW.digest, 'FAILED']);
  });

  it('is about images, where somebody signs, and about a judgement', () => {
    const unsigned = rolledOut(plan());
    unsigned.until('ended', null);
    assert.equal(unsigned.turn(MISSING).attest, null);
    const commands = bench({ plan: SIGNED });
    commands.until(({ phase }) => phase.kind === 'ended');
    assert.equal(commands.turn().attest, null);
    const aborted = rolledOut();
    aborted.turn(null);
    aborted.turn(null, { commands: [command({ kind: 'abort' })] });
    aborted.until('ended', null);
    assert.equal(aborted.turn(MISSING).attest, null);
  });

  it('keeps the rollout from being settled', () => {
    const { world, turn, until, told } = rolledOut();
    until('ended', null);
    for (let turns = 0; turns < 300; turns += 1) turn(REFUSED);
    assert.ok(world.rollout.phase.kind === 'ended' && !world.rollout.phase.settled);
    assert.ok(turn(REFUSED).wakeAt !== null);
    assert.equal(told.filter((text) => text.includes('503')).length, 1, 'it is told once');
    until('settled', attached('PASSED'));
    assert.ok(!told.some((text) => text.startsWith('given up')));
  });

  it('is given up loudly after the time for people, whether it was refused or only never found', () => {
    for (const verdict of [REFUSED, MISSING]) {
      const { world, until, told, turn } = rolledOut();
      until('ended', null);
      const since = world.now;
      until('settled', verdict);
      assert.ok(world.now - since > SIGNED.limits.held);
      assert.equal(told.filter((text) => text.startsWith('given up after')).length, 1);
      assert.deepEqual([turn(verdict).attest, turn(verdict).wakeAt], [null, null]);
    }
  });

  it('is not given up for time in which nobody tried', () => {
    const { world, until, turn } = rolledOut();
    until('ended', null);
    turn(REFUSED);
    world.now += 10 * SIGNED.limits.held;
    turn(REFUSED);
    assert.ok(world.rollout.phase.kind === 'ended' && !world.rollout.phase.settled);
    assert.equal(turn(REFUSED).attest?.result, 'PASSED');
  });
});

function aboutOf({ attest }: { attest: ReturnType<typeof dueVerdict> }) {
  return [attest?.release.digest, attest?.result];
}
