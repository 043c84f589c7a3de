import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { runPodinfo, startPodinfo } from './testing/podinfo.ts';

const SECRET = 'S3cr3t/va+lue "quoted"';
const podinfo = await startPodinfo({ SUPER_SECRET_TOKEN: SECRET });
after(() => podinfo[Symbol.asyncDispose]());

const FORMS = [
  SECRET,
  encodeURIComponent(SECRET),
  JSON.stringify(SECRET).slice(1, -1),
  Buffer.from(SECRET).toString('base64'),
];

function assertHidden(output: string): void {
  for (const form of [...FORMS, 'hunter2']) assert(!output.includes(form), `${form} got out in ${output}`);
}

async function echoed(path: string, init: RequestInit): Promise<string> {
  const response = await fetch(`${podinfo.url}/echo${path}`, init);
  assert.equal(response.status, 200);
  return response.text();
}

test('/echo masks what stands under a secret-looking key', async () => {
  const output = await echoed('?api_key=hunter2&ok=1', {
    method: 'POST',
    headers: {
      authorization: 'Basic hunter2',
      cookie: 'session=hunter2; a=hunter2',
      'x-api-key': 'hunter2',
      'x-amz-security-token': 'hunter2',
      referer: 'https://podinfo.test/?token=hunter2',
    },
    body: JSON.stringify({
      Password: 'hunter2',
      list: [{ client_secret: { nested: 'hunter2' } }, 'password=hunter2', '{"token":"hunter2"}'],
    }),
  });
  assertHidden(output);
  const { query, body } = JSON.parse(output);
  assert.deepEqual(query, { api_key: '[redacted]', ok: ['1'] });
  assert.deepEqual(body, {
    Password: '[redacted]',
    list: [{ client_secret: '[redacted]' }, 'password=[redacted]', '{"token":[redacted]}'],
  });
});

test('/echo masks secrets in bodies that are not JSON', async () => {
  for (const body of [
    'password=hunter2&token=hunter2',
    'Authorization: Bearer hunter2 hunter2\nCookie: a=hunter2; b=hunter2',
    '{"password": "hunter2", "broken"',
    "secret: 'hunter2 hunter2'",
    'api key = hunter2',
  ]) {
    assertHidden(await echoed('', { method: 'POST', headers: { 'content-type': 'text/plain' }, body }));
  }
  assertHidden(await echoed('', { method: 'POST', body: new URLSearchParams({ 'pass word': 'hunter2' }) }));
});

test('the value of SUPER_SECRET_TOKEN is masked wherever it turns up', async () => {
  const id = { 'x-correlation-id': SECRET };
  const response = await fetch(`${podinfo.url}/healthz`, { headers: id });
  assert.notEqual(response.headers.get('x-correlation-id'), SECRET);
  for (const form of FORMS) {
    assertHidden(
      await echoed(`?plain=${encodeURIComponent(form)}`, {
        method: 'POST',
        headers: { 'x-plain': form, 'content-type': 'text/plain', ...id },
        body: `before ${form} after`,
      }),
    );
    assertHidden(
      await echoed('', { method: 'POST', body: JSON.stringify({ [form]: form, list: [`a${form}b`] }) }),
    );
  }
});

test('paths in the log are masked too, however they are encoded', async () => {
  const paths = [
    `/nowhere/${encodeURIComponent(SECRET)}`,
    `/nowhere/${[...Buffer.from(SECRET)].map((byte) => `%${byte.toString(16)}`).join('')}`,
    '/nowhere/password=hunter2',
    '/nowhere/%70assword=hunter2',
  ];
  for (const path of paths) await fetch(podinfo.url + path, { headers: { 'x-request-id': 'last' } });
  await fetch(`${podinfo.url}/healthz`, { headers: { 'x-request-id': 'the end' } });
  await podinfo.line(({ correlationId }) => correlationId === 'the end');
  assert(podinfo.lines().filter(({ correlationId }) => correlationId === 'last').length === paths.length);
  assertHidden(JSON.stringify(podinfo.lines()));
  assertHidden(podinfo.lines().map(String).join('\n'));
});

test('a secret in a request that is no HTTP is not printed either', async () => {
  const socket = connect(podinfo.port, '127.0.0.1');
  socket.end(`${SECRET} / HTTP/1.1\r\n\r\n`);
  assertHidden(await text(socket));
});

test('a secret in a wrong place of the environment is not printed', async () => {
  for (const name of [
    'PORT',
    'PAGE_COLOR',
    'VERSION',
    'HOST',
    'LOG_LEVEL',
    'FAULT_ERROR_RATE',
    `FAULT_${SECRET}`,
  ]) {
    const { code, stdout, stderr } = await runPodinfo({ SUPER_SECRET_TOKEN: SECRET, [name]: SECRET });
    assert.equal(code, 2);
    assertHidden(stdout + stderr);
  }
});

test('a secret that is too short to be masked is refused without printing it', async () => {
  const { code, stderr } = await runPodinfo({ SUPER_SECRET_TOKEN: 'q7!' });
  assert.equal(code, 2);
  assert.match(stderr, /SUPER_SECRET_TOKEN must be at least 4 characters long/);
  assert(!stderr.includes('q7!'));
});
