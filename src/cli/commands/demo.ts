import { systemClock } from '../../clock/system-clock.ts';
import { sayReason } from '../../core/reason.ts';
import type { CommandRun } from '../command.ts';
import { ACTS, playAct, type ActResult } from '../demo/acts.ts';
import { startLoad } from '../demo/load.ts';
import { liveScreen, plainScreen, type Screen } from '../demo/screen.ts';
import { setStage, type Stage } from '../demo/stage.ts';

import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { onInterrupt } from '../interrupt.ts';
import { paint, table } from '../view/format.ts';

const REQUESTS_PER_SECOND = 100;

/** Plays six rollouts of the sample service under real load, with real processes. */
export const run: CommandRun = async ({ output }) => {
  const clock = systemClock();
  output.line('Building images of the sample service; listing, scanning and signing them…');
  const stage = await setStage(clock);
  output.line(`${stage.images} images are built. Starting the first behind the traffic proxy…`);
  const interrupt = onInterrupt(async () => {
    await stage.clear();
    process.exit(EXIT_CODES.interrupted);
  });
  const screen = output.isLive ? liveScreen(process.stdout) : plainScreen(output);
  if ((await stage.deploy('1.0.0').ended) !== EXIT_CODES.done) {
    const first = await stage.latest();
    await stage.clear();
    const why = first?.phase.kind === 'ended' ? first.phase.verdict.reasons.map(sayReason).join('; ') : '';
    throw new Refusal(`the sample service does not start: ${why}`);
  }
  output.line(
    `1.0.0 is stable at http://127.0.0.1:${stage.port}; ${REQUESTS_PER_SECOND} requests a second from here on.\n`,
  );
  const load = startLoad(stage.port, REQUESTS_PER_SECOND, clock);
  const stopShowing = await show(stage, screen, () => load.served());
  const results: ActResult[] = [];
  try {
    for (const [index, act] of ACTS.entries()) {
      screen.begin(act, index + 1);
      const result = await playAct(act, { stage, load, clock, tell: (text) => screen.tell(text) });
      screen.end(result);
      results.push(result);
    }
  } finally {
    stopShowing();
    screen.close();
    await load.stop();
    interrupt.stop();
    await stage.clear();
  }
  output.json({ acts: results });
  output.line(`\n${summary(results)}`);
  return results.every((result) => result.isAsExpected) ? EXIT_CODES.done : EXIT_CODES.notPromoted;
};

/** Keeps the screen up to date; returns how to stop. */
async function show(
  stage: Stage,
  screen: Screen,
  served: () => Parameters<Screen['news']>[1],
): Promise<() => void> {
  const known = new Map<string, number>();
  for (const rollout of await stage.store.list({})) {
    known.set(rollout.id, (await stage.store.journal(rollout.id)).length);
  }
  const stopNews = await stage.listen((news) => screen.news(news, served()));
  const timer = setInterval(() => void showJournal(), 100);
  async function showJournal(): Promise<void> {
    const rollout = await stage.latest();
    if (rollout === null) return;
    const records = await stage.store.journal(rollout.id);
    const before = known.get(rollout.id) ?? 0;
    known.set(rollout.id, records.length);
    if (records.length > before) screen.journal(records.slice(before));
  }
  return () => {
    clearInterval(timer);
    stopNews();
  };
}

function summary(results: readonly ActResult[]): string {
  const rows = results.map(({ name, verdict, requests, secondsToRollback, isAsExpected }) => [
    isAsExpected ? paint('green', '✓') : paint('red', '✗'),
    name,
    verdict,
    String(requests.total),
    String(requests.failed),
    String(requests.lost),
    String(requests.slow),
    secondsToRollback === null ? '' : `${secondsToRollback.toFixed(2)} s`,
  ]);
  return table([['', 'ACT', 'VERDICT', 'REQUESTS', 'FAILED', 'LOST', 'SLOW', 'BAD FOR'], ...rows]);
}
