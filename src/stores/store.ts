import type { Answer, Command, PendingCommand } from '../core/command.ts';
import type { Decision } from '../core/decision.ts';
import type { Interval } from '../core/analysis/evidence.ts';
import type { JournalRecord } from '../core/journal.ts';
import type { Reason } from '../core/reason.ts';
import type { Rollout, RolloutRequest, VerdictKind } from '../core/rollout.ts';
import type { Instant } from '../core/time.ts';

/** Where a journal ends. */
export interface ChainHead {
  readonly length: number;
  readonly hash: string;
}

/** A digest that an environment shall not see again. */
export interface Block {
  readonly service: string;
  readonly environment: string;
  readonly release: string;
  readonly digest: string;
  readonly rollout: string;
  readonly at: Instant;
  readonly reasons: readonly Reason[];
}

/** Which rollouts to list; newest first. */
export interface RolloutFilter {
  readonly service?: string;
  readonly environment?: string;
  /** Those that ended so. One that is being taken back after its promotion has not ended. */
  readonly verdict?: VerdictKind;
  /** Those of a candidate. */
  readonly digest?: string;
  readonly limit?: number;
}

/** How a rollout stands to the others of its service and environment. */
export interface Neighbours {
  /** An earlier one that has not ended yet. */
  readonly ahead: string | null;
  /** Whether a later one has begun to change targets. */
  readonly overtaken: boolean;
}

/** How a rollout begins. */
export interface BeginOptions {
  /** Whether it takes the place of one that is under way. */
  readonly supersede: boolean;
  /** The last rollout that its targets have obeyed: it gets a higher number, even if the store knows of none. */
  readonly after?: number;
}

/** State, journal, commands and blocked digests. Everything that one call changes is changed in one transaction. */
export interface Store {
  /**
   * Writes down a new rollout. At most one of a service and environment is under way: rejects with `active-rollout`,
   * or with `supersede` tells the one under way to go home and lets the new one wait for it.
   */
  begin(request: RolloutRequest, now: Instant, options: BeginOptions): Promise<Rollout>;
  load(id: string): Promise<Rollout | null>;
  list(filter: RolloutFilter): Promise<readonly Rollout[]>;
  /** Rollouts whose time to wake has come, the longest waiting first. */
  due(now: Instant, limit: number): Promise<readonly string[]>;
  /** Compare-and-swap: each decision is written if the rollout still is at the revision that it was made from. */
  commit(decisions: readonly Decision[]): Promise<readonly ('committed' | 'conflict')[]>;
  journal(id: string): Promise<readonly JournalRecord[]>;
  /** All that the analysis of a rollout took in, in order. */
  intervals(id: string): Promise<readonly Interval[]>;
  /** Where the journal ends, as the state says; rejects with `unknown-rollout`. */
  journalHead(id: string): Promise<ChainHead>;
  /** Leaves a command and makes the rollout due; returns the command's number. Rejects with `unknown-rollout`. */
  sendCommand(id: string, order: Order, now: Instant): Promise<number>;
  pendingCommands(id: string): Promise<readonly PendingCommand[]>;
  /** What became of a command; null while it is pending. */
  answerTo(command: number): Promise<Answer | null>;
  neighbours(rollout: Rollout): Promise<Neighbours>;
  blocks(service: string, environment: string): Promise<readonly Block[]>;
  /** Lifts a block by digest or release name; returns whether there was one. */
  unblock(service: string, environment: string, release: string, by: string, now: Instant): Promise<boolean>;
  close(): Promise<void>;
}

/** Where a rollout stands in the queue of its service and environment: at most one is active. */
export function placeOf(rollout: Rollout): 'waiting' | 'active' | 'ended' {
  const { kind } = rollout.phase;
  return kind === 'ended' ? 'ended' : kind === 'gating' ? 'waiting' : 'active';
}

/** A command and who gave it. */
export interface Order {
  readonly command: Command;
  readonly by: string;
  readonly note: string | null;
}

export type StoreErrorCode =
  | 'active-rollout'
  | 'unknown-rollout'
  | 'unavailable'
  | 'full'
  | 'read-only'
  | 'newer-schema'
  | 'corrupt'
  | 'bad-version';

/** The store cannot do what was asked. The message names the place and the remedy. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
