/** A message that is not to be understood: the status that says so to a client, and what is wrong with it. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  readonly reason: string;
  /** Whole field lines that belong to the status. */
  readonly lines: string;
}

export function refusal(status: number, reason: string, lines = ''): Refusal {
  return { kind: 'refusal', status, reason, lines };
}
