import { readFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../clock/system-clock.ts';
import { ConfigError } from '../../config/problems.ts';
import { PREDICATE_TYPES } from '../../supply-chain/attestations/predicate-types.ts';
import { SupplyChainError } from '../../supply-chain/error.ts';
import { imageSbom } from '../../supply-chain/sbom/image-sbom.ts';
import { billPackages } from '../../supply-chain/vulnerabilities/bill-packages.ts';
import { scan, type ScanResult } from '../../supply-chain/vulnerabilities/scan.ts';
import { isAtLeast, type Rating, RATINGS } from '../../supply-chain/vulnerabilities/severity.ts';
import { vulnsPredicate } from '../../supply-chain/vulnerabilities/vulns-predicate.ts';
import { attach, isToBeAttached } from '../attach.ts';
import { type CommandInput, type CommandRun, flag, textOption } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { type OpenedImage, openImage } from '../image.ts';
import { exceptionsIn } from '../scan/exceptions.ts';
import { type JudgedFinding, scanReport } from '../scan/report.ts';
import { VERSION } from '../../version.ts';
import { paint } from '../view/format.ts';

/** Looks for known vulnerabilities in an image, and attaches the result to the image. */
export const run: CommandRun = async (input) => {
  const clock = systemClock();
  const failOn = failOnOption(input);
  const image = await openImage(input);
  const startedAt = clock.now();
  const bill = billPackages(await billOf(input, image), image.digest);
  const result = await scan(bill, advisoriesOf(input, image), startedAt);
  const finishedAt = clock.now();
  const judged = judge(input, image, result, finishedAt);
  const { output } = input;
  output.line(`${paint('bold', `${image.repository.name}@${image.digest}`)}\n`);
  output.line(scanReport(result, judged, finishedAt, process.stdout.columns ?? 110));
  requireWhole(input, result);
  const predicate = vulnsPredicate(result, { toolVersion: VERSION, startedAt, finishedAt });
  // What does not cover everything is for looking at only: a policy could not tell.
  const isWhole = result.gaps.length === 0;
  const attached =
    isWhole && isToBeAttached(input)
      ? await attach(input, image, { predicateType: PREDICATE_TYPES.scan, predicate })
      : null;
  output.json({
    image: { repository: image.repository.name, digest: image.digest },
    isWhole,
    attached,
    findings: judged.map(({ finding: { package: about, ...finding }, exception }) => ({
      ...finding,
      package: about.title,
      purl: about.purl,
      installed: about.installed,
      exception,
    })),
    gaps: result.gaps,
    notScanned: result.notScanned,
    predicate,
  });
  const isRefused =
    failOn !== null &&
    judged.some(({ finding, exception }) => exception === null && isAtLeast(finding.rating, failOn));
  return isRefused ? EXIT_CODES.notPromoted : EXIT_CODES.done;
};

function failOnOption(input: CommandInput): Exclude<Rating, 'unknown'> | null {
  const text = textOption(input, 'failOn');
  if (text === undefined) return null;
  const rating = RATINGS.find((each) => each === text);
  if (rating !== undefined) return rating;
  throw new ConfigError('invalid', `--fail-on takes ${RATINGS.join(', ')}, not "${text}".`);
}

/** The bill of materials that was given, or one that is made of the image. */
async function billOf(input: CommandInput, { repository, digest }: OpenedImage): Promise<unknown> {
  const file = textOption(input, 'sbom');
  if (file === undefined) {
    return (await imageSbom(repository, digest, { toolVersion: VERSION })).document;
  }
  try {
    return JSON.parse(readFileSync(path.resolve(input.directory, file), 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      'invalid',
      `--sbom takes a file with a bill of materials in CycloneDX JSON: ${why}`,
      [],
      {
        cause,
      },
    );
  }
}

function advisoriesOf(input: CommandInput, { stateDirectory }: OpenedImage): string {
  const given = textOption(input, 'advisories');
  return given === undefined ? path.join(stateDirectory, 'advisories') : path.resolve(input.directory, given);
}

function judge(
  input: CommandInput,
  image: OpenedImage,
  { findings }: ScanResult,
  now: number,
): readonly JudgedFinding[] {
  const file = textOption(input, 'vex');
  const exceptionFor =
    file === undefined ? () => null : exceptionsIn(path.resolve(input.directory, file), image, now);
  return findings.map((finding) => ({ finding, exception: exceptionFor(finding) }));
}

/** No news is good news only when everything was looked at. */
function requireWhole(input: CommandInput, { gaps }: ScanResult): void {
  if (gaps.length === 0 || flag(input, 'allowIncomplete')) return;
  throw new SupplyChainError(
    'SCAN_FAILED',
    `The scan did not see everything (${gaps.length === 1 ? '' : `${gaps.length} gaps, the first: `}${gaps[0]}), so it is not attached. Repair that, or give --allow-incomplete to see what was found.`,
  );
}
