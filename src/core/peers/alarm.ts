import { countOf, type Peer, shareOf } from './peer.ts';

/** One datapoint as an alarm sees it. */
export type Datapoint = 'good' | 'breaching' | 'missing';

/** How many of the last datapoints must be breaching, and what stands for those that are missing. */
export interface AlarmRule {
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missing: 'missing' | 'breaching' | 'good';
}

/** Datapoints that are looked at beyond the evaluation periods, in case some are missing. */
const MARGIN = 2;

/**
 * State of a CloudWatch alarm, given its datapoints, the newest last. Missing ones are filled only where too few real ones are
 * left in the evaluation range. Amazon CloudWatch user guide, "How alarm state is evaluated when data is missing".
 */
export function alarmState(
  datapoints: readonly Datapoint[],
  rule: AlarmRule,
): 'alarm' | 'ok' | 'insufficient' {
  const { evaluationPeriods, datapointsToAlarm, missing } = rule;
  const range = datapoints.slice(-evaluationPeriods - MARGIN);
  const real = range.filter((point) => point !== 'missing').slice(-evaluationPeriods);
  const breaching = real.filter((point) => point === 'breaching').length;
  const filled = missing === 'breaching' ? evaluationPeriods - real.length : 0;
  if (breaching + filled >= datapointsToAlarm) return 'alarm';
  if (real.length === evaluationPeriods || missing !== 'missing' || breaching < real.length) return 'ok';
  // Only breaching ones are left, and too few: it is an alarm once the oldest of them is old enough.
  const age = range.length - range.indexOf('breaching');
  return breaching > 0 && age >= datapointsToAlarm ? 'alarm' : 'insufficient';
}

/**
 * CodeDeploy (or Amazon ECS) stopped by a CloudWatch alarm on the candidate's error share above `max`, with one datapoint per
 * `period` seconds. AWS CodeDeploy user guide, "Monitoring deployments with Amazon CloudWatch alarms".
 */
export function alarmedDeployment(
  name: string,
  { period, max, ...rule }: AlarmRule & { readonly period: number; readonly max: number },
): Peer {
  return {
    name,
    rollsBack(seconds) {
      if (seconds.length % period !== 0) return false;
      const datapoints: Datapoint[] = [];
      for (
        let to = seconds.length;
        to > 0 && datapoints.length < rule.evaluationPeriods + MARGIN;
        to -= period
      ) {
        const share = shareOf(countOf(seconds, 'candidate', to - period, to));
        datapoints.unshift(share === null ? 'missing' : share > max ? 'breaching' : 'good');
      }
      return alarmState(datapoints, rule) === 'alarm';
    },
  };
}
