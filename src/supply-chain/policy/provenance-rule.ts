import type { Refusal } from '../../core/permission/admission.ts';
import type { Instant } from '../../core/time.ts';
import type { ProvenanceClaim, SourceClaim } from './claim.ts';
import { CLOCK_SKEW, sayNames } from './piece.ts';
import type { RuleOf } from './policy.ts';
import { refusal } from './refusal-codes.ts';

/** What of a build's provenance is not as the rule wants it. */
export function provenanceFaults(
  { builders, buildTypes, parameters, source }: RuleOf<'provenance'>,
  claim: ProvenanceClaim,
  now: Instant,
): readonly Refusal[] {
  const { builder, buildType, externalParameters, builtAt } = claim;
  const found = parametersOf(externalParameters);
  return [
    // It would lie above everything that is built before then.
    ...(builtAt === null || builtAt <= now + CLOCK_SKEW ? [] : [fault('it is dated in the future')]),
    ...(builders.includes(builder)
      ? []
      : [fault(`it was built by ${quote(builder)}, not ${sayNames(builders)}`)]),
    ...(buildTypes.includes(buildType)
      ? []
      : [fault(`its build type is ${quote(buildType)}, not ${sayNames(buildTypes)}`)]),
    ...Object.entries(parameters).flatMap(([name, accepted]) => wrongValue(name, accepted, found.get(name))),
    ...[...found.keys()]
      .filter((name) => !Object.hasOwn(parameters, name))
      .map((name) => fault(`it was built with the parameter ${quote(name)}, which the policy does not know`)),
    ...(source === undefined ? [] : sourceFaults(source, claim)),
  ];
}

/** What the image was built by and of, in a sentence without a full stop. */
export function sayBuild({ builder, sources, changedFiles }: ProvenanceClaim): string {
  const [first] = sources;
  if (first !== undefined) return `built by ${builder} of ${sayCommit(first)}`;
  return (changedFiles ?? 0) === 0
    ? `built by ${builder}`
    : `built by ${builder} of files that no commit has`;
}

/** One commit that fits is enough: builds may have others among what they use. */
function sourceFaults(
  { repositories, refs }: NonNullable<RuleOf<'provenance'>['source']>,
  { sources, changedFiles }: ProvenanceClaim,
): readonly Refusal[] {
  const wanted = `${sayNames(repositories)}${refs === null ? '' : ` at ${sayNames(refs)}`}`;
  const fits = ({ repository, ref }: SourceClaim) =>
    repository !== null &&
    repositories.includes(repository) &&
    (refs === null || (ref !== null && refs.includes(ref)));
  if (sources.some(fits)) return [];
  if (sources.length > 0) {
    return [fault(`it was built of ${sources.slice(0, 3).map(sayCommit).join(' and ')}, not of ${wanted}`)];
  }
  if (changedFiles === null || changedFiles === 0) {
    return [fault(`it does not say of which commit of ${wanted} it was built`)];
  }
  const files = changedFiles === 1 ? '1 file is' : `${changedFiles} files are`;
  return [fault(`it was built of no commit of ${wanted}: ${files} not as committed`)];
}

function sayCommit({ repository, ref, commit }: SourceClaim): string {
  const at = ref === null ? '' : ` at ${ref.slice(0, 200)}`;
  const of = repository === null ? 'a repository that it does not name' : repository.slice(0, 200);
  return `${commit.slice(0, 12)} of ${of}${at}`;
}

function wrongValue(
  name: string,
  accepted: readonly string[] | null,
  value: string | undefined,
): readonly Refusal[] {
  if (accepted === null) return [];
  if (value === undefined) return [fault(`it does not say what the parameter ${quote(name)} was`)];
  if (accepted.includes(value)) return [];
  return [fault(`it was built with ${name} ${quote(value)}, not ${sayNames(accepted)}`)];
}

function fault(detail: string): Refusal {
  return refusal('PROVENANCE_POLICY', detail);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** Deeper than any build asks for; what lies below counts as one value. */
const DEEPEST = 16;

/** The values at the ends of a tree, by their path with dots. Texts as they are, all else as JSON. */
function parametersOf(tree: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(tree).flatMap(([name, value]) => leaves(unambiguous(name), value, 1)));
}

/** A name with a dot must not pass for a path, nor one that ends as if it had a dot. */
function unambiguous(name: string): string {
  return name.replaceAll(/[.\\]/g, String.raw`\$&`);
}

function leaves(path: string, value: unknown, depth: number): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]];
  const isTree = typeof value === 'object' && value !== null && !Array.isArray(value);
  const children = isTree && depth < DEEPEST ? Object.entries(value) : [];
  if (children.length === 0) return [[path, JSON.stringify(value) ?? 'undefined']];
  return children.flatMap(([name, child]) => leaves(`${path}.${unambiguous(name)}`, child, depth + 1));
}
