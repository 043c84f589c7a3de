import { setImmediate as nextPass } from 'node:timers/promises';
import type { Clock } from '../../src/clock/clock.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';

interface Event {
  readonly at: Instant;
  readonly order: number;
  happen: (() => void) | null;
}

/** Time that only passes when it is told to, and then goes from event to event without waiting. */
export interface VirtualClock extends Clock {
  at(instant: Instant, happen: () => void): void;
  /** Lets time pass until `instant`, or until `isDone` says so; the latter is asked after every event. */
  run(instant: Instant, isDone?: () => boolean): Promise<void>;
}

/** A clock that starts at `start` and stands still. */
export function virtualClock(start: Instant): VirtualClock {
  const events: Event[] = [];
  let now = start;
  let order = 0;

  function add(at: Instant, happen: () => void): Event {
    const event: Event = { at: Math.max(at, now), order: (order += 1), happen };
    push(events, event);
    return event;
  }

  return {
    now: () => now,
    stopwatch() {
      const began = now;
      return () => now - began;
    },
    at: (instant, happen) => void add(instant, happen),
    wait(duration: Milliseconds, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const event = add(now + duration, () => resolve());
        signal?.addEventListener('abort', () => {
          event.happen = null;
          resolve();
        });
      });
    },
    async run(instant, isDone = () => false) {
      await nextPass();
      while (!isDone()) {
        const next = events[0];
        if (next === undefined || next.at > instant) break;
        pop(events);
        if (next.happen === null) continue;
        now = next.at;
        next.happen();
        await nextPass();
      }
      if (!isDone()) now = Math.max(now, instant);
    },
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order;
}

function push(heap: Event[], event: Event): void {
  heap.push(event);
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!swapIfBefore(heap, index, parent)) return;
    index = parent;
  }
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const child =
      left + 1 < heap.length && isBefore(eventAt(heap, left + 1), eventAt(heap, left)) ? left + 1 : left;
    if (child >= heap.length || !swapIfBefore(heap, child, index)) return;
    index = child;
  }
}

function swapIfBefore(heap: Event[], child: number, parent: number): boolean {
  const [a, b] = [eventAt(heap, child), eventAt(heap, parent)];
  if (!isBefore(a, b)) return false;
  heap[child] = b;
  heap[parent] = a;
  return true;
}

function eventAt(heap: readonly Event[], index: number): Event {
  const event = heap[index];
  if (event === undefined) throw new RangeError(`no event at ${index}`);
  return event;
}
