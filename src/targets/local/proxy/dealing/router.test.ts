import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CANDIDATE, STABLE } from '../../../../../test/builders.ts';
import { seededRandom } from '../../../../core/random.ts';
import { bucketOf } from '../../../../core/sample.ts';
import { home, type Traffic } from '../../../../core/traffic.ts';
import { createUpstream, type Outcome, type RequestHead } from '../../http/index.ts';
import type { ProxySettings } from '../../settings.ts';
import { counters } from './counters.ts';
import type { Instance } from '../instance.ts';
import { router } from './router.ts';

const SETTINGS: ProxySettings = {
  listen: { host: '127.0.0.1', port: 0 },
  sticky: { by: 'cookie', name: 'user' },
  preview: { header: 'x-canary' },
  responseTimeout: 1_000,
};
const SPLIT: Traffic = { stable: STABLE, candidate: CANDIDATE, weight: 20 };
const WELL: Outcome = { status: 200, failure: null, milliseconds: 3, retried: false };

function request(headers: Readonly<Record<string, string>> = {}): RequestHead {
  return { method: 'GET', target: '/', header: (name) => headers[name] };
}

/** An instance on a port that stands for it. */
function instance(port: number): Instance {
  const upstream = createUpstream(port);
  return {
    number: 0,
    upstream: () => upstream,
    trouble: () => null,
    hasFailed: () => false,
    damage: () => null,
    tryAnew() {},
    record: () => null,
    digest: () => null,
    suspect() {},
    tend() {},
    stop: async () => {},
  };
}

/** A router over two instances of stable (ports 1 and 2) and one of the candidate (port 3). */
function rig(traffic: Traffic = SPLIT, up: readonly number[] = [1, 2, 3]) {
  const count = counters(() => 1_000_000);
  const all = { [STABLE.digest]: [instance(1), instance(2)], [CANDIDATE.digest]: [instance(3)] };
  const route = router({
    settings: () => SETTINGS,
    traffic: () => traffic,
    healthy: (digest) => (all[digest] ?? []).filter((each) => up.includes(each.upstream()?.port ?? 0)),
    counters: count,
    random: seededRandom(1),
    salt: 'shop',
  });
  const counted = (digest: string) => {
    const { requests, failed } = count.between(digest, { from: 1_000_000, to: 1_000_100 });
    return [requests, failed];
  };
  const latencies = (digest: string) => {
    const { latency } = count.between(digest, { from: 1_000_000, to: 1_000_100 });
    return [...latency.keys()].filter((bucket) => (latency[bucket] ?? 0) > 0);
  };
  const ports = (times: number, head = request()) =>
    Array.from({ length: times }, () => route(head)?.upstream.port ?? null);
  return { route, counted, latencies, ports };
}

describe('the router', () => {
  it('deals requests by the weight, and to each instance in turn', () => {
    const { ports } = rig();
    const dealt = ports(1_000);
    assert.equal(dealt.filter((port) => port === 3).length, 200);
    assert.ok(dealt.filter((port) => port === 1).length > 300);
  });

  it('sends everything to stable when there is no candidate, or it has no weight', () => {
    assert.deepEqual(new Set(rig(home(STABLE)).ports(50)), new Set([1, 2]));
    assert.deepEqual(new Set(rig({ ...SPLIT, weight: 0 }).ports(50)), new Set([1, 2]));
  });

  it('keeps a user with one release', () => {
    const { ports } = rig();
    for (const user of ['ann', 'bob', 'cem', 'dana']) {
      const arms = new Set(ports(40, request({ cookie: `a=b; user=${user}` })).map((port) => port === 3));
      assert.equal(arms.size, 1, user);
    }
  });

  it('deals by chance who brings an empty cookie: they are not all the same user', () => {
    const dealt = rig().ports(1_000, request({ cookie: 'user=' }));
    assert.equal(dealt.filter((port) => port === 3).length, 200);
  });

  it('obeys the preview header, also at weight 0, and does not count such requests', () => {
    const { route, counted, ports } = rig({ ...SPLIT, weight: 0 });
    assert.deepEqual(new Set(ports(20, request({ 'x-canary': 'candidate' }))), new Set([3]));
    route(request({ 'x-canary': 'candidate' }))?.done({ ...WELL, status: 500 });
    assert.deepEqual(counted(CANDIDATE.digest), [0, 0]);
    assert.deepEqual(new Set(rig().ports(20, request({ 'x-canary': 'stable' }))), new Set([1, 2]));
  });

  it('counts a request when it has ended, for the release that it was dealt to', () => {
    const { route, counted } = rig(home(STABLE));
    for (const outcome of [
      WELL,
      { ...WELL, status: 500 },
      { ...WELL, status: null, failure: 'timeout' as const },
      { ...WELL, failure: 'client-gone' as const },
      { ...WELL, failure: 'silence' as const },
    ]) {
      route(request())?.done(outcome);
    }
    assert.deepEqual(counted(STABLE.digest), [5, 2]);
  });

  it('tries another instance of the same release, and counts the request once', () => {
    const { route, counted } = rig(home(STABLE));
    const first = route(request());
    const second = first?.another();
    assert.deepEqual(new Set([first?.upstream.port, second?.upstream.port]), new Set([1, 2]));
    first?.done({ status: null, failure: 'connect', milliseconds: 1, retried: true });
    second?.done(WELL);
    assert.deepEqual(counted(STABLE.digest), [1, 0]);
    assert.equal(second?.another(), null);
  });

  it('counts the time that was lost with an instance of the same release', () => {
    const { route, latencies } = rig(home(STABLE));
    const first = route(request());
    const second = first?.another();
    first?.done({ status: null, failure: 'connect', milliseconds: 2_000, retried: true });
    second?.done(WELL);
    assert.deepEqual(latencies(STABLE.digest), [bucketOf(2_000 + WELL.milliseconds)]);
  });

  it('has stable answer for a candidate that is down, and counts that against the candidate', () => {
    const { route, counted } = rig({ ...SPLIT, weight: 100 }, [1, 2]);
    const answered = route(request());
    assert.ok([1, 2].includes(answered?.upstream.port ?? 0));
    answered?.done(WELL);
    assert.deepEqual(counted(CANDIDATE.digest), [1, 1]);
    assert.deepEqual(counted(STABLE.digest), [0, 0]);
  });

  it('gives no user to a candidate that has no traffic, even when stable is down', () => {
    const { route, counted } = rig({ ...SPLIT, weight: 0 }, [3]);
    assert.equal(route(request()), null);
    assert.deepEqual(counted(STABLE.digest), [1, 1]);
  });

  it('has nothing to say before anything was deployed', () => {
    assert.equal(rig(home(null)).route(request()), null);
  });
});
