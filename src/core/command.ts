import type { Instant } from './time.ts';

/** What a person, or a newer rollout, wants of a rollout. */
export type Command =
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Go on to the next step now, or with `full` straight to the end. */
  | { readonly kind: 'promote'; readonly full: boolean }
  /** Take traffic home because the candidate is not wanted; blocks its digest. */
  | { readonly kind: 'rollback' }
  /** Take traffic home without a judgement about the candidate. */
  | { readonly kind: 'abort' }
  /** Say, as a second person, that it may begin. */
  | { readonly kind: 'approve' }
  /** Say that it shall not begin. */
  | { readonly kind: 'reject' }
  /** Make way for a newer rollout. */
  | { readonly kind: 'supersede'; readonly rollout: string };

export type CommandKind = Command['kind'];

/** A command as the store keeps it until it is answered. */
export interface PendingCommand {
  readonly id: number;
  readonly at: Instant;
  readonly by: string;
  readonly note: string | null;
  readonly command: Command;
}

/** What became of a command. */
export interface Answer {
  readonly command: number;
  readonly accepted: boolean;
  /** One sentence for the person who asked. */
  readonly text: string;
}
