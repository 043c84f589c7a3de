import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ignoreRules } from './ignore-rules.ts';

describe('.dockerignore', () => {
  const cases: readonly [rules: string, out: readonly string[], into: readonly string[]][] = [
    ['docs', ['docs', 'docs/a/b.md'], ['src/docs', 'docs.md']],
    ['/docs/', ['docs', 'docs/a'], ['a/docs']],
    ['*.md', ['README.md'], ['docs/README.md', 'README.mdx']],
    ['**/*.md', ['README.md', 'a/b/c.md'], ['a.mdx']],
    ['src/**', ['src/a', 'src/a/b'], ['src']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['a/bz']],
    ['file?', ['file1'], ['file', 'file12']],
    ['file[0-9]', ['file1'], ['filex']],
    ['a.b', ['a.b'], ['axb']],
    ['a+(b)', ['a+(b)'], ['aab']],
    ['# docs\n\n  src  \n', ['src'], ['docs', '# docs']],
    ['*\n!src', ['a', 'package.json'], ['src', 'src/main.js']],
    ['docs\n!docs/kept\ndocs/kept/not', ['docs/a', 'docs/kept/not'], ['docs/kept', 'docs/kept/b']],
    [
      '',
      ['.env', 'a/.env.local', '.npmrc', 'x.test.ts', 'a/b.spec.js', '__tests__/a'],
      ['.environment', 'test.ts'],
    ],
    ['!.env', ['.npmrc'], ['.env']],
    ['!.git\n!**/node_modules', ['.git', '.git/config', 'a/node_modules/b', '.canary'], ['.github/a']],
  ];
  for (const [rules, out, into] of cases) {
    it(`with ${JSON.stringify(rules)} leaves out ${out.join(', ')}, and nothing else`, () => {
      const { ignores } = ignoreRules(rules);
      assert.deepEqual(
        out.filter((file) => !ignores(file)),
        [],
      );
      assert.deepEqual(
        into.filter((file) => ignores(file)),
        [],
      );
    });
  }

  it('is looked for exceptions in what it leaves out, but never in the history', () => {
    assert.equal(ignoreRules('docs').enters('docs'), false);
    assert.equal(ignoreRules('docs\n!docs/kept').enters('docs'), true);
    assert.equal(ignoreRules('!.git').enters('.git'), false);
  });
});
