import { decide } from '../../src/core/decide.ts';
import { sayEntry } from '../../src/core/journal.ts';
import { sayTraffic } from '../../src/core/traffic.ts';
import type { Site } from '../../src/engine/site.ts';
import { takeTurn, type Commit, type Engine } from '../../src/engine/turn.ts';
import { blockedGate } from '../../src/gates/blocked.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { release, START } from '../builders.ts';
import { simulatedTarget, type SimulatedTarget, WELL } from '../simulation/simulated-target.ts';
import { virtualClock, type VirtualClock } from '../simulation/virtual-clock.ts';
import type { Happening, Script } from './script.ts';

/** Plays a scenario in virtual time and tells what happened, line by line. */
export async function play(script: Script): Promise<string> {
  const clock = virtualClock(START);
  const lines: string[] = [];
  const tell = (what: string, text: string) => {
    const seconds = ((clock.now() - START) / 1_000).toFixed(1).padStart(6);
    lines.push(`${seconds} s  ${what.padEnd(8)}  ${text}`);
  };
  const stage = setStage(script, clock, tell);
  for (const happening of script.happenings) {
    clock.at(START + happening.at, () => void stage.happen(happening));
  }
  void stage.control();
  await clock.run(START + script.until);
  await stage.store.close();
  return `${script.title}\n\n${lines.join('\n')}\n`;
}

interface Stage {
  readonly store: Store;
  happen(happening: Happening): Promise<void>;
  /** The controller: turns whatever is due, unless it is dead. */
  control(): Promise<void>;
}

function setStage(script: Script, clock: VirtualClock, tell: (what: string, text: string) => void): Stage {
  const { targets: names, stable, plan, requestsPerSecond, behaviours } = script;
  const store = openSqliteStore(':memory:');
  const incident = { window: { from: 0, to: 0 }, errorRate: 0.4 };
  const unreachable = new Map<string, number>();
  let deadUntil = 0;

  const targets = names.map((name, index) =>
    simulatedTarget({
      name,
      clock,
      seed: index,
      requestsPerSecond,
      isFenced: true,
      metricsDelay: 0,
      incident,
      behaviour: (of) => ({ ...WELL, ...behaviours[of.name] }),
      onChange: (target) => tell(target.name, sayTraffic(target.traffic())),
    }),
  );
  if (stable !== null) for (const target of targets) target.install(release(stable));
  const sites = Object.fromEntries(
    targets.map((target) => [target.name, reachable(target, clock, unreachable)]),
  );
  const engine: Engine = {
    store,
    clock,
    decide,
    findSites: async () => sites,
    gatesFor: () => [blockedGate((service, environment) => store.blocks(service, environment))],
    notary: null,
    lease: 15_000,
  };
  const commit: Commit = async (decision) => {
    const [result = 'conflict'] = await store.commit([decision]);
    for (const entry of decision.entries)
      tell('journal', `${decision.rollout.candidate.name}: ${sayEntry(entry)}`);
    return result;
  };

  return {
    store,
    async happen(happening) {
      const now = clock.now();
      switch (happening.kind) {
        case 'deploy': {
          const request = {
            service: 'shop',
            environment: 'prod',
            plan,
            candidate: release(happening.release),
            requestedBy: 'ann',
          };
          tell('ann', `deploys ${happening.release}`);
          await store
            .begin(request, now, { supersede: happening.supersede })
            .catch((error: Error) => tell('ann', `is told: ${error.message}`));
          return;
        }
        case 'command': {
          const [newest] = await store.list({ limit: 1 });
          tell(happening.by, `says ${happening.command.kind}`);
          if (newest !== undefined)
            await store.sendCommand(
              newest.id,
              { command: happening.command, by: happening.by, note: null },
              now,
            );
          return;
        }
        case 'controller-dies':
          tell('world', 'the controller dies');
          deadUntil = now + happening.for;
          return;
        case 'unreachable':
          tell('world', `${happening.target} cannot be reached`);
          unreachable.set(happening.target, now + happening.for);
          return;
        case 'meddling': {
          const target = targets.find(({ name }) => name === happening.target);
          tell('world', `somebody sets ${happening.target} to ${happening.weight} %`);
          target?.meddle(happening.weight);
          return;
        }
        case 'incident':
          tell('world', 'everybody begins to suffer');
          incident.window = { from: now, to: now + happening.for };
          return;
        default:
          happening satisfies never;
      }
    },
    async control() {
      for (;;) {
        if (clock.now() >= deadUntil)
          for (const id of await store.due(clock.now(), 10)) await takeTurn(engine, commit, id, {});
        await clock.wait(500);
      }
    },
  };
}

function reachable(
  { name, site }: SimulatedTarget,
  clock: VirtualClock,
  unreachable: ReadonlyMap<string, number>,
): Site {
  const check = async () => {
    if (clock.now() < (unreachable.get(name) ?? 0)) throw new Error('no route to host');
  };
  return {
    ...site,
    target: {
      ...site.target,
      observe: (signal) => check().then(() => site.target.observe(signal)),
      apply: (desired, fence, signal) => check().then(() => site.target.apply(desired, fence, signal)),
    },
  };
}
