import { KMSClient } from '@aws-sdk/client-kms';

const ARN = /^arn:[\w-]+:kms:([\w-]+):\d{12}:(key|alias)\//;

/** A client for a key that is named by its ARN, in the Region of that, or by its id or alias in the Region of the environment. */
export function kmsClient(keyId: string): KMSClient {
  const [, region] = ARN.exec(keyId) ?? [];
  return new KMSClient({
    ...(region === undefined ? {} : { region }),
    maxAttempts: 6,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 15_000 },
  });
}
