import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

/** `node test/simulation/run.ts --seed 7` tells the story of one history; `--from 1 --count 1000` looks for trouble. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
  },
});

if (values.seed === undefined) {
  await search(Number(values.from), Number(values.count));
} else {
  const outcome = await simulate(Number(values.seed));
  console.log(outcome.story.join('\n'));
  console.log(`\n${outcome.verdicts.join(', ')}; ${outcome.crashes} crashes`);
  for (const { at, invariant, detail } of outcome.violations)
    console.log(`BROKEN at ${at}: ${invariant}: ${detail}`);
}

async function search(from: number, count: number): Promise<void> {
  const tally = new Map<string, number>();
  let bad = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations, verdicts } = await simulate(seed);
    for (const verdict of verdicts) tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
    const [first] = violations;
    if (first === undefined) continue;
    bad += 1;
    console.log(`seed ${seed}: ${first.invariant}: ${first.detail} (and ${violations.length - 1} more)`);
  }
  console.log(`${count} histories, ${bad} broken;`, Object.fromEntries(tally));
}
