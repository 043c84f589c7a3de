/** How long the proxy waits, in milliseconds. Each wait may take up to two turns of its coarse clock longer. */
export interface Timeouts {
  /** For the rest of a request's head after its first byte, and for the first byte on a new connection. */
  readonly head: number;
  /** For the next request on a client's connection. */
  readonly keepAlive: number;
  /** For an upstream to accept a connection. */
  readonly connect: number;
  /** For a response to begin after the request was sent. */
  readonly response: number;
  /** For the next bytes of a request's body, and for a client to take the next ones of a response's. */
  readonly body: number;
  /** For the next bytes of a response's body. Long, because streams of events may have nothing to say for a while. */
  readonly silence: number;
  /** For the next bytes in a tunnel, either way. */
  readonly tunnel: number;
  /**
   * For the next bytes to a client that has ended its side, and in a tunnel one side of which has ended. The other may
   * have gone: one cannot tell before something is sent to it.
   */
  readonly halfClosed: number;
  /** For a client to take the last bytes and to close, after the proxy has closed its side. */
  readonly linger: number;
}

const DEFAULTS: Timeouts = {
  head: 10_000,
  keepAlive: 75_000,
  connect: 2_000,
  response: 60_000,
  body: 60_000,
  silence: 300_000,
  tunnel: 3_600_000,
  halfClosed: 30_000,
  linger: 2_000,
};
const SHORTEST_TURN = 5;
const LONGEST_TURN = 250;
const TURNS_PER_TIMEOUT = 8;

/**
 * A coarse clock for deadlines, in turns of equal length: a request then costs no timer, and a deadline is one number.
 * Turns that come late are not made up for, so that nobody is blamed for a process that was held up itself.
 */
export class Patience {
  /** Turns since the start. */
  now = 0;
  /** In milliseconds. */
  readonly turn: number;
  /** How many turns each wait takes. The turn that has begun does not count. */
  readonly turns: Timeouts;

  constructor(chosen: Partial<Timeouts>) {
    const timeouts: Timeouts = { ...DEFAULTS, ...chosen };
    const shortest = Math.min(...Object.values(timeouts)) / TURNS_PER_TIMEOUT;
    this.turn = Math.min(Math.max(shortest, SHORTEST_TURN), LONGEST_TURN);
    const inTurns = (milliseconds: number): number => Math.ceil(milliseconds / this.turn) + 1;
    this.turns = {
      head: inTurns(timeouts.head),
      keepAlive: inTurns(timeouts.keepAlive),
      connect: inTurns(timeouts.connect),
      response: inTurns(timeouts.response),
      body: inTurns(timeouts.body),
      silence: inTurns(timeouts.silence),
      tunnel: inTurns(timeouts.tunnel),
      halfClosed: inTurns(timeouts.halfClosed),
      linger: inTurns(timeouts.linger),
    };
  }
}
