import { CANDIDATE, STABLE, START } from '../builders.ts';
import { targetContract } from '../contracts/target-contract.ts';
import { simulatedTarget, WELL } from './simulated-target.ts';
import { virtualClock } from './virtual-clock.ts';

for (const isFenced of [true, false]) {
  targetContract(isFenced ? 'simulated' : 'simulated unfenced', async () => {
    const clock = virtualClock(START);
    const { site } = simulatedTarget({
      name: 'it',
      clock,
      seed: 1,
      requestsPerSecond: 100,
      isFenced,
      metricsDelay: 0,
      behaviour: () => WELL,
    });
    return {
      site,
      isFenced,
      stable: STABLE,
      candidate: CANDIDATE,
      now: () => clock.now(),
      pass: (time) => clock.run(clock.now() + time),
      // Users come by themselves, a hundred a second.
      use: (requests) => clock.run(clock.now() + requests * 10),
      close: async () => {},
    };
  });
}
