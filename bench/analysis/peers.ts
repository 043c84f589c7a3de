import type { Block } from '../../src/core/analysis/count.ts';
import type { Peer } from '../../src/core/peers/peer.ts';
import { USUAL_PEERS } from '../../src/core/peers/usual-peers.ts';
import { type Outcome, play, type Rule, type Scene } from './scene.ts';

/** The name of the one that acts on its sixth tick, a minute after its last check. */
const ACTS_LATE = /^Flagger, 1 min/;

/** Other tools on the same traffic, polled every second. */
export function playPeers(scene: Scene, runs: number, seed: number): readonly Outcome[] {
  const inTime = USUAL_PEERS.filter((peer) => !ACTS_LATE.test(peer.name));
  const late = USUAL_PEERS.filter((peer) => ACTS_LATE.test(peer.name));
  return [
    ...play(scene, inTime.map(asRule), runs, seed),
    ...play({ ...scene, seconds: scene.seconds + 60 }, late.map(asRule), runs, seed),
  ];
}

function asRule(peer: Peer): Rule {
  return {
    name: peer.name,
    begin() {
      const seconds: Block[] = [];
      return (counts) => {
        seconds.push(counts);
        return peer.rollsBack(seconds);
      };
    },
  };
}
