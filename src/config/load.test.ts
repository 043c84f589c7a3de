import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { checkConfig, loadConfig } from './load.ts';
import { ConfigError } from './problems.ts';

function project(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-config-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
  return directory;
}

const MINIMAL = {
  service: 'shop',
  run: { command: 'node server.js' },
  environments: [{ name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 8080 }] }],
};

/** The problems with the minimal configuration after a change, as `path message`. */
function problemsWith(
  change: (config: typeof MINIMAL & Record<string, unknown>) => unknown,
): readonly string[] {
  const config: unknown = change(structuredClone(MINIMAL));
  try {
    checkConfig(config, 'canary.config.ts');
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ path: place, message }) => `${place} ${message}`);
  }
}

/** The same with a change of the environment's plan. */
function problemsOfPlan(plan: unknown): readonly string[] {
  return problemsWith((config) => ({ ...config, environments: [{ ...config.environments[0], plan }] }));
}

/** The same with a change of its targets. */
function problemsOfTargets(targets: unknown): readonly string[] {
  return problemsWith((config) => ({ ...config, environments: [{ ...config.environments[0], targets }] }));
}

const WEB = { kind: 'local', name: 'web', listen: 8080 };

describe('a configuration', () => {
  it('is found in the directory or the nearest one above', async (t) => {
    const directory = project(t, { 'canary.config.json': JSON.stringify(MINIMAL) });
    const below = path.join(directory, 'a', 'b');
    mkdirSync(below, { recursive: true });
    assert.equal((await loadConfig(below)).file, path.join(directory, 'canary.config.json'));
  });

  it('may be TypeScript, with the types of the package that reads it', async (t) => {
    const text = `import { defineConfig } from 'canary-rollout';
      const port: number = 9000;
      export default defineConfig({ service: 'shop', run: { command: 'x' }, environments: [
        { name: 'dev', targets: [{ kind: 'local', name: 'web', listen: port }] } ] });`;
    const { config } = await loadConfig(project(t, { 'canary.config.ts': text }));
    assert.deepEqual(config.environments[0]?.targets[0]?.listen, { host: '127.0.0.1', port: 9000 });
  });

  it('is not guessed when there are two', async (t) => {
    const directory = project(t, { 'canary.config.ts': 'export default {}', 'canary.config.yaml': '' });
    await assert.rejects(
      loadConfig(directory),
      /both canary\.config\.ts and canary\.config\.yaml in .*--config/,
    );
  });

  it('that is no program is told with the line', async (t) => {
    const broken = project(t, { 'canary.config.ts': 'const a = 1;\nconst x: = 3;\n' });
    await assert.rejects(loadConfig(broken), /canary\.config\.ts:2 cannot be read: Unexpected token/);
    const failing = project(t, { 'canary.config.ts': 'const a = 1;\n\nnoSuchThing();\n' });
    await assert.rejects(
      loadConfig(failing),
      /canary\.config\.ts:3 cannot be read: noSuchThing is not defined/,
    );
  });

  it('may be YAML', async (t) => {
    const text =
      'service: shop\nrun: {command: [node, server.js]}\nenvironments:\n  - name: dev\n    targets: [{kind: local, name: web, listen: "0.0.0.0:80"}]\n';
    const { config } = await loadConfig(project(t, { 'canary.config.yaml': text }));
    assert.deepEqual(config.run?.command, ['node', 'server.js']);
  });

  it('has defaults for all that it does not say', () => {
    const { environments } = checkConfig(MINIMAL, 'it');
    const plan = environments[0]?.plan;
    assert.deepEqual(plan?.steps, [
      { weight: 10, hold: 60_000 },
      { weight: 50, hold: 60_000 },
    ]);
    assert.deepEqual([plan?.guard, plan?.onInconclusive], [10_000, 'hold']);
  });

  it('that does not exist is said so, with what to do', async (t) => {
    await assert.rejects(loadConfig(project(t, {})), /canary init/);
    await assert.rejects(loadConfig(project(t, {}), 'other.ts'), /other\.ts does not exist/);
  });

  it('that throws is not read', async (t) => {
    const directory = project(t, { 'canary.config.ts': 'throw new Error("no");' });
    await assert.rejects(loadConfig(directory), isError('unreadable'));
  });

  it('without a default export is told how to end', async (t) => {
    await assert.rejects(
      loadConfig(project(t, { 'canary.config.ts': 'export const config = 1;' })),
      /export default/,
    );
  });

  it('that gives a name twice is not read by halves', async (t) => {
    const text = `{"service": "shop", "service": "cart", "environments": []}`;
    await assert.rejects(loadConfig(project(t, { 'canary.config.json': text })), isError('unreadable'));
  });
});

describe('a bad configuration', () => {
  it('is told all its problems at once', () => {
    const problems = problemsWith((config) => ({ ...config, service: 'Shop!', state: '', surprise: 1 }));
    assert.equal(problems.length, 3);
  });

  it('is told which setting was probably meant', () => {
    assert.deepEqual(problemsOfPlan({ stepps: [] }), [
      'environments[0].plan.stepps is not a setting; did you mean "steps"?',
    ]);
    assert.match(problemsOfPlan({ qwertyuiop: 1 }).join(), /there are: steps, analysis, checks/);
  });

  it('may not name a kind of target that there is not', () => {
    assert.deepEqual(problemsOfTargets([{ kind: 'lambada', name: 'x' }]), [
      'environments[0].targets[0].kind must be one of the kinds of target: "local"',
    ]);
  });

  it('has weights that ascend, up to 100', () => {
    const steps = (...weights: number[]) =>
      problemsOfPlan({ steps: weights.map((weight) => ({ weight, hold: '1s' })) });
    assert.match(steps(10, 10).join(), /steps\[1\]\.weight must be more than the step before \(10\)/);
    assert.match(steps(50, 20).join(), /steps\[1\]/);
    assert.match(steps(101).join(), /steps\[0\]\.weight/);
    assert.match(steps(0).join(), /steps\[0\]\.weight/);
    assert.deepEqual(steps(1, 50, 100), []);
  });

  it('has targets with different names and addresses', () => {
    assert.match(
      problemsOfTargets([WEB, { ...WEB, listen: 8081 }]).join(),
      /targets\[1\]\.name "web" is taken by entry 1/,
    );
    assert.match(
      problemsOfTargets([WEB, { ...WEB, name: 'api' }]).join(),
      /targets\[1\]\.listen 127\.0\.0\.1:8080 is where "web" listens/,
    );
    assert.match(problemsOfTargets([]).join(), /at least one target/);
  });

  it('has durations and shares with their units', () => {
    assert.match(problemsOfPlan({ guard: 10 }).join(), /plan\.guard must be a duration in quotes/);
    assert.match(problemsOfPlan({ guard: '10 parsecs' }).join(), /plan\.guard must be a duration such as/);
    assert.match(problemsOfPlan({ guard: '1ms' }).join(), /plan\.guard must be between "1s" and "1h"/);
    const check = { kind: 'threshold', name: 'errors', measure: 'errors', max: 0.05 };
    assert.match(problemsOfPlan({ checks: [check] }).join(), /checks\[0\]\.max must be a share in quotes/);
  });

  it('has paths that cannot lead to another host', () => {
    assert.match(
      problemsOfPlan({ smoke: [{ path: '//evil.example/' }] }).join(),
      /smoke\[0\]\.path must begin with one "\/"/,
    );
    assert.match(
      problemsOfTargets([{ ...WEB, health: { path: '//evil.example/' } }]).join(),
      /health\.path must begin with one "\/"/,
    );
  });

  it('has health paths that can be asked for', () => {
    const problems = (asked: string) => problemsOfTargets([{ ...WEB, health: { path: asked } }]).join();
    for (const asked of ['/health z', '/gesund\u00e4', '/a\nb', 'health', '']) {
      assert.match(problems(asked), /health\.path must begin with one "\/".*visible ASCII/, asked);
    }
    assert.equal(problems('/health%20z?deep=1'), '');
  });
});

function isError(code: ConfigError['code']) {
  return (error: unknown) => error instanceof ConfigError && error.code === code;
}
