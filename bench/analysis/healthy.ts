import type { Random } from '../../src/core/random.ts';
import { OUR_RULES, WHOLE_RULES } from './detection.ts';
import { playPeers } from './peers.ts';
import { alike, incident, play, type Scene, scene } from './scene.ts';

/** A rate whose logarithm walks at random: a tenth up or down each second. */
function randomWalk(random: Random): (second: number) => number {
  const rates: number[] = [];
  let log = Math.log(0.001);
  for (let second = 0; second <= 360; second += 1) {
    log += random.chance(0.5) ? 0.1 : -0.1;
    rates.push(Math.min(0.3, Math.max(0.0001, Math.exp(log))));
  }
  return (second) => rates[Math.floor(second)] ?? 0.001;
}

function isSpike(second: number): boolean {
  return second >= 120 && second < 180;
}

const SCENES: readonly { readonly name: string; readonly scene: Scene }[] = [
  { name: 'identical, 0.1 %', scene: scene({}) },
  { name: 'identical, 0.8 %', scene: scene({ stable: 0.008 }) },
  { name: 'shared incident: 60 s at 3 %', scene: alike(incident) },
  {
    name: 'shared drift from 0.05 to 1 %',
    scene: alike((second) => 0.0005 + (0.0095 * second) / 300, { before: 0.0005 }),
  },
  {
    name: 'shared random walk',
    scene: scene({
      rates: (random) => {
        const rate = randomWalk(random);
        return { stable: rate, candidate: rate };
      },
    }),
  },
  {
    name: 'five times the traffic and 1 % for 60 s',
    scene: alike((second) => (isSpike(second) ? 0.01 : 0.001), {
      requestsPerSecond: (second) => (isSpike(second) ? 500 : 100),
    }),
  },
  { name: '2 requests a second, 0.5 %', scene: scene({ stable: 0.005, requestsPerSecond: () => 2 }) },
  { name: 'stale history: 0.01 %, now 0.3 %', scene: scene({ stable: 0.003, before: 0.0001 }) },
];

/** How often a candidate is rolled back that is the same as stable at every instant. */
export function healthy(runs: number): object {
  return {
    what: 'false rollbacks: the candidate is the same as stable at every instant',
    columns: SCENES.map((each, index) => ({
      scene: each.name,
      seed: 400 + index,
      falseRollbacks: [
        ...play(each.scene, OUR_RULES, runs, 400 + index),
        ...play(each.scene, WHOLE_RULES, Math.ceil(runs / 4), 400 + index),
        ...playPeers(each.scene, runs, 400 + index),
      ].map((outcome) => ({ rule: outcome.rule, runs: outcome.runs, share: outcome.rolledBack })),
    })),
  };
}
