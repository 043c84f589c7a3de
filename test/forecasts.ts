import { type Forecast, forecast } from '../src/core/forecast/forecast.ts';
import type { Step } from '../src/core/plan.ts';
import { ANALYSIS, plan } from './builders.ts';

/** The forecast of the usual analysis for these steps and so many requests a second, of which stable fails one in a thousand. */
export function forecastOf(steps: readonly Step[], requestsPerSecond: number): Forecast {
  const found = forecast({
    plan: plan({ steps, analysis: ANALYSIS }),
    traffic: { requestsPerSecond, errorRate: 0.001, p99: 120 },
    freshness: { every: 100, lag: 50, switching: 50 },
    seed: 1,
  });
  if (found === null) throw new Error('there is no analysis');
  return found;
}
