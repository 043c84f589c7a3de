import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshnessOf } from '../../compose.ts';
import { parseDuration } from '../../config/duration.ts';
import { loadConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { findEnvironment, resolvePlan } from '../../config/resolve.ts';
import { sayCaveat } from '../../core/forecast/caveat.ts';
import { type Forecast, forecast } from '../../core/forecast/forecast.ts';
import type { Freshness } from '../../core/forecast/scene.ts';
import type { PlannedTarget } from '../../core/plan.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES, Refusal } from '../exit-code.ts';
import { draw } from '../plan/drawing.ts';
import { type KnownTraffic, knownTraffic } from '../plan/known-traffic.ts';
import { report } from '../plan/report.ts';
import { paint } from '../view/format.ts';

/** The same forecast comes to the same figures. */
const SEED = 1;

/** Says what a rollout by the plan would find with the traffic there is, and what not. Starts nothing, changes nothing. */
export const run: CommandRun = async (input) => {
  const loaded = await loadConfig(input.directory, textOption(input, 'config'));
  const environment = findEnvironment(loaded.config, textOption(input, 'env'));
  const plan = resolvePlan(loaded, environment, 'deliver');
  const freshness = freshnessOption(input, plan.targets);
  const known = await knownTraffic(input, plan.targets);
  const found = forecast({ plan, traffic: known.traffic, freshness, seed: SEED });
  if (found === null) {
    throw new Refusal(
      `The plan of ${environment.name} has no analysis (\`analysis: false\`), and what plain limits find cannot be foretold.`,
    );
  }
  const { service } = loaded.config;
  const drawn = drawTo(input, found, `${service}, ${environment.name}`);
  const { output } = input;
  output.json({ service, environment: environment.name, ...documentOf(found, known), svg: drawn });
  output.line(paint('bold', `${service} · ${environment.name}\n`));
  output.line(report(found, known, process.stdout.columns ?? 100));
  if (drawn !== null) output.line(paint('dim', `\nThe picture is in ${drawn}.`));
  return EXIT_CODES.done;
};

function freshnessOption(input: CommandInput, targets: readonly PlannedTarget[]): Freshness {
  const ofTargets = freshnessOf(targets);
  const text = textOption(input, 'lag');
  if (text === undefined) return ofTargets;
  const lag = parseDuration(text);
  if (lag !== null && lag <= 3_600_000) return { ...ofTargets, lag };
  throw new ConfigError('invalid', `--lag takes a duration up to "1h", such as "60s", not "${text}".`);
}

/** Writes the picture, if it is wanted; returns where. */
function drawTo(input: CommandInput, found: Forecast, title: string): string | null {
  const file = textOption(input, 'svg');
  if (file === undefined) return null;
  const place = path.resolve(input.directory, file);
  try {
    writeFileSync(place, draw(found, title));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError('invalid', `--svg: ${place} cannot be written: ${why}`, [], { cause: error });
  }
  return place;
}

function documentOf({ steps, bad, good, alpha, freshness, caveats }: Forecast, known: KnownTraffic) {
  return {
    traffic: { ...known.traffic, sources: known.sources, measuredOver: known.measuredOver },
    freshness,
    falseRollbacksAtMost: alpha,
    steps: steps.map(({ step, ...rest }) => ({ ...step, ...rest })),
    badReleases: bad,
    goodRelease: good,
    caveats: caveats.map((caveat) => ({ ...caveat, text: sayCaveat(caveat) })),
  };
}
