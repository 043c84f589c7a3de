import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startLambdaRuntime, type LambdaRuntime } from './lambda-runtime.ts';

function call(lambda: LambdaRuntime, path: string, body?: string): Promise<Response> {
  const init = body === undefined ? {} : { method: 'POST', body };
  return fetch(`http://${lambda.authority}/2018-06-01/runtime${path}`, init);
}

async function take(lambda: LambdaRuntime) {
  const response = await call(lambda, '/invocation/next');
  return {
    id: response.headers.get('lambda-runtime-aws-request-id') ?? '',
    headers: response.headers,
    response,
  };
}

describe('the Runtime API under test', () => {
  it('hands an event to whoever asked for it before, and the answer to whoever invoked', async () => {
    await using lambda = await startLambdaRuntime();
    const taking = take(lambda);
    const outcome = lambda.invoke({ hello: 'there' }, { timeout: 3_000, traceId: 'Root=1' });
    const { id, headers, response } = await taking;
    assert.deepEqual(await response.json(), { hello: 'there' });
    assert.equal(headers.get('lambda-runtime-trace-id'), 'Root=1');
    const left = Number(headers.get('lambda-runtime-deadline-ms')) - Date.now();
    assert.ok(left > 0 && left <= 3_000);
    assert.equal((await call(lambda, `/invocation/${id}/response`, '{"ok":true}')).status, 202);
    assert.deepEqual(await outcome, { kind: 'answered', reply: { ok: true } });
    assert.deepEqual(lambda.violations, []);
  });

  it('tells whoever invoked that it failed, or timed out', async () => {
    await using lambda = await startLambdaRuntime();
    const failing = lambda.invoke({});
    const { id } = await take(lambda);
    await call(lambda, `/invocation/${id}/error`, '{"errorType":"A.B","errorMessage":"c"}');
    assert.deepEqual(await failing, { kind: 'failed', errorType: 'A.B', errorMessage: 'c' });
    const slow = lambda.invoke({}, { timeout: 1 });
    await take(lambda);
    assert.deepEqual(await slow, { kind: 'timed-out' });
  });

  it('refuses and remembers what the protocol does not allow', async () => {
    await using lambda = await startLambdaRuntime();
    const outcome = lambda.invoke({});
    const { id } = await take(lambda);
    assert.equal((await call(lambda, '/invocation/next')).status, 403);
    assert.equal((await call(lambda, '/invocation/other/response', '{}')).status, 400);
    assert.equal(
      (await call(lambda, `/invocation/${id}/response`, `"${'x'.repeat(6_291_557)}"`)).status,
      413,
    );
    assert.partialDeepStrictEqual(await outcome, { errorType: 'Function.ResponseSizeTooLarge' });
    assert.equal((await call(lambda, `/invocation/${id}/response`, '{}')).status, 400);
    assert.equal(lambda.violations.length, 4);
  });

  it('is told of a start that failed', async () => {
    await using lambda = await startLambdaRuntime();
    await call(lambda, '/init/error', '{"errorType":"A.B","errorMessage":"c"}');
    assert.deepEqual(await lambda.initFailed, { errorType: 'A.B', errorMessage: 'c' });
  });
});
