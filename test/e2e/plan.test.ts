import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { eventually, project } from './project.ts';

describe('canary plan', () => {
  it('needs to know the traffic, and says so', async (t) => {
    const { canary } = await project(t);
    const unknown = await canary('plan');
    assert.equal(unknown.code, 4);
    assert.match(unknown.stderr, /web does not run.*--rps/);
    const wrong = await canary('plan', '--rps', 'many');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--rps takes/);
  });

  it('takes it from what the targets have counted', async (t) => {
    const { canary, load, directory } = await project(t);
    assert.equal((await canary('deploy', '--release', '1.0.0')).code, 0);
    assert.match((await canary('plan')).stderr, /web has had no requests/);
    const { served } = load(100);
    await eventually(() => served().total >= 400);
    const { code, stdout } = await canary('plan', '--json', '--svg', 'plan.svg');
    assert.equal(code, 0);
    const document: Document = JSON.parse(stdout);
    const { requestsPerSecond, sources, p99 } = document.traffic;
    assert.ok(requestsPerSecond > 60 && requestsPerSecond < 140, `${requestsPerSecond} requests/s`);
    assert.deepEqual(sources, { requestsPerSecond: 'measured', errorRate: 'measured', p99: 'measured' });
    assert.ok(p99 !== null && p99 < 5_000);
    assert.deepEqual(
      document.steps.map(({ weight }) => weight),
      [10, 50],
    );
    assert.match(readFileSync(path.join(directory, 'plan.svg'), 'utf8'), /^<svg /);
  });

  it('tells people the same in words', async (t) => {
    const { canary } = await project(t);
    const { code, stdout } = await canary('plan', '--rps', '50', '--error-rate', '0.2%', '--p99', '80ms');
    assert.equal(code, 0);
    for (const text of [/50 requests\/s/, /STEP/, /50 %/, /stable, 0\.2 %/, /guarantee/]) {
      assert.match(stdout, text);
    }
  });
});

interface Document {
  readonly traffic: {
    readonly requestsPerSecond: number;
    readonly p99: number | null;
    readonly sources: Readonly<Record<string, string>>;
  };
  readonly steps: readonly { readonly weight: number }[];
}
