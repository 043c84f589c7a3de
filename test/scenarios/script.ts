import { parseDuration } from '../../src/config/duration.ts';
import type { Command } from '../../src/core/command.ts';
import type { Plan, Step } from '../../src/core/plan.ts';
import type { Milliseconds } from '../../src/core/time.ts';
import type { Behaviour } from '../simulation/simulated-target.ts';
import { plan, START } from '../builders.ts';

/** Something that happens at its time in a scenario. */
export type Happening = { readonly at: Milliseconds } & (
  | {
      readonly kind: 'deploy';
      readonly release: string;
      readonly supersede: boolean;
      /** Why the freeze shall be overruled; null where that is not asked. */
      readonly hotfix: string | null;
    }
  | { readonly kind: 'command'; readonly by: string; readonly command: Command }
  | { readonly kind: 'controller-dies'; readonly for: Milliseconds }
  | { readonly kind: 'unreachable'; readonly target: string; readonly for: Milliseconds }
  | { readonly kind: 'meddling'; readonly target: string; readonly weight: number }
  | { readonly kind: 'incident'; readonly for: Milliseconds }
  | { readonly kind: 'evidence-lost'; readonly for: Milliseconds }
  | { readonly kind: 'registry-silent'; readonly for: Milliseconds }
  | { readonly kind: 'nothing-signed'; readonly for: Milliseconds }
);

/** A scenario as it was read from its script. */
export interface Script {
  readonly title: string;
  readonly targets: readonly string[];
  readonly stable: string | null;
  /** Whether releases are images, which a gate lets in by their evidence, and whose verdicts are signed. */
  readonly images: boolean;
  readonly plan: Plan;
  readonly requestsPerSecond: number;
  readonly behaviours: Readonly<Record<string, Partial<Behaviour>>>;
  readonly happenings: readonly Happening[];
  readonly until: Milliseconds;
}

type Draft = { -readonly [Key in keyof Script]: Script[Key] };
type Rule = readonly [pattern: RegExp, apply: (draft: Draft, words: readonly string[]) => void];

/** The language of the scripts: one rule per line; the first that fits is taken. */
const RULES: readonly Rule[] = [
  [/^# (.*)$/, (draft, [title = '']) => void (draft.title ||= title)],
  [/^targets (.+)$/, (draft, [names = '']) => void (draft.targets = names.split(', '))],
  [/^stable (\S+)$/, (draft, [name = '']) => void (draft.stable = name === 'nothing' ? null : name)],
  [/^traffic (\d+) requests\/s$/, (draft, [rate]) => void (draft.requestsPerSecond = Number(rate))],
  [
    /^steps (.+)$/,
    (draft, [steps = '']) => void (draft.plan = { ...draft.plan, steps: steps.split(', ').map(toStep) }),
  ],
  [/^releases are images$/, (draft) => void (draft.images = true)],
  [
    /^approval by (\d+)(?: of (.+))?$/,
    (draft, [people, names]) => {
      const from = names?.split(', ') ?? null;
      draft.plan = { ...draft.plan, approval: { people: Number(people), from, expires: 3_600_000 } };
    },
  ],
  [
    /^frozen for (\S+) by (.+)$/,
    (draft, [length = '', name = '']) => {
      const to = new Date(START + time(length)).toISOString().slice(0, 16);
      const window = { name, kind: 'once', zone: 'UTC', from: '2026-01-01T00:00', to } as const;
      draft.plan = { ...draft.plan, freeze: [window] };
    },
  ],
  [
    /^inconclusive: (hold|promote|rollback)$/,
    (draft, [policy]) => void (draft.plan = { ...draft.plan, onInconclusive: toPolicy(policy) }),
  ],
  [
    /^(\S+) fails (\d+)% of its requests$/,
    (draft, [name = '', rate]) => behave(draft, name, { errorRate: Number(rate) / 100 }),
  ],
  [/^(\S+) never gets healthy$/, (draft, [name = '']) => behave(draft, name, { healthyAfter: Infinity })],
  [/^(\S+) does not start$/, (draft, [name = '']) => behave(draft, name, { failsToStart: true })],
  [
    /^(\S+) dies (\S+) after it got healthy$/,
    (draft, [name = '', after = '']) => behave(draft, name, { diesAfter: time(after) }),
  ],
  [
    /^at (\S+) deploy (\S+)( superseding)?(?: as a hotfix: (.+))?$/,
    (draft, [at = '', release = '', supersede, hotfix]) =>
      happen(draft, {
        at: time(at),
        kind: 'deploy',
        release,
        supersede: supersede !== undefined,
        hotfix: hotfix ?? null,
      }),
  ],
  [
    /^at (\S+) (\w+) says (pause|resume|rollback|abort|approve|reject)$/,
    (draft, [at = '', by = '', kind]) =>
      happen(draft, { at: time(at), kind: 'command', by, command: toCommand(kind) }),
  ],
  [
    /^at (\S+) (\w+) says promote( full)?$/,
    (draft, [at = '', by = '', full]) =>
      happen(draft, {
        at: time(at),
        kind: 'command',
        by,
        command: { kind: 'promote', full: full !== undefined },
      }),
  ],
  [
    /^at (\S+) the controller dies for (\S+)$/,
    (draft, [at = '', length = '']) =>
      happen(draft, { at: time(at), kind: 'controller-dies', for: time(length) }),
  ],
  [
    /^at (\S+) (\S+) cannot be reached for (\S+)$/,
    (draft, [at = '', target = '', length = '']) =>
      happen(draft, { at: time(at), kind: 'unreachable', target, for: time(length) }),
  ],
  [
    /^at (\S+) somebody sets (\S+) to (\d+) %$/,
    (draft, [at = '', target = '', weight]) =>
      happen(draft, { at: time(at), kind: 'meddling', target, weight: Number(weight) }),
  ],
  [
    /^at (\S+) everybody suffers for (\S+)$/,
    (draft, [at = '', length = '']) => happen(draft, { at: time(at), kind: 'incident', for: time(length) }),
  ],
  [
    /^at (\S+) the evidence is lost for (\S+)$/,
    (draft, [at = '', length = '']) =>
      happen(draft, { at: time(at), kind: 'evidence-lost', for: time(length) }),
  ],
  [
    /^at (\S+) the registry does not answer for (\S+)$/,
    (draft, [at = '', length = '']) =>
      happen(draft, { at: time(at), kind: 'registry-silent', for: time(length) }),
  ],
  [
    /^at (\S+) nothing can be signed for (\S+)$/,
    (draft, [at = '', length = '']) =>
      happen(draft, { at: time(at), kind: 'nothing-signed', for: time(length) }),
  ],
  [/^until (\S+)$/, (draft, [end = '']) => void (draft.until = time(end))],
];

/** Reads a script; a line that no rule fits is an error. */
export function readScript(text: string): Script {
  const draft: Draft = {
    title: '',
    targets: ['web'],
    stable: '1.0.0',
    images: false,
    plan: plan({
      rollbackWindow: 60_000,
      limits: { prepare: 30_000, follow: 20_000, blind: 10_000, held: 60_000 },
    }),
    requestsPerSecond: 50,
    behaviours: {},
    happenings: [],
    until: 180_000,
  };
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const fitting = RULES.find(([pattern]) => pattern.test(line));
    if (fitting === undefined) throw new Error(`the scenario says what nobody understands: ${line}`);
    const [pattern, apply] = fitting;
    apply(draft, (pattern.exec(line) ?? []).slice(1));
  }
  const targets = draft.targets.map((name) => ({ name, kind: 'simulated', settings: {} }));
  const notary = draft.images ? { kind: 'simulated' } : null;
  return { ...draft, plan: { ...draft.plan, targets, notary } };
}

function behave(draft: Draft, name: string, behaviour: Partial<Behaviour>): void {
  draft.behaviours = { ...draft.behaviours, [name]: behaviour };
}

function happen(draft: Draft, happening: Happening): void {
  draft.happenings = [...draft.happenings, happening];
}

function time(text: string): Milliseconds {
  const duration = parseDuration(text);
  if (duration === null) throw new Error(`not a time: ${text}`);
  return duration;
}

function toStep(text: string): Step {
  const [weight = '', hold = ''] = text.split('% for ');
  return { weight: Number(weight), hold: time(hold) };
}

function toPolicy(text: string | undefined): Plan['onInconclusive'] {
  return text === 'promote' || text === 'rollback' ? text : 'hold';
}

function toCommand(text: string | undefined): Command {
  const plain = ['pause', 'resume', 'rollback', 'approve', 'reject'] as const;
  const kind = plain.find((each) => each === text);
  return kind === undefined ? { kind: 'abort' } : { kind };
}
