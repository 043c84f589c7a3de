import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { z } from 'zod';
import { systemClock } from '../../../clock/system-clock.ts';
import { seededRandom } from '../../../core/random.ts';
import type { Release } from '../../../core/release.ts';
import type { Fence, Traffic } from '../../../core/traffic.ts';
import { createTrafficServer } from '../http/index.ts';
import { requests } from '../messages.ts';
import { proxyPaths } from '../paths.ts';
import type { LocalSettings, ProxySettings, RunSettings } from '../settings.ts';
import { imagePlace } from '../unpacked.ts';
import { controlServer, order } from './control/control-server.ts';
import { openControlSocket } from './control/control-socket.ts';
import { counters, SLICE } from './dealing/counters.ts';
import { connectionsWithin, openFilesLimit } from './descriptors.ts';
import { desk } from './control/desk.ts';
import { openEntrances } from './entrances.ts';
import { type Images, knownImages } from './images.ts';
import { keeper, type Keeper } from './keeper.ts';
import { newsOf } from './control/news.ts';
import { router } from './dealing/router.ts';
import { keepNotebook } from './control/notebook.ts';
import { commandStarter, imageStarter, type Starter } from './starter.ts';
import { targetOf } from './container/command-lines.ts';
import { removeStrangers } from './container/engine.ts';
import { containerStarter } from './container/starter.ts';
import { readState, type ProxyState } from './control/state-file.ts';

/** A proxy at work. */
export interface RunningProxy {
  readonly address: { readonly host: string; readonly port: number };
  /** Lets requests end, stops all processes, and is gone. */
  stop(): Promise<void>;
}

/** How often processes and guard are looked after. */
const TEND_EVERY = 50;

/**
 * The proxy of one local target: takes users' traffic, keeps the releases' processes, and goes home by itself when no
 * controller renews its guard. Takes up where an earlier one was killed. Rejects when the address is taken.
 */
export async function runProxy(settings: LocalSettings, onStopped: () => void): Promise<RunningProxy> {
  const paths = proxyPaths(settings.directory);
  const clock = systemClock();
  const state = readState(paths.state);
  let current: ProxySettings = settings.proxy;

  const notebook = keepNotebook(paths.state, () => ({ ...theDesk.record(), move: entrances.move() }));
  const images = knownImages(paths, state.images);
  await sweep(settings, state);
  const theKeeper = keeper({
    logs: paths.logs,
    records: state.kept,
    starterFor: (release, run, number) => starterOf({ release, run, number, images, settings }),
    onChange: () => notebook.trySave(),
    onGone: () => void tidy(),
  });
  const count = counters(() => clock.now());
  const theDesk = desk({
    state,
    keeper: theKeeper,
    images,
    counters: count,
    now: () => clock.now(),
    notebook,
  });
  keepStable(state, theKeeper, settings.run);
  const news = newsOf(theDesk, count);
  const route = router({
    settings: () => current,
    traffic: () => theDesk.traffic(),
    healthy: (digest) => theKeeper.healthy(digest),
    counters: count,
    random: seededRandom(randomInt(2 ** 31)),
    salt: path.basename(settings.directory),
  });
  const limits = { connections: connectionsWithin(openFilesLimit()) };
  const entrances = await openEntrances({
    async open({ host, port }) {
      // A changed response timeout counts from the next change of address on.
      const server = createTrafficServer({ route, timeouts: { response: current.responseTimeout }, limits });
      await server.listen(port, host);
      return server;
    },
    drain: settings.run.drain,
    address: current.listen,
    move: state.move,
    onChange: () => notebook.trySave(),
  });
  notebook.open();
  notebook.trySave();
  void tidy();

  /** Removes the images of releases that nobody needs any more. */
  async function tidy(): Promise<void> {
    await images.keepOnly(digestsIn(theDesk.record()), clock.now());
    notebook.trySave();
  }

  async function configure({ proxy, digest, fence }: z.infer<typeof requests.configure>): Promise<void> {
    theDesk.heed(fence);
    current = proxy;
    await entrances.prepare(digest, proxy.listen);
    if (theDesk.traffic().stable === null) entrances.settle(digest);
  }

  function apply(traffic: Traffic, fence: Fence): void {
    theDesk.apply(traffic, fence);
    if (traffic.candidate === null && traffic.stable !== null) entrances.settle(traffic.stable.digest);
  }

  async function stop(): Promise<void> {
    clearInterval(tending);
    control.close();
    await entrances.close();
    await theKeeper.letAllGo();
    await tidy();
    onStopped();
  }

  const orders = controlServer(
    {
      reading: () => ({
        now: clock.now(),
        pid: process.pid,
        address: entrances.address(),
        ...theDesk.reading(),
      }),
      configure: order(requests.configure, (request) => configure(request)),
      prepare: order(requests.prepare, (request) => theDesk.prepare(request)),
      apply: order(requests.apply, (request) => apply(request.traffic, request.fence)),
      retire: order(requests.retire, ({ release, fence }) => theDesk.retire(release, fence)),
      arm: order(requests.arm, ({ home, deadline, fence }) => theDesk.arm(home, deadline, fence)),
      disarm: order(requests.disarm, ({ fence }) => theDesk.disarm(fence)),
      sample: order(requests.sample, ({ stable, candidate, window }) => ({
        sample: theDesk.sample(stable, candidate, window),
      })),
      stop: order(requests.stop, () => void setImmediate(() => void stop())),
    },
    news,
  );
  const control = await openControlSocket(orders, paths);

  const tending = setInterval(
    () => {
      const now = clock.now();
      theDesk.tick(now);
      notebook.retry();
      control.tend(now);
      theKeeper.tend(now);
      news.tell();
    },
    Math.min(TEND_EVERY, SLICE),
  );
  return { address: entrances.address(), stop };
}

/** Every release that runs, is on its way out, or takes traffic or would if the guard fired. */
function digestsIn({ kept, traffic, guard }: Pick<ProxyState, 'kept' | 'traffic' | 'guard'>): Set<string> {
  const others = [traffic.stable, traffic.candidate, guard?.home.stable];
  const releases = [...kept.map(({ release }) => release), ...others];
  return new Set(releases.flatMap((release) => release?.digest ?? []));
}

interface StarterOptions {
  readonly release: Release;
  readonly run: RunSettings;
  readonly number: number;
  readonly images: Images;
  readonly settings: LocalSettings;
}

function starterOf({ release, run, number, images, settings: { directory } }: StarterOptions): Starter {
  const { digest, artifact } = release;
  if (artifact.kind === 'command') return commandStarter(digest, artifact);
  const home = path.join(imagePlace(proxyPaths(directory).homes, digest), String(number));
  if (run.place.in === 'container') {
    const berth = { settings: run.place, target: targetOf(directory) };
    return containerStarter({ release, berth, home, image: () => images.findLayout(digest) });
  }
  const { execPath: node, platform, arch: architecture } = process;
  return imageStarter({
    variables: artifact.env,
    image: () => images.findFiles(digest),
    onDamage: () => images.distrust(digest),
    home,
    machine: { node, platform, architecture },
  });
}

/** Removes containers that nothing was written down of: the proxy that started them was killed in that moment. */
async function sweep({ directory, run }: LocalSettings, { kept }: ProxyState): Promise<void> {
  const known = kept.flatMap(({ release: { digest }, instances }) =>
    instances.flatMap((instance) => (instance === null ? [] : [{ digest, port: instance.port }])),
  );
  for (const { place } of [run, ...kept.map((each) => each.run)]) {
    if (place.in === 'process') continue;
    // Without an engine there are no containers, and whoever is to be started says so.
    await removeStrangers({ settings: place, target: targetOf(directory) }, known).catch(() => {});
  }
}

/** What takes traffic must run, also if an orderly stop had let it go. */
function keepStable({ traffic }: ProxyState, theKeeper: Keeper, run: RunSettings): void {
  const { stable } = traffic;
  if (stable !== null && !theKeeper.has(stable.digest)) theKeeper.keep(stable, run);
}
