import { ConfigError } from '../config/problems.ts';
import type { Rollout } from '../core/rollout.ts';
import { StoreError } from '../stores/store.ts';
import { type SupplyChainCode, SupplyChainError } from '../supply-chain/error.ts';

/** What the exit codes of `canary` mean. Part of the interface: documented, and never changed in meaning. */
export const EXIT_CODES = {
  /** Done; of a rollout: promoted. */
  done: 0,
  /** The rollout was rolled back, aborted or rejected. */
  notPromoted: 1,
  /** The command line or the configuration is wrong. Nothing was done. */
  usage: 2,
  /** The rollout is held or paused, and is left to a person. */
  held: 3,
  /** It cannot be done as things stand, for instance because another rollout is under way. Nothing was done. */
  refused: 4,
  /** Something that canary needs failed: disk, permissions, a port. */
  failed: 5,
  /** Left in the middle by a second Ctrl-C. The guard takes traffic home. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The code that a rollout's state stands for. */
export function exitCodeOf(rollout: Rollout): ExitCode {
  const { phase, paused } = rollout;
  if (phase.kind === 'ended')
    return phase.verdict.kind === 'promoted' ? EXIT_CODES.done : EXIT_CODES.notPromoted;
  return paused !== null || waitsForPeople(rollout) ? EXIT_CODES.held : EXIT_CODES.failed;
}

/** Whether it goes on only when a person has said something: it is held, or has to be approved before it begins. */
export function waitsForPeople({ phase, waitingFor }: Pick<Rollout, 'phase' | 'waitingFor'>): boolean {
  const asks = waitingFor.some(
    (reason) =>
      reason.code === 'waiting' && (reason.gate === 'approval' || reason.detail.includes('`canary approve')),
  );
  return phase.kind === 'held' || (phase.kind === 'gating' && asks);
}

/** Something that cannot be done as things stand. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Something that canary needs does not do its work. What was asked for is written down, and is done when it works again. */
export class Unresponsive extends Error {
  override readonly name = 'Unresponsive';
  readonly code = 'unresponsive';
}

/** The code that an error stands for. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof ConfigError) return EXIT_CODES.usage;
  if (error instanceof Refusal) return EXIT_CODES.refused;
  if (error instanceof SupplyChainError) return exitCodeOfImage(error);
  if (error instanceof StoreError && error.code === 'active-rollout') return EXIT_CODES.refused;
  if (error instanceof StoreError && error.code === 'unknown-rollout') return EXIT_CODES.usage;
  return EXIT_CODES.failed;
}

const MISTYPED: readonly SupplyChainCode[] = [
  'BAD_REFERENCE',
  'NOT_A_DIGEST',
  'UNBUILDABLE',
  'WRONG_PLATFORM',
];
const OUT_OF_ORDER: readonly SupplyChainCode[] = [
  'REGISTRY_UNAVAILABLE',
  'UNAUTHORIZED',
  'KEY_ERROR',
  'SIGNATURE_ERROR',
  'SCAN_FAILED',
  'GATE_ERROR',
];

/** Trouble with an image: named wrongly, out of reach for now, or not to be used. */
function exitCodeOfImage({ code }: SupplyChainError): ExitCode {
  if (MISTYPED.includes(code)) return EXIT_CODES.usage;
  return OUT_OF_ORDER.includes(code) ? EXIT_CODES.failed : EXIT_CODES.refused;
}
