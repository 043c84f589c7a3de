import { ONCE } from '../../src/core/analysis/onset.ts';
import { playPeers } from './peers.ts';
import { badOnly, errorSettings, relative, whole } from './rules.ts';
import { incident, play, type Rule, type Scene, scene } from './scene.ts';

function rulesFor(seconds: number): readonly Rule[] {
  const onsets = { every: 15_000, horizon: seconds * 1_000, steps: 1, mass: 0.2 };
  return [
    relative('1 s', { onsets }),
    relative('1 s, no later onsets', { onsets: ONCE }),
    whole('1 s, with a limit of 1 %', errorSettings({ onsets, slo: { errors: 0.01, latency: null } })),
    badOnly('1 s, bad requests only'),
  ];
}

/** The candidate fails at `rate` from `onset` on; before it both arms are alike. */
function late(rate: number, onset: number, both: (second: number) => number = () => 0.001): Scene['rates'] {
  return () => ({ stable: both, candidate: (second) => (second < onset ? both(second) : rate) });
}

const SITUATIONS: readonly { readonly name: string; readonly onset: number; readonly scene: Scene }[] = [
  { name: '5 % from 150 s on', onset: 150, scene: scene({ rates: late(0.05, 150) }) },
  { name: '1 % from 150 s on, 10 min', onset: 150, scene: scene({ rates: late(0.01, 150), seconds: 600 }) },
  {
    name: 'incident of both arms from 60 to 120 s, then 5 % from 200 s on',
    onset: 200,
    scene: scene({ rates: late(0.05, 200, incident) }),
  },
  { name: 'half of the traffic, 5 %', onset: 0, scene: scene({ share: 0.5, candidate: 0.05 }) },
  { name: 'half of the traffic, 100 %', onset: 0, scene: scene({ share: 0.5, candidate: 1 }) },
  { name: '1 % of the traffic, 5 %', onset: 0, scene: scene({ share: 0.01, candidate: 0.05 }) },
  {
    name: '2 requests a second, 20 %',
    onset: 0,
    scene: scene({ requestsPerSecond: () => 2, candidate: 0.2 }),
  },
  {
    name: '2 requests a second, 100 %',
    onset: 0,
    scene: scene({ requestsPerSecond: () => 2, candidate: 1 }),
  },
];

/** Failures that begin late, and other weights and amounts of traffic. */
export function situations(runs: number): object {
  return {
    what: 'time from the onset of the failure to the rollback, in other situations; negative is before the onset, hence false',
    columns: SITUATIONS.map((situation, index) => ({
      situation: situation.name,
      runs,
      seed: 500 + index,
      outcomes: [
        ...play(situation.scene, rulesFor(situation.scene.seconds), runs, 500 + index),
        ...playPeers(situation.scene, runs, 500 + index),
      ].map((outcome) => ({
        ...outcome,
        medianSeconds: outcome.medianSeconds === null ? null : outcome.medianSeconds - situation.onset,
      })),
    })),
  };
}
