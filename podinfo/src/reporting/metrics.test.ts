import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestMetrics } from './metrics.ts';

test('a bucket counts all that took at most as long', () => {
  const metrics = requestMetrics('1.0.0', {});
  for (const seconds of [0.0005, 0.001, 0.0011, 10, 11]) {
    metrics.begin();
    metrics.end({ route: '/', status: 200, seconds });
  }
  const lines = metrics.render().split('\n');
  for (const line of [
    'http_request_duration_seconds_bucket{release="1.0.0",route="/",le="0.001"} 2',
    'http_request_duration_seconds_bucket{release="1.0.0",route="/",le="0.0025"} 3',
    'http_request_duration_seconds_bucket{release="1.0.0",route="/",le="5"} 3',
    'http_request_duration_seconds_bucket{release="1.0.0",route="/",le="10"} 4',
    'http_request_duration_seconds_bucket{release="1.0.0",route="/",le="+Inf"} 5',
    'http_request_duration_seconds_count{release="1.0.0",route="/"} 5',
  ]) {
    assert(lines.includes(line), line);
  }
});

test('requests that have begun and not ended are in flight', () => {
  const metrics = requestMetrics('1.0.0', {});
  metrics.begin();
  metrics.begin();
  metrics.end({ route: '/', status: 200, seconds: 1 });
  assert.match(metrics.render(), /^http_requests_in_flight\{release="1\.0\.0"\} 1$/m);
});

test('every family is declared once, before its samples, and the text ends in a newline', () => {
  const metrics = requestMetrics('1.0.0', {});
  for (const route of ['/a', '/b']) {
    metrics.begin();
    metrics.end({ route, status: 200, seconds: 0 });
  }
  const text = metrics.render();
  assert(text.endsWith('\n'));
  const names = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# HELP'))
    .map((line) => line.replace('# TYPE ', '').split(/[ {]/)[0] ?? '')
    .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
  assert.deepEqual(
    names.filter((name, index) => name !== names[index - 1]),
    [...new Set(names)],
  );
});

test('labels are escaped', () => {
  assert(
    requestMetrics('a"b\\c\nd', {})
      .render()
      .includes(String.raw`{release="a\"b\\c\nd"} 0`),
  );
});
