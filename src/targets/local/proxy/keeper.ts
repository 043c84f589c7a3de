import path from 'node:path';
import type { Running } from '../../../core/observation.ts';
import type { Release } from '../../../core/release.ts';
import type { Instant } from '../../../core/time.ts';
import type { RunSettings } from '../settings.ts';
import { keepInstance, type Instance, type InstanceRecord } from './instance.ts';
import type { Starter } from './starter.ts';

/** A release and its processes as they are written down. */
export interface KeptRecord {
  readonly release: Release;
  readonly run: RunSettings;
  /** When it is let go without being asked again; null to keep it. */
  readonly until: Instant | null;
  readonly instances: readonly (InstanceRecord | null)[];
}

/** A release that is kept. */
export interface KeptRunning extends Running {
  /** Why the files of its image are not to be started; null if nothing was found. */
  readonly damage: string | null;
  /** Whether any of its processes lives. */
  readonly isAtWork: boolean;
}

/** Keeps the processes of the service's releases running. */
export interface Keeper {
  /** Starts the release unless it is running already; what was not started for its files is tried anew. */
  keep(release: Release, run: RunSettings): void;
  /** Lets the release go at that time, unless it is kept anew; null to keep it. */
  keepUntil(digest: string, until: Instant | null): void;
  /** Lets a release go: drains and stops its processes. */
  letGo(digest: string): Promise<void>;
  /** Lets all of them go, and waits for those too that are on their way out. */
  letAllGo(): Promise<void>;
  has(digest: string): boolean;
  /** The instances of a release that can take a request now. */
  healthy(digest: string): readonly Instance[];
  running(): readonly KeptRunning[];
  record(): readonly KeptRecord[];
  /** Looks after everything; called often. */
  tend(now: Instant): void;
}

interface Kept {
  readonly release: Release;
  readonly run: RunSettings;
  readonly instances: readonly Instance[];
  until: Instant | null;
}

/** Stands in a record for a release that is being let go. */
const GOING: Instant = 0;

const LONGEST_LOG_NAME = 100;

export interface KeeperOptions {
  /** Directory for the output of the processes. */
  readonly logs: string;
  /** What an earlier proxy wrote down, and this one takes over. */
  readonly records: readonly KeptRecord[];
  /** How the processes with that number of a release are started. */
  readonly starterFor: (release: Release, run: RunSettings, number: number) => Starter;
  /** Called when there is something new to write down. */
  readonly onChange: () => void;
  /** Called when all processes of a release that was let go are gone. */
  readonly onGone: () => void;
}

export function keeper({ logs, records, starterFor, onChange, onGone }: KeeperOptions): Keeper {
  const kept = new Map<string, Kept>();
  /** On their way out. Written down too, so that a proxy that dies now leaves no process behind. */
  const going = new Map<Kept, Promise<void>>();

  function take({ release, run, until, instances }: KeptRecord): Kept {
    const make = (_: unknown, number: number) =>
      keepInstance({
        number,
        release,
        run,
        starter: starterFor(release, run, number),
        log: path.join(logs, `${logName(release)}-${number}.log`),
        adopted: instances[number] ?? null,
        onChange,
      });
    return { release, run, until, instances: Array.from({ length: run.processes }, make) };
  }

  function stop(leaving: Kept): Promise<void> {
    const gone = Promise.all(leaving.instances.map((instance) => instance.stop())).then(() => {
      going.delete(leaving);
      onChange();
      onGone();
    });
    going.set(leaving, gone);
    onChange();
    return gone;
  }

  async function letGo(digest: string): Promise<void> {
    const leaving = kept.get(digest);
    if (leaving === undefined) return;
    kept.delete(digest);
    await stop(leaving);
  }

  for (const record of records) {
    if (record.until === GOING) void stop(take(record));
    else kept.set(record.release.digest, take(record));
  }

  return {
    keep(release, run) {
      const known = kept.get(release.digest);
      if (known === undefined) kept.set(release.digest, take({ release, run, until: null, instances: [] }));
      else {
        known.until = null;
        for (const instance of known.instances) instance.tryAnew();
      }
      onChange();
    },
    keepUntil(digest, until) {
      const known = kept.get(digest);
      if (known === undefined || known.until === until) return;
      known.until = until;
      onChange();
    },
    letGo,
    async letAllGo() {
      for (const digest of kept.keys()) void letGo(digest);
      await Promise.all(going.values());
    },
    has: (digest) => kept.has(digest),
    healthy: (digest) => kept.get(digest)?.instances.filter((instance) => instance.upstream() !== null) ?? [],
    running: () => [...kept.values()].map(runningOf),
    record: () => [
      ...[...kept.values()].map((each) => recordOf(each, each.until)),
      ...[...going.keys()].map((each) => recordOf(each, GOING)),
    ],
    tend(now) {
      for (const { release, instances, until } of kept.values()) {
        if (until !== null && now >= until) void letGo(release.digest);
        else for (const instance of instances) instance.tend(now);
      }
    },
  };
}

/** A file name for any name of a release. One that does not fit is cut short and told apart by its digest. */
function logName({ name, digest }: Release): string {
  const safe = name.replaceAll(/[^\w.-]/g, '_');
  return safe.length <= LONGEST_LOG_NAME
    ? safe
    : `${safe.slice(0, LONGEST_LOG_NAME)}-${digest.replace(/^sha256:/, '').slice(0, 12)}`;
}

function recordOf({ release, run, instances }: Kept, until: Instant | null): KeptRecord {
  return { release, run, until, instances: instances.map((instance) => instance.record()) };
}

function runningOf({ release, instances }: Kept): KeptRunning {
  const damaged = instances.find((instance) => instance.damage() !== null);
  const troubles = [...(damaged === undefined ? [] : [damaged]), ...instances].flatMap(
    (instance) => instance.trouble() ?? [],
  );
  const digests = instances.flatMap((instance) => instance.digest() ?? []);
  return {
    release,
    digest: digests.find((digest) => digest !== release.digest) ?? release.digest,
    wanted: instances.length,
    healthy: instances.filter((instance) => instance.upstream() !== null).length,
    trouble: troubles[0] ?? null,
    failed: damaged !== undefined || instances.every((instance) => instance.hasFailed()),
    damage: damaged?.damage() ?? null,
    isAtWork: instances.some((instance) => instance.record() !== null),
  };
}
