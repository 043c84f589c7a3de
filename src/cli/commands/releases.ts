import type { EvidenceUsed } from '../../core/permission/admission.ts';
import type { Override } from '../../core/permission/override.ts';
import { statusOf, type Rollout } from '../../core/rollout.ts';
import { ConfigError } from '../../config/problems.ts';
import { type CommandInput, type CommandRun, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { openProject } from '../session.ts';
import { printable } from '../../core/printable.ts';
import { overrideLine } from '../view/admission.ts';
import { dayAndTime, paint, paintStatus, table } from '../view/format.ts';
import { wrapped } from '../view/wrap.ts';

/** Lists the releases by when they were last rolled out: where each of them is, and by what it was let in. */
export const run: CommandRun = async (input) => {
  await using project = await openProject(input);
  const limit = limitOf(input);
  const { service, environments } = project.loaded.config;
  const names = environments.map(({ name }) => name);
  const rollouts = await project.store.list({ service, limit: 500 });
  const stable = stableDigests(rollouts, names);
  const releases = [...Map.groupBy(rollouts, ({ candidate }) => candidate.digest).values()]
    .slice(0, limit)
    .map((same) => releaseOf(same, names, stable));
  const { output } = input;
  output.json({ service, environments: names, releases });
  if (releases.length === 0) {
    output.line(`No release of ${service} has been rolled out yet.`);
    return EXIT_CODES.done;
  }
  output.line(table([headings(names), ...releases.map((release) => rowOf(release, names))]));
  tellEvidence(output, releases);
  return EXIT_CODES.done;
};

function limitOf(input: CommandInput): number {
  const limit = textOption(input, 'limit') ?? '10';
  if (/^[1-9]\d{0,3}$/.test(limit)) return Number(limit);
  throw new ConfigError('invalid', `--limit takes a whole number from 1, not "${limit}".`);
}

/** What became of a release in one environment: its last rollout there. */
interface Place {
  readonly environment: string;
  readonly rollout: string;
  readonly status: string;
  readonly isStable: boolean;
  readonly at: string;
  readonly evidence: readonly EvidenceUsed[];
  readonly overrides: readonly Override[];
  readonly verdict: Rollout['attestation']['attested'];
}

interface KnownRelease {
  readonly release: string;
  readonly digest: string;
  readonly image: string | null;
  readonly builtAt: string | null;
  readonly places: readonly Place[];
}

function releaseOf(
  rollouts: readonly Rollout[],
  names: readonly string[],
  stable: ReadonlyMap<string, string>,
): KnownRelease {
  const [newest] = rollouts;
  const { name = '', digest = '', artifact } = newest?.candidate ?? {};
  const builtAt = rollouts.flatMap(({ admission }) => admission?.builtAt ?? [])[0] ?? null;
  const places = names.flatMap((environment): Place[] => {
    const last = rollouts.find((rollout) => rollout.environment === environment);
    return last === undefined ? [] : [placeOf(last, stable.get(environment) === digest)];
  });
  return {
    release: name,
    digest,
    image: artifact?.kind === 'image' ? `${artifact.repository}@${digest}` : null,
    builtAt: builtAt === null ? null : new Date(builtAt).toISOString(),
    places,
  };
}

function placeOf(rollout: Rollout, isStable: boolean): Place {
  const { id, environment, phase, createdAt, admission, attestation, overrides } = rollout;
  return {
    environment,
    rollout: id,
    status: statusOf(rollout),
    isStable,
    at: new Date(phase.kind === 'ended' ? phase.at : createdAt).toISOString(),
    evidence: admission?.evidence ?? [],
    overrides,
    verdict: attestation.attested,
  };
}

/** The newest promotion that was not taken back is what is stable. */
function stableDigests(rollouts: readonly Rollout[], names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name): [string, string][] => {
      const last = rollouts.find(
        ({ environment, phase }) =>
          environment === name && phase.kind === 'ended' && phase.verdict.kind === 'promoted',
      );
      return last === undefined ? [] : [[name, last.candidate.digest]];
    }),
  );
}

function headings(names: readonly string[]): readonly string[] {
  return ['RELEASE', 'DIGEST', ...names.map((name) => name.toUpperCase())];
}

const SHOWN_DIGEST = 'sha256:'.length + 12;

function rowOf({ release, digest, places }: KnownRelease, names: readonly string[]): readonly string[] {
  const cells = names.map((name) => {
    const place = places.find(({ environment }) => environment === name);
    if (place === undefined) return paint('dim', '–');
    if (place.isStable) return paint('green', 'stable');
    return place.status === 'promoted' ? paint('dim', 'was stable') : paintStatus(place.status);
  });
  return [release, `${digest.slice(0, SHOWN_DIGEST)}…`, ...cells];
}

/** Of each release that is an image, where it was let in and by what. */
function tellEvidence(output: CommandInput['output'], releases: readonly KnownRelease[]): void {
  for (const { release, image, places } of releases) {
    if (image === null) continue;
    output.line(`\n${paint('bold', release)}  ${image}`);
    for (const { environment, at, evidence, overrides, verdict, rollout } of places) {
      const said = verdict === null ? 'no verdict' : `verdict ${verdict.result}`;
      output.line(`  ${environment}  ${paint('dim', `${dayAndTime(Date.parse(at))}  ${rollout}`)}  ${said}`);
      for (const { kind, signer, says } of evidence) {
        const by = `by ${signer.replace(/ \(.*$/s, '')}: ${says}`;
        output.line(`    ${kind.padEnd(10)}  ${paint('dim', wrapped(printable(by), 16))}`);
      }
      for (const override of overrides) output.line(`    ${overrideLine(override)}`);
    }
  }
}
