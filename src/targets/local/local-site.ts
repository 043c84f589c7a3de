import { existsSync } from 'node:fs';
import type { Clock } from '../../clock/clock.ts';
import type { TargetReading } from '../../core/observation.ts';
import type { Release } from '../../core/release.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import { type Fence, isOlder, type Traffic } from '../../core/traffic.ts';
import type { Guard } from '../../guards/guard.ts';
import type { MetricSource } from '../../metrics/metric-source.ts';
import { TargetError, type Target } from '../target.ts';
import { arrivals } from './arrivals.ts';
import { bringing } from './bringing.ts';
import { controlClient } from './control-client.ts';
import { launchProxy } from './launch.ts';
import { answers } from './messages.ts';
import { proxyPaths } from './paths.ts';
import { localSettings, type LocalSettings } from './settings.ts';
import { smokeInstances } from './smoke.ts';
import { type ImageSource, isImage, isToBeBrought, NO_IMAGES } from './unpacked.ts';

/** After a start that failed, the proxy is left alone for this long. */
const RELAUNCH_AFTER: Milliseconds = 1_000;
const DELIVERED_WITHIN: Milliseconds = 5_000;
/** Clocks of two processes are not compared more closely than this. */
const SAME_TIME: Milliseconds = 50;

/** A service on this machine: target, guard and metrics in one, as one proxy does it all. */
export interface LocalSite {
  readonly target: Target;
  readonly guard: Guard;
  readonly metrics: MetricSource;
}

/**
 * The local target, from its settings in a plan. Its proxy is a process of its own, which is started whenever it does not
 * answer: everything that it knows is on disk, and the processes it kept go on without it. Without `images`, only releases
 * that are commands are run.
 */
export function localSite(planned: unknown, clock: Clock, images: ImageSource = NO_IMAGES): LocalSite {
  const settings = localSettings.parse(planned);
  const paths = proxyPaths(settings.directory);
  const client = controlClient(paths.socket);
  const awake = keepAwake(settings, clock);
  /** What the proxy's clock shows more than ours. */
  let ahead: Milliseconds = 0;

  async function read(signal: AbortSignal) {
    return awake(async () => {
      const asked = clock.now();
      const reading = await client.reading(signal);
      ahead = differenceOf(ahead, { least: reading.now - clock.now(), most: reading.now - asked });
      return reading;
    });
  }

  /** The newest fence that we were given: what comes to an end between turns is ours only if nobody came after it. */
  let newest: Fence = { sequence: 0, revision: 0 };

  function take(fence: Fence): Fence {
    if (isOlder(newest, fence)) newest = fence;
    return fence;
  }

  const arriving = arrivals({
    ...bringing(settings, images),
    clock,
    async deliver(release, image, stop) {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(DELIVERED_WITHIN)]);
      await client.order('prepare', { release, run: settings.run, image, fence: newest }, signal);
    },
  });

  const toProxy = (traffic: Traffic): Traffic => shiftSpare(traffic, ahead);

  return {
    target: {
      kind: 'local',
      granularity: 0.01,
      async observe(signal): Promise<TargetReading> {
        const { traffic, fence, running, guard } = await read(signal);
        const armed =
          guard.armed === null
            ? null
            : { home: shiftSpare(guard.armed.home, -ahead), deadline: guard.armed.deadline - ahead };
        // Stays by the proxy's clock: it tells one firing from another, and so must not move with what clocks are thought
        // to differ by.
        const { firedAt } = guard;
        const kept = running.map((each) => arriving.amend(each));
        const isRunning = ({ digest }: Release) => running.some(({ release }) => release.digest === digest);
        const coming = arriving.running().filter(({ release }) => !isRunning(release));
        return {
          traffic: shiftSpare(traffic, -ahead),
          fence,
          running: [...kept, ...coming],
          guard: { armed, firedAt },
        };
      },
      async prepare(release, fence, signal) {
        const { digest } = release;
        const kept = (await read(signal)).running.find((each) => each.release.digest === digest);
        const isDamaged = kept !== undefined && isToBeBrought(kept);
        // A release that is only mended keeps its address: the settings are those of what is rolled out now.
        if (!isDamaged) {
          await awake(() => client.order('configure', { proxy: settings.proxy, digest, fence }, signal));
        }
        take(fence);
        if (isImage(release) && (kept === undefined || isDamaged)) arriving.expect(release);
        else await client.order('prepare', { release, run: settings.run, image: null, fence }, signal);
      },
      async apply(desired, fence, signal) {
        await awake(() => client.order('apply', { traffic: toProxy(desired), fence: take(fence) }, signal));
      },
      async retire(release, fence, signal) {
        arriving.forget(release.digest);
        await client.order('retire', { release, fence: take(fence) }, signal);
      },
      async smoke(release, tests, signal) {
        const { running } = await read(signal);
        const ports = running.find(({ digest }) => digest === release.digest)?.ports ?? [];
        return smokeInstances(ports, tests, signal);
      },
    },
    guard: {
      async arm(home, deadline, fence, signal) {
        await client.order(
          'arm',
          { home: toProxy(home), deadline: deadline + ahead, fence: take(fence) },
          signal,
        );
      },
      async disarm(fence, signal) {
        await client.order('disarm', { fence: take(fence) }, signal);
      },
    },
    metrics: {
      async sample(arms, { from, to }, signal) {
        const asked = {
          stable: arms.stable.digest,
          candidate: arms.candidate.digest,
          window: { from: from + ahead, to: to + ahead },
        };
        const { sample } = answers.sample.parse(await client.order('sample', asked, signal));
        if (sample === null) return null;
        return { ...sample, window: { from: sample.window.from - ahead, to: sample.window.to - ahead } };
      },
      watch: (onNews) => client.listen(() => onNews()),
    },
  };
}

const STOPPED = 'it was stopped with `canary down`; `canary up` starts it again';

/** Runs a call, and when there is no proxy to take it, starts one and runs it again. */
function keepAwake(settings: LocalSettings, clock: Clock): <T>(call: () => Promise<T>) => Promise<T> {
  const { stopped } = proxyPaths(settings.directory);
  let launching: Promise<void> | null = null;
  let lastFailure: { readonly error: unknown; readonly at: Instant } | null = null;

  function launch(): Promise<void> {
    if (existsSync(stopped)) return Promise.reject(new TargetError('unreachable', STOPPED));
    if (lastFailure !== null && clock.now() - lastFailure.at < RELAUNCH_AFTER)
      return Promise.reject(lastFailure.error);
    launching ??= launchProxy(settings)
      .catch((error: unknown) => {
        lastFailure = { error, at: clock.now() };
        throw error;
      })
      .finally(() => {
        launching = null;
      });
    return launching;
  }

  return async (call) => {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TargetError) || error.code !== 'unreachable') throw error;
      await launch();
      return call();
    }
  };
}

/**
 * What one clock shows more than another, when it is between `least` and `most`. What it was taken for `before` stays as long
 * as it may be so: a window that begins where the one before it ended must not overlap with it, nor leave anything out.
 */
function differenceOf(
  before: Milliseconds,
  { least, most }: { readonly least: Milliseconds; readonly most: Milliseconds },
): Milliseconds {
  const isPossible = (difference: Milliseconds) =>
    difference > least - SAME_TIME && difference < most + SAME_TIME;
  return [before, 0].find(isPossible) ?? Math.round((least + most) / 2);
}

function shiftSpare(traffic: Traffic, by: Milliseconds): Traffic {
  const { spare } = traffic;
  return spare === undefined ? traffic : { ...traffic, spare: { ...spare, until: spare.until + by } };
}
