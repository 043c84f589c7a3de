import type { Instant } from '../core/time.ts';
import type { Fence, Traffic } from '../core/traffic.ts';

/**
 * The dead-man's switch of one target: takes traffic home by itself when it is not renewed in time, without any
 * controller being alive. From then on it holds: until it is armed anew or disarmed, traffic that a late write splits
 * again is refused, or taken home again. What it is set to is part of the target's reading.
 */
export interface Guard {
  /** Sets or renews it. */
  arm(home: Traffic, deadline: Instant, fence: Fence, signal: AbortSignal): Promise<void>;
  disarm(fence: Fence, signal: AbortSignal): Promise<void>;
}
