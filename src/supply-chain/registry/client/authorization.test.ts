import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../oci/digest.ts';
import { readAll } from '../../oci/read-all.ts';
import { contentOf } from '../../oci/repository.ts';
import { standingClock } from '../server/testing/clock.ts';
import {
  faultyRegistry,
  serve,
  wantingPassword,
  wantingToken,
  type Fault,
} from '../server/testing/faulty-registry.ts';
import { parseChallenge } from './challenge.ts';
import { anonymous, firstOf, type Credentials, type CredentialsFor } from './credentials.ts';
import { repositoryIn } from './testing/client.ts';
import { refusal } from './testing/refusal.ts';

const BYTES = Buffer.from('some bytes');
const CONTENT = contentOf(BYTES, digestOf(BYTES));
const ADA: Credentials = { kind: 'password', username: 'ada', password: 'päss:word' };
const ada: CredentialsFor = async () => ADA;

interface TokenServer {
  readonly realm: string;
  readonly asked: readonly {
    readonly line: string;
    readonly authorization: string | undefined;
    readonly body: string;
  }[];
  isGood(token: string, scope: string): boolean;
  /** No token that was given so far is good any more. */
  revoke(): void;
}

/** Gives a token for the scope that it is asked for, good for five minutes. */
async function tokenServer(t: TestContext): Promise<TokenServer> {
  const asked: TokenServer['asked'][number][] = [];
  const scopes = new Map<string, string | null>();
  const address = await serve(t, async (request, response) => {
    const body = await bodyOf(request);
    const query = new URLSearchParams(request.method === 'POST' ? body : request.url?.split('?')[1]);
    asked.push({
      line: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      body,
    });
    const token = `token-${asked.length}`;
    scopes.set(token, query.get('scope'));
    response.end(JSON.stringify({ token, expires_in: 300 }));
  });
  return {
    realm: `http://${address}/token?account=test`,
    asked,
    isGood: (token, scope) => scopes.get(token) === scope,
    revoke: () => scopes.clear(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return String(await readAll(request, 10_000, 'the body'));
}

describe('a registry that wants a password', () => {
  it('gets it, once it has asked', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(wantingPassword('ada', 'päss:word'));
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    await repository.putBlob(CONTENT);
    const [first, second] = registry.asked;
    assert.equal(first?.headers.authorization, undefined);
    assert.notEqual(second?.headers.authorization, undefined);
    const unasked = registry.asked.filter(({ headers }) => headers.authorization === undefined);
    assert.equal(unasked.length, 1, 'from then on it is sent at once');
  });

  it('gets the one of today, as its source gives another one from time to time', async (t) => {
    const registry = await faultyRegistry(t);
    const clock = standingClock();
    let password = 'first';
    const credentialsFor: CredentialsFor = async () => ({ kind: 'password', username: 'ada', password });
    const repository = repositoryIn(registry.address, { credentialsFor, clock });
    registry.fail(wantingPassword('ada', 'first'));
    await repository.putBlob(CONTENT);
    password = 'second';
    clock.pass(300_000);
    // As Amazon ECR does it: what has ended is not asked for again, but forbidden.
    const ended = `Basic ${Buffer.from('ada:first').toString('base64')}`;
    const forbidding: Fault = ({ headers }, response) => {
      if (headers.authorization !== ended) return false;
      response.writeHead(403).end();
      return true;
    };
    registry.fail(forbidding, wantingPassword('ada', 'second'));
    await assert.rejects(repository.resolve('latest'), refusal('NOT_FOUND'));
  });

  it('says so when there is none, or the wrong one', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(wantingPassword('ada', 'other'));
    for (const credentialsFor of [anonymous, ada]) {
      const repository = repositoryIn(registry.address, { credentialsFor });
      await assert.rejects(repository.resolve('latest'), refusal('UNAUTHORIZED', /docker login/));
    }
    assert.equal(registry.asked.length, 3, 'nobody is locked out by trying again and again');
  });
});

describe('a registry that wants a token', () => {
  it('gets one for what is done and no more, and keeps it for each', async (t) => {
    const tokens = await tokenServer(t);
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken(tokens.realm, tokens.isGood));
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    await assert.rejects(repository.resolve('latest'), refusal('NOT_FOUND'));
    await assert.rejects(repository.resolve('other'), refusal('NOT_FOUND'));
    assert.equal(tokens.asked.length, 1);
    const line = String(tokens.asked[0]?.line);
    assert.match(line, /^GET \/token\?account=test&service=test&scope=repository%3Ateam%2Fpodinfo%3Apull$/);
    const authorization = String(tokens.asked[0]?.authorization).replace('Basic ', '');
    assert.equal(Buffer.from(authorization, 'base64').toString(), 'ada:päss:word');
  });

  it('is asked without a password where there is none', async (t) => {
    const tokens = await tokenServer(t);
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken(tokens.realm, tokens.isGood));
    await assert.rejects(repositoryIn(registry.address).resolve('latest'), refusal('NOT_FOUND'));
    assert.equal(tokens.asked[0]?.authorization, undefined);
  });

  it('gets another one before the first ends, and when it does not take the first any more', async (t) => {
    const tokens = await tokenServer(t);
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken(tokens.realm, tokens.isGood));
    const clock = standingClock();
    const repository = repositoryIn(registry.address, { credentialsFor: ada, clock });
    const ask = () => assert.rejects(repository.resolve('latest'), refusal('NOT_FOUND'));
    await ask();
    clock.pass(300_000);
    await ask();
    assert.equal(tokens.asked.length, 2);
    tokens.revoke();
    await ask();
    assert.equal(tokens.asked.length, 3);
  });

  it('is not asked again and again when it takes none', async (t) => {
    const tokens = await tokenServer(t);
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken(tokens.realm, () => false));
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    await assert.rejects(repository.resolve('latest'), refusal('UNAUTHORIZED'));
    assert.equal(tokens.asked.length, 1);
  });

  it('gets one for an identity token, which is not sent as a password', async (t) => {
    const tokens = await tokenServer(t);
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken(tokens.realm, tokens.isGood));
    const credentialsFor: CredentialsFor = async () => ({ kind: 'identity-token', token: 'long&lived' });
    const repository = repositoryIn(registry.address, { credentialsFor });
    await assert.rejects(repository.resolve('latest'), refusal('NOT_FOUND'));
    const form = new URLSearchParams(tokens.asked[0]?.body);
    assert.equal(form.get('grant_type'), 'refresh_token');
    assert.equal(form.get('refresh_token'), 'long&lived');
    assert.equal(tokens.asked[0]?.authorization, undefined);
  });

  it('cannot have us ask for it at a private address, or without encryption', async (t) => {
    const realms = [
      'http://169.254.169.254/latest/api/token',
      'https://169.254.169.254/latest/api/token',
      'https://10.0.0.1/token',
      'http://auth.test/token',
      'https://auth.test/token',
      'file:///token',
    ];
    for (const realm of realms) {
      const registry = await faultyRegistry(t);
      registry.fail(wantingToken(realm, () => false));
      const resolve = async () => [{ address: '192.168.7.7', family: 4 }];
      const repository = repositoryIn(registry.address, { credentialsFor: ada, resolve });
      await assert.rejects(repository.resolve('latest'), refusal('REDIRECT_REFUSED'), realm);
    }
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken('/token', () => false));
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    await assert.rejects(repository.resolve('latest'), refusal('UNAUTHORIZED', /no address/));
  });

  it('cannot pass the password on by a redirect of its token server', async (t) => {
    const seen: (string | undefined)[] = [];
    const thief = await serve(t, (request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const server = await serve(t, (_request, response) =>
      response.writeHead(307, { location: `http://${thief}/token` }).end(),
    );
    const registry = await faultyRegistry(t);
    registry.fail(wantingToken(`http://${server}/token`, () => false));
    const repository = repositoryIn(registry.address, { credentialsFor: ada });
    await assert.rejects(repository.resolve('latest'), refusal('UNAUTHORIZED'));
    assert.deepEqual(seen, [undefined]);
  });

  it('is refused with a token server that talks junk', async (t) => {
    const answers = [
      '',
      '{',
      '[]',
      '{"token":""}',
      '{"token":"a\\r\\nx-evil: 1"}',
      '{"token":1}',
      '{"expires_in":9}',
      'x'.repeat(70_000),
    ];
    for (const answer of answers) {
      const server = await serve(t, (_request, response) => response.end(answer));
      const registry = await faultyRegistry(t);
      registry.fail(wantingToken(`http://${server}/token`, () => false));
      const repository = repositoryIn(registry.address);
      await assert.rejects(repository.resolve('latest'), (error) =>
        refusal(answer.length > 65_536 ? 'TOO_LARGE' : 'UNAUTHORIZED')(error),
      );
    }
  });
});

describe('the challenge of a registry', () => {
  it('is read as it is written in the wild', () => {
    const bearer = { kind: 'bearer', realm: 'https://auth.example.com/token', service: null, scope: null };
    const readings = [
      ['Basic realm="a, Bearer b"', { kind: 'basic' }],
      ['basic', { kind: 'basic' }],
      ['Bearer realm="https://auth.example.com/token"', bearer],
      ['bearer realm=https://auth.example.com/token', bearer],
      ['Basic realm="x", Bearer realm="https://auth.example.com/token"', bearer],
      [
        'Bearer realm="https://auth.example.com/token",service="a b",scope="repository:a/b:pull,push"',
        { ...bearer, service: 'a b', scope: 'repository:a/b:pull,push' },
      ],
      ['Bearer service="x"', null],
      ['Negotiate', null],
      ['', null],
      [undefined, null],
    ] as const;
    for (const [header, reading] of readings) assert.deepEqual(parseChallenge(header), reading, header);
  });
});

describe('several sources of credentials', () => {
  it('are asked one after the other', async () => {
    const credentialsFor = firstOf([anonymous, ada, () => Promise.reject(new Error('not asked'))]);
    assert.deepEqual(await credentialsFor('example.com'), ADA);
    assert.equal(await firstOf([])('example.com'), null);
  });
});
