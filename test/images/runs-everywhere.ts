import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import {
  runPodinfo,
  startPodinfo,
  until,
  type Podinfo,
  type Program,
} from '../../podinfo/src/testing/podinfo.ts';
import { clientAnswer, FRONTS, type ClientAnswer, type ClientRequest, type Front } from './fronts.ts';
import { startLambdaRuntime, type InvokeOptions, type LambdaRuntime } from './lambda-runtime.ts';

const TRACE = 'Root=1-0000aaaa-000011112222333344445555;Parent=0123456789abcdef;Sampled=1';

/** What `/echo` says that arrived. */
const echoSchema = z.object({
  method: z.string(),
  path: z.string(),
  query: z.record(z.string(), z.array(z.string())),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
});

/** podinfo as a function, with the Lambda that runs it. */
interface Function extends AsyncDisposable {
  readonly lambda: LambdaRuntime;
  readonly podinfo: Podinfo;
  ask(front: Front, request: ClientRequest, options?: InvokeOptions): Promise<ClientAnswer>;
}

/** What has to hold of the same program wherever it is started: as a server of its own, and as a function of Lambda. */
export function runsEverywhere(title: string, program: () => Program): void {
  async function startFunction(environment: Readonly<Record<string, string>> = {}): Promise<Function> {
    await using started = new AsyncDisposableStack();
    const lambda = started.use(await startLambdaRuntime());
    const podinfo = started.use(
      await startPodinfo({ AWS_LAMBDA_RUNTIME_API: lambda.authority, ...environment }, program()),
    );
    const running = started.move();
    return {
      lambda,
      podinfo,
      async ask(front, request, options) {
        const outcome = await lambda.invoke(front.event(request), options);
        assert(outcome.kind === 'answered', JSON.stringify(outcome));
        return clientAnswer(outcome.reply);
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  }

  describe(title, () => {
    it('is a server that answers and stops, as under ECS and on EC2', async () => {
      await using podinfo = await startPodinfo({ HOST: '0.0.0.0', VERSION: '1.2.3' }, program());
      const response = await fetch(`${podinfo.url}/version`);
      assert.partialDeepStrictEqual(await response.json(), { version: '1.2.3' });
      podinfo.process.kill('SIGTERM');
      const { code, stderr } = await podinfo.ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    });

    for (const front of FRONTS) {
      it(`answers ${front.name} through Lambda`, async () => {
        await using running = await startFunction({ VERSION: '1.2.3' });
        const answer = await running.ask(front, {
          method: 'POST',
          path: '/echo',
          query: 'b=%20%26&a=2',
          headers: { 'content-type': 'application/json', 'x-correlation-id': 'abc' },
          cookies: ['one=1', 'two=2'],
          body: Buffer.from('{"größe":1}'),
        });
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.headers['x-release'], ['1.2.3']);
        assert.deepEqual(answer.headers['x-correlation-id'], ['abc']);
        const { headers, ...arrived } = echoSchema.parse(JSON.parse(String(answer.body)));
        assert.deepEqual(arrived, {
          method: 'POST',
          path: '/echo',
          query: { b: [' &'], a: ['2'] },
          body: { größe: 1 },
        });
        assert.equal(headers['cookie'], '[redacted]');
        assert.equal(headers['content-length'], '13');
        assert.deepEqual(running.lambda.violations, []);
      });

      it(`gives a request without a body none, through ${front.name}`, async () => {
        await using running = await startFunction();
        const { body } = await running.ask(front, { method: 'GET', path: '/echo' });
        const { headers, body: arrived } = echoSchema.parse(JSON.parse(String(body)));
        assert.equal(arrived, null);
        assert.deepEqual([headers['content-length'], headers['transfer-encoding']], [undefined, undefined]);
      });

      it(`says when an answer is too large for ${front.name}`, async () => {
        await using running = await startFunction();
        // Echoed, each of these characters takes six bytes of JSON, and seven in that of the reply.
        const body = Buffer.alloc(1024 * 1024, 1);
        const answer = await running.ask(front, { method: 'POST', path: '/echo', body });
        assert.equal(answer.status, 502);
        assert.match(String(answer.body), /larger than the [16] MiB/);
        assert.deepEqual(running.lambda.violations, []);
      });
    }

    const [front] = FRONTS;
    assert(front !== undefined);

    it('takes binary bodies byte for byte', async () => {
      await using running = await startFunction();
      const { body } = await running.ask(front, {
        method: 'POST',
        path: '/echo',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: Buffer.from([0, 255, 0x1f, 0x8b, 13, 10]),
      });
      const { body: arrived } = echoSchema.parse(JSON.parse(String(body)));
      assert.equal(arrived, '[6 bytes of multipart/form-data]');
    });

    it("goes by the invocation's trace, and by its id where the caller names no other", async () => {
      await using running = await startFunction();
      const answer = await running.ask(front, { method: 'GET', path: '/echo' }, { traceId: TRACE });
      const { headers } = echoSchema.parse(JSON.parse(String(answer.body)));
      assert.equal(headers['x-amzn-trace-id'], TRACE);
      assert.deepEqual(answer.headers['x-correlation-id'], [headers['x-request-id']]);
    });

    it('takes one invocation after the other', async () => {
      await using running = await startFunction();
      const statuses = await Promise.all(
        [201, 404, 503, 204].map(async (status) => {
          const answer = await running.ask(front, { method: 'GET', path: `/status/${status}` });
          return answer.status;
        }),
      );
      assert.deepEqual(statuses, [201, 404, 503, 204]);
      assert.deepEqual(running.lambda.violations, []);
    });

    it('gives up before the function times out, and goes on', async () => {
      await using running = await startFunction();
      const slow = await running.lambda.invoke(front.event({ method: 'GET', path: '/delay/60' }), {
        timeout: 400,
      });
      assert.partialDeepStrictEqual(slow, { kind: 'failed', errorType: 'Podinfo.DeadlineExceeded' });
      const line = await running.podinfo.line(({ path }) => path === '/delay/60');
      assert.partialDeepStrictEqual(line, { status: 499, incomplete: true });
      assert.equal((await running.ask(front, { method: 'GET', path: '/healthz' })).status, 200);
      assert.deepEqual(running.lambda.violations, []);
    });

    it('fails an event that is no HTTP request, and goes on', async () => {
      await using running = await startFunction();
      const outcome = await running.lambda.invoke({ Records: [] });
      assert.partialDeepStrictEqual(outcome, { kind: 'failed', errorType: 'Podinfo.UnknownEvent' });
      assert.equal((await running.ask(front, { method: 'GET', path: '/healthz' })).status, 200);
    });

    it('takes nothing before it is ready', async () => {
      await using running = await startFunction({ START_DELAY: '0.3' });
      const { body } = await running.ask(front, { method: 'GET', path: '/readyz' });
      assert.deepEqual(JSON.parse(String(body)), { status: 'ready' });
    });

    it('hands over what is under way when it is told to stop', async () => {
      await using running = await startFunction();
      const { podinfo } = running;
      const answer = running.ask(front, { method: 'GET', path: '/delay/0.4' });
      await until(
        async () => (await fetch(`${podinfo.url}/metrics`)).text(),
        (metrics) => /^http_requests_in_flight\{.*\} 2$/m.test(metrics),
      );
      podinfo.process.kill('SIGTERM');
      assert.equal((await answer).status, 200);
      assert.equal((await podinfo.ended).code, 0);
      assert.deepEqual(running.lambda.violations, []);
    });

    for (const [what, environment, code] of [
      ['never gets ready', { FAULT_NOT_READY: 'true' }, 1],
      ['is told nonsense', { FAULT_ERROR_RATE: '2' }, 2],
      ['is given a port that Lambda uses', { PORT: '9001' }, 2],
      ['is given an address that is not there', { HOST: '192.0.2.1' }, 1],
    ] as const) {
      it(`tells Lambda that it cannot start when it ${what}`, async () => {
        await using lambda = await startLambdaRuntime();
        const ended = runPodinfo({ AWS_LAMBDA_RUNTIME_API: lambda.authority, ...environment }, program());
        const { code: actual, stderr } = await ended;
        const nobody = { errorType: 'nobody was told', errorMessage: '' };
        const { errorType, errorMessage } = await Promise.race([lambda.initFailed, Promise.resolve(nobody)]);
        assert.equal(errorType, 'Podinfo.DoesNotStart');
        assert.equal(actual, code);
        assert.equal(stderr, `${errorMessage}\n`);
      });
    }

    it('leaves the Runtime API to an adapter where there is one', async () => {
      await using running = await startFunction({ LAMBDA_SHIM: 'off' });
      const outcome = running.lambda.invoke(front.event({ method: 'GET', path: '/healthz' }));
      assert.equal((await fetch(`${running.podinfo.url}/healthz`)).status, 200);
      running.podinfo.process.kill('SIGTERM');
      assert.equal((await running.podinfo.ended).code, 0);
      assert.equal(await Promise.race([outcome, Promise.resolve('nobody took it')]), 'nobody took it');
    });

    it('ends when the Runtime API is lost', async () => {
      await using running = await startFunction();
      await running.ask(front, { method: 'GET', path: '/healthz' });
      await running.lambda[Symbol.asyncDispose]();
      assert.equal((await running.podinfo.ended).code, 1);
    });
  });
}
