/** Whoever a client's connection serves at the moment: an exchange or a tunnel. */
export interface ClientUser {
  /** There are unread bytes of the client. What is not taken stays unread. */
  clientSent(): void;
  clientDrained(): void;
  /** The client will send no more. */
  clientEnded(): void;
  clientClosed(): void;
  /** The deadline that was set has passed. */
  expired(): void;
  /** Whether there is no room for what the client sends: it is not read from then. */
  readonly isBlocked: boolean;
}
