import type { Instant } from '../../core/time.ts';
import type { Finding } from './finding.ts';
import type { ScanResult } from './scan.ts';

/** Circumstances of a scan. */
export interface ScanRun {
  /** Version of canary-rollout. */
  readonly toolVersion: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
}

/** What a scan found, as it is signed and attached to the image. One entry for each vulnerability in each package. */
export function vulnsPredicate({ findings, database }: ScanResult, run: ScanRun) {
  return {
    scanner: {
      uri: `pkg:npm/canary-rollout@${run.toolVersion}`,
      version: run.toolVersion,
      db: {
        ...(database.source === null ? {} : { uri: database.source }),
        version: database.digest,
        lastUpdate: new Date(database.lastUpdate).toISOString(),
      },
      result: findings.map(resultOf),
    },
    metadata: {
      scanStartedOn: new Date(run.startedAt).toISOString(),
      scanFinishedOn: new Date(run.finishedAt).toISOString(),
    },
  };
}

function resultOf({ id, aliases, rating, scores, package: about, fixed, summary }: Finding) {
  return {
    id,
    severity: [{ method: 'canary-rollout', score: rating }, ...scores],
    annotations: [
      {
        purl: about.purl,
        installed: about.installed,
        ...(fixed === null ? {} : { fixed }),
        ...(aliases.length === 0 ? {} : { aliases }),
        ...(summary === '' ? {} : { summary: summary.slice(0, 300) }),
      },
    ],
  };
}
