import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFrozen } from '../core/permission/freeze.ts';
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
      [{ approval: { people: 2, from: ['ann', 'ann'] } }, /environments\[0\]\.approval\.from/],
      [{ approval: { people: 0 } }, /environments\[0\]\.approval\.people/],
      [{ freeze: [{ ...friday, from: '15:00', to: '15:00' }] }, /freeze\[0\]\.to must differ/],
      [{ freeze: [{ ...friday, from: '24:00', to: '06:00' }] }, /freeze\[0\]/],
      [
        { freeze: [{ name: 'x', from: '2026-02-30T00:00', to: '2026-12-23T00:00', zone: 'UTC' }] },
        /freeze\[0\]\.from must be a day that there is/,
      ],
      [{ freeze: [{ ...friday, zone: 'Europe/Nowhere' }] }, /freeze\[0\]/],
      [
        { freeze: [{ name: 'x', from: '2026-12-24T00:00', to: '2026-12-23T00:00', zone: 'UTC' }] },
        /freeze\[0\]/,
      ],
    ];
    for (const [changes, place] of wrong) assert.throws(() => planOf(changes), place);
  });
});

describe('the chain of environments', () => {
  type Chain = Partial<Pick<EnvironmentInput, 'after' | 'soak'>>;
  const target = (port: number) => [{ kind: 'local' as const, name: 'web', listen: port }];

  function chain(dev: Chain, prod: Chain, supplyChain?: ConfigInput['supplyChain']) {
    const written: ConfigInput = {
      service: 'shop',
      ...(supplyChain === undefined ? {} : { supplyChain }),
      environments: [
        { name: 'dev', targets: target(8080), ...dev },
        { name: 'staging', targets: target(8081) },
        { name: 'prod', targets: target(8082), ...prod },
      ],
    };
    const loaded = { config: checkConfig(written, 'canary.config.ts'), file: '/srv/shop/canary.config.ts' };
    const { after, soak } = resolvePlan(loaded, findEnvironment(loaded.config, 'prod'), 'deliver');
    return [after, soak];
  }

  it('is what is said', () => {
    assert.deepEqual(chain({}, { after: 'dev', soak: '1h' }), ['dev', 3_600_000]);
    assert.deepEqual(chain({}, { after: false }), [null, 0]);
  });

  it('is that of the list for images, and where there is a time of soaking', () => {
    assert.deepEqual(chain({}, {}), [null, 0]);
    assert.deepEqual(chain({}, { soak: '1h' }), ['staging', 3_600_000]);
    assert.deepEqual(chain({}, {}, {}), ['staging', 0]);
    assert.deepEqual(chain({}, {}, { require: { verdict: false } }), [null, 0]);
  });

  it('has no circles and no loose ends', () => {
    const wrong: readonly (readonly [Chain, Chain, RegExp])[] = [
      [{}, { after: 'prod' }, /environments\[2\]\.after must name .* there are: dev, staging/],
      [{}, { after: 'test' }, /environments\[2\]\.after/],
      [{ after: 'prod' }, {}, /environments\[0\]\.after must name .* none is/],
      [{ soak: '1h' }, {}, /environments\[0\]\.soak must not be set/],
      [{}, { after: false, soak: '1h' }, /environments\[2\]\.soak must not be set/],
    ];
    for (const [dev, prod, place] of wrong) assert.throws(() => chain(dev, prod), place);
  });
});
