import assert from 'node:assert/strict';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { CANDIDATE, STABLE, START } from '../../../../../test/builders.ts';
import { home, type Traffic } from '../../../../core/traffic.ts';
import type { Instant } from '../../../../core/time.ts';
import { proxyPaths } from '../../paths.ts';
import { counters } from '../dealing/counters.ts';
import { desk, type Desk } from './desk.ts';
import { knownImages } from '../images.ts';
import { keeper } from '../keeper.ts';
import { keepNotebook } from './notebook.ts';
import { type ProxyState, readState } from './state-file.ts';
import { commandStarter } from '../starter.ts';
import { directory, service } from '../testing/service.ts';

const SPLIT: Traffic = { stable: STABLE, candidate: CANDIDATE, weight: 10 };

/** A desk that keeps no process, by the clock that is passed in. */
function deskWith(t: TestContext, state: ProxyState, now: () => Instant): Desk {
  const paths = proxyPaths(directory(t));
  return desk({
    state,
    keeper: keeper({
      logs: paths.logs,
      records: [],
      starterFor: () => commandStarter(STABLE.digest, service().artifact),
      onChange: () => {},
      onGone: () => {},
    }),
    images: knownImages(paths, []),
    counters: counters(now),
    now,
    notebook: keepNotebook(paths.state, () => state),
  });
}

it('a guard fires no later because the clock was set back while there was no proxy', (t) => {
  const nothing = readState(path.join(directory(t), 'proxy.json'));
  const before = deskWith(t, { ...nothing, traffic: SPLIT }, () => START);
  before.arm(home(STABLE), START + 30_000, { sequence: 1, revision: 1 });
  const anHourEarlier = START - 3_600_000;
  const after = deskWith(t, { ...before.record(), move: null }, () => anHourEarlier);
  after.tick(anHourEarlier + 29_999);
  assert.equal(after.traffic().weight, 10);
  after.tick(anHourEarlier + 30_000);
  assert.deepEqual(after.traffic(), home(STABLE));
});

it('a guard fires at its time when the clock went on while there was no proxy', (t) => {
  const nothing = readState(path.join(directory(t), 'proxy.json'));
  const before = deskWith(t, { ...nothing, traffic: SPLIT }, () => START);
  before.arm(home(STABLE), START + 30_000, { sequence: 1, revision: 1 });
  const after = deskWith(t, { ...before.record(), move: null }, () => START + 20_000);
  after.tick(START + 29_999);
  assert.equal(after.traffic().weight, 10);
  after.tick(START + 30_000);
  assert.deepEqual(after.traffic(), home(STABLE));
});
