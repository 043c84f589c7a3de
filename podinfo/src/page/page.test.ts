import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { renderPage } from './page.ts';

const FACTS = { version: '1.2.3', color: 'teal', digest: 'sha256:ab', hostname: 'host-1' };

test('all facts are on the page and no placeholder is left', () => {
  const { body } = renderPage(FACTS);
  assert.match(body, /<h1>1\.2\.3<\/h1>/);
  assert.match(body, /style="--release: teal"/);
  for (const fact of Object.values(FACTS)) assert(body.includes(fact));
  assert.doesNotMatch(body, /\{\{|\}\}/);
});

test('facts cannot become markup', () => {
  const { body } = renderPage({ ...FACTS, version: `<img src=x onerror="a('b')">&` });
  assert(!body.includes('<img'));
  assert(body.includes('&#60;img src=x onerror=&#34;a(&#39;b&#39;)&#34;&#62;&#38;'));
});

test('the page loads nothing from elsewhere', () => {
  const { body } = renderPage(FACTS);
  assert.doesNotMatch(body, /https?:|\/\/[a-z]|@import|url\(|<link(?! rel="icon" href="data:,")|src=/);
});

test('only the page’s own script may run', () => {
  const { headers, body } = renderPage(FACTS);
  const scripts = [...body.matchAll(/<script>([^]*?)<\/script>/g)];
  assert.equal(scripts.length, 1);
  const hash = createHash('sha256')
    .update(scripts[0]?.[1] ?? '')
    .digest('base64');
  const policy = headers['Content-Security-Policy'] ?? '';
  assert(policy.includes(`script-src 'sha256-${hash}';`));
  assert(policy.includes("default-src 'none';"));
});
