import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correlationIdOf } from './correlation.ts';

const MADE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const always = () => true;

test('an id that is too long, empty or not printable is passed over for the next', () => {
  for (const unusable of ['x'.repeat(129), '', 'tab\there', 'ümlaut', 'escape\u001b[31m']) {
    const headers = { 'x-correlation-id': unusable, 'x-request-id': 'second' };
    assert.equal(correlationIdOf(headers, always), 'second', unusable);
    assert.match(correlationIdOf({ 'x-correlation-id': unusable }, always), MADE);
  }
  assert.equal(correlationIdOf({ 'x-correlation-id': 'x'.repeat(128) }, always), 'x'.repeat(128));
});

test('an id that must not be shown is not used', () => {
  assert.match(
    correlationIdOf({ 'x-correlation-id': 'private' }, (id) => id !== 'private'),
    MADE,
  );
});

test('the trace id of a valid traceparent is used, and of no other', () => {
  for (const valid of [`00-${TRACE}-00f067aa0ba902b7-01`, `cc-${TRACE}-00f067aa0ba902b7-01-later`]) {
    assert.equal(correlationIdOf({ traceparent: valid }, always), TRACE);
  }
  for (const invalid of [
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7`,
    TRACE,
  ]) {
    assert.match(correlationIdOf({ traceparent: invalid }, always), MADE, invalid);
  }
});

test('an id that is made is a new one each time', () => {
  assert.notEqual(correlationIdOf({}, always), correlationIdOf({}, always));
});
