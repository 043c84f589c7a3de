import { decide } from '../../src/core/decide.ts';
import { sayEntry } from '../../src/core/journal.ts';
import type { GateAnswer } from '../../src/core/observation.ts';
import { sayTraffic } from '../../src/core/traffic.ts';
import type { Site } from '../../src/engine/site.ts';
import { takeTurn, type Commit, type Engine } from '../../src/engine/turn.ts';
import { approvalGate } from '../../src/gates/approval.ts';
import { blockedGate } from '../../src/gates/blocked.ts';
import { freezeGate } from '../../src/gates/freeze.ts';
import type { Notary } from '../../src/notaries/notary.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { ADMISSION, imageRelease, release as commandRelease, START } from '../builders.ts';
import { simulatedNotary } from '../simulation/simulated-notary.ts';
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
  const release = script.images ? imageRelease : commandRelease;
  const store = openSqliteStore(':memory:');
  const incident = { window: { from: 0, to: 0 }, errorRate: 0.4 };
  const unreachable = new Map<string, number>();
  const vouching = evidence(clock);
  const signing = notary(clock, tell);
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
    gatesFor: () => [
      blockedGate((service, environment) => store.blocks(service, environment)),
      ...(plan.approval === null ? [] : [approvalGate(clock)]),
      ...(plan.freeze.length === 0 ? [] : [freezeGate(clock)]),
      ...(script.images ? [vouching.gate] : []),
    ],
    notary: signing.notary,
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
          const { hotfix } = happening;
          const request = {
            service: 'shop',
            environment: 'prod',
            plan,
            candidate: release(happening.release),
            requestedBy: 'ann',
            overrides: hotfix === null ? [] : [{ gate: 'freeze' as const, note: hotfix }],
          };
          tell('ann', `deploys ${happening.release}${hotfix === null ? '' : ` as a hotfix: ${hotfix}`}`);
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
        case 'evidence-lost':
          tell('world', 'the evidence of the images is lost');
          vouching.lostUntil = now + happening.for;
          return;
        case 'registry-silent':
          tell('world', 'the registry does not answer');
          vouching.silentUntil = now + happening.for;
          return;
        case 'nothing-signed':
          tell('world', 'nothing can be signed');
          signing.outUntil = now + happening.for;
          return;
        default:
          happening satisfies never;
      }
    },
    async control() {
      const refusals = new Map<string, Readonly<Record<string, string>>>();
      for (;;) {
        for (const id of clock.now() >= deadUntil ? await store.due(clock.now(), 10) : []) {
          const result = await takeTurn(engine, commit, id, refusals.get(id) ?? {});
          if (result.kind === 'turned') refusals.set(id, result.refusals);
        }
        await clock.wait(500);
      }
    },
  };
}

/** The gate that asks for evidence, and what is the matter with it. */
function evidence(clock: VirtualClock) {
  const self = {
    lostUntil: 0,
    silentUntil: 0,
    gate: {
      name: 'supply chain',
      asksAgain: true,
      async ask(): Promise<GateAnswer> {
        if (clock.now() < self.silentUntil) throw new Error('the registry does not answer');
        if (clock.now() >= self.lostUntil) {
          return { gate: 'supply chain', kind: 'open', admission: ADMISSION };
        }
        const detail = 'nothing vouches for the image';
        const refusals = [{ code: 'UNSIGNED', detail, remedy: 'Sign it.' }];
        return { gate: 'supply chain', kind: 'closed', detail, refusals };
      },
    },
  };
  return self;
}

/** The notary, and until when it cannot sign. */
function notary(clock: VirtualClock, tell: (what: string, text: string) => void) {
  const sound = simulatedNotary();
  const self = {
    outUntil: 0,
    notary: {
      ...sound,
      async attest(...args: Parameters<Notary['attest']>) {
        if (clock.now() < self.outUntil) throw new Error('the key cannot be used');
        await sound.attest(...args);
        const [, { release, result }] = args;
        tell('notary', `attaches to ${release.name}: ${result}`);
      },
    },
  };
  return self;
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
