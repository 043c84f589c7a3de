import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ECRClient } from '@aws-sdk/client-ecr';
import { SupplyChainError } from '../../error.ts';
import { standingClock } from '../server/testing/clock.ts';
import { serve } from '../server/testing/faulty-registry.ts';
import { ecrCredentials } from './ecr-credentials.ts';

const REGISTRY = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const HOUR = 3_600_000;

/** The real client of AWS, talking to an ECR of ours that counts the passwords it gave. */
async function ecr(t: TestContext, status = 200) {
  const clock = standingClock();
  let given = 0;
  const regions: string[] = [];
  const address = await serve(t, (_request, response) => {
    given += 1;
    const authorizationToken = Buffer.from(`AWS:password-${given}`).toString('base64');
    const expiresAt = (clock.now() + 12 * HOUR) / 1_000;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ authorizationData: [{ authorizationToken, expiresAt }] }));
  });
  const credentialsFor = ecrCredentials(clock, async (region) => {
    regions.push(region);
    const credentials = { accessKeyId: 'id', secretAccessKey: 'key' };
    return new ECRClient({ region, endpoint: `http://${address}`, credentials, maxAttempts: 1 });
  });
  return { clock, credentialsFor, regions };
}

describe('logins to Amazon ECR', () => {
  it('come from the region of the registry, and are kept until shortly before they end', async (t) => {
    const { clock, credentialsFor, regions } = await ecr(t);
    const first = { kind: 'password', username: 'AWS', password: 'password-1' };
    assert.deepEqual(await credentialsFor(REGISTRY), first);
    clock.pass(11 * HOUR);
    assert.deepEqual(await credentialsFor(REGISTRY), first);
    clock.pass(HOUR);
    assert.deepEqual(await credentialsFor(REGISTRY), { ...first, password: 'password-2' });
    assert.deepEqual(regions, ['eu-central-1', 'eu-central-1']);
    await credentialsFor(`${REGISTRY.replace('eu-central-1', 'cn-north-1')}.cn`);
    assert.equal(regions.at(-1), 'cn-north-1');
  });

  it('are not given to hosts that look like it', async (t) => {
    const { credentialsFor, regions } = await ecr(t);
    const strangers = [
      `${REGISTRY}.evil.test`,
      `evil.test/${REGISTRY}`,
      `x${REGISTRY}`,
      `${REGISTRY}:5000`,
      'public.ecr.aws',
      '123.dkr.ecr.eu-central-1.amazonaws.com',
    ];
    for (const stranger of strangers) assert.equal(await credentialsFor(stranger), null, stranger);
    assert.deepEqual(regions, []);
  });

  it('that AWS refuses are an error that says what is missing', async (t) => {
    const { credentialsFor } = await ecr(t, 400);
    await assert.rejects(credentialsFor(REGISTRY), (error: unknown) => {
      assert.ok(error instanceof SupplyChainError && error.code === 'UNAUTHORIZED');
      assert.match(error.message, /ecr:GetAuthorizationToken/);
      return error.cause !== undefined;
    });
  });
});
