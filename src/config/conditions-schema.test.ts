import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFrozen } from '../core/freeze.ts';
import type { ConfigInput } from './config-schema.ts';
import { checkConfig } from './load.ts';
import { findEnvironment, resolvePlan } from './resolve.ts';

type EnvironmentInput = ConfigInput['environments'][number];

function planOf(changes: Partial<EnvironmentInput>) {
  const written: ConfigInput = {
    service: 'shop',
    environments: [{ name: 'prod', targets: [{ kind: 'local', name: 'web', listen: 8080 }], ...changes }],
  };
  const loaded = { config: checkConfig(written, 'canary.config.ts'), file: '/srv/shop/canary.config.ts' };
  return resolvePlan(loaded, findEnvironment(loaded.config, 'prod'), 'deliver');
}

const friday: NonNullable<EnvironmentInput['freeze']>[number] = {
  name: 'weekend',
  days: ['fri'],
  from: '15:00',
  zone: 'Europe/Berlin',
};

describe('the conditions of an environment', () => {
  it('are none by default', () => {
    const { approval, freeze } = planOf({});
    assert.equal(approval, null);
    assert.deepEqual(freeze, []);
  });

  it('become part of the plan', () => {
    const plan = planOf({
      approval: { people: 2, from: ['ann', 'bob'] },
      freeze: [friday],
      overrides: { expires: '30m' },
    });
    assert.deepEqual(plan.approval, { people: 2, from: ['ann', 'bob'], expires: 86_400_000 });
    assert.equal(plan.overrideFor, 1_800_000);
    const [window] = plan.freeze;
    assert.ok(window !== undefined && isFrozen(window, Date.parse('2026-11-20T14:00Z')));
    assert.ok(!isFrozen(window, Date.parse('2026-11-20T13:59Z')));
  });

  it('are refused with their place when they make no sense', () => {
    const wrong: readonly (readonly [Partial<EnvironmentInput>, RegExp])[] = [
      [{ approval: { people: 3, from: ['ann'] } }, /environments\[0\]\.approval\.from/],
      [{ approval: { people: 0 } }, /environments\[0\]\.approval\.people/],
      [{ freeze: [{ ...friday, zone: 'Europe/Nowhere' }] }, /freeze\[0\]/],
      [
        { freeze: [{ name: 'x', from: '2026-12-24T00:00', to: '2026-12-23T00:00', zone: 'UTC' }] },
        /freeze\[0\]/,
      ],
    ];
    for (const [changes, place] of wrong) assert.throws(() => planOf(changes), place);
  });
});
