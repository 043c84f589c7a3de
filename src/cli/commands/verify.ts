import { verifyImage } from '../../compose.ts';
import { resolvePolicy } from '../../config/resolve-policy.ts';
import { isPassing } from '../../supply-chain/policy/assess-image.ts';
import type { Policy } from '../../supply-chain/policy/policy.ts';
import { policyDigest } from '../../supply-chain/policy/policy-digest.ts';
import { type CommandRun, flag } from '../command.ts';
import { EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { openImage } from '../image.ts';
import { registryCredentials } from '../registry-credentials.ts';
import { openSession } from '../session.ts';
import { paint } from '../view/format.ts';
import { type Verified, verifyReport } from '../verify/report.ts';

/** Says what the gate of the environment would say about an image, evidence by evidence. Changes nothing. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input);
  const { repository: found, digest } = await openImage(input);
  const { environment, loaded, store, clock } = session;
  const policy = resolvePolicy(loaded, environment);
  const image = { repository: found.name, digest };
  const place = { service: loaded.config.service, environment: environment.name };
  const { stateDirectory, registries } = session;
  const host = { store, stateDirectory, registries, clock, credentialsFor: registryCredentials() };
  const judgement = await verifyImage(host, { policy, ...place, ...image });
  const { mode } = policy;
  const verified = {
    environment: environment.name,
    mode,
    ...judgement,
    isPassing: isPassing(judgement.refusals),
  };
  const { output } = input;
  output.json({
    ...documentOf(verified, image),
    ...(flag(input, 'explain') ? { effectivePolicy: policy } : {}),
  });
  output.line(`${paint('bold', `${image.repository}@${image.digest}`)}\n`);
  if (flag(input, 'explain')) output.line(`${explain(policy)}\n`);
  output.line(verifyReport(verified, clock.now(), process.stdout.columns ?? 110));
  return exitCodeOf(verified);
};

function documentOf(
  { environment, mode, assessment, refusals, isPassing: isWaiting }: Verified,
  image: { readonly repository: string; readonly digest: string },
) {
  return {
    image,
    environment,
    mode,
    admitted: refusals.length === 0,
    waiting: isWaiting,
    refusals,
    policy: assessment?.policy ?? null,
    rules: assessment?.rules ?? [],
    ignored: assessment?.ignored ?? [],
  };
}

/** The policy as it is applied, without the keys and roots themselves. */
function explain(policy: Policy): string {
  const signers = policy.signers.map((signer) =>
    signer.kind === 'key'
      ? { name: signer.name, keys: signer.keys.length }
      : { name: signer.name, identities: signer.identities, thresholds: signer.thresholds },
  );
  return `Policy ${policyDigest(policy)}\n${JSON.stringify({ ...policy, signers }, null, 2)}`;
}

function exitCodeOf({ mode, refusals }: Verified): ExitCode {
  if (refusals.length === 0) return EXIT_CODES.done;
  if (refusals.some(({ code }) => code === 'REGISTRY_UNAVAILABLE')) return EXIT_CODES.failed;
  return mode === 'warn' ? EXIT_CODES.done : EXIT_CODES.notPromoted;
}
