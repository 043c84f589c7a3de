import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sample } from '../../test/builders.ts';
import { addSamples, BEYOND_EDGES, bucketOf, errorShare, LATENCY_EDGES, latencyQuantile } from './sample.ts';

describe('a latency bucket', () => {
  it('includes its upper edge and not its lower one', () => {
    for (const [index, edge] of LATENCY_EDGES.entries()) {
      assert.equal(bucketOf(edge), index);
      assert.equal(bucketOf(edge * 1.0001), index + 1);
    }
  });

  it('is 10 % wide, so that any latency is known to that', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 70_000, noNaN: true }), (latency) => {
        const edge = LATENCY_EDGES[bucketOf(latency)] ?? Infinity;
        assert.ok(latency <= edge * 1.000001 && latency > (edge / 1.1) * 0.999999);
      }),
    );
  });
});

describe('a quantile', () => {
  it('is the edge below which that share of the answers lies', () => {
    const both = addSamples([sample(90, 0, 20), sample(10, 0, 500)]);
    assert.equal(Math.round(latencyQuantile(both, 0.9) ?? 0), 21);
    assert.equal(Math.round(latencyQuantile(both, 0.91) ?? 0), 531);
  });

  it('is of what was answered well', () => {
    assert.equal(latencyQuantile(sample(100, 60, 20), 0.99), latencyQuantile(sample(40, 0, 20), 0.99));
    assert.equal(latencyQuantile(sample(5, 5), 0.5), null);
    assert.equal(latencyQuantile(sample(0), 0.5), null);
  });

  it('is beyond the edges for what took longer than any of them', () => {
    assert.equal(latencyQuantile(sample(1, 0, 200_000), 0.5), BEYOND_EDGES);
  });
});

describe('the error share', () => {
  it('is that of failed requests, and 0 without any', () => {
    assert.equal(errorShare(sample(200, 3)), 0.015);
    assert.equal(errorShare(sample(0)), 0);
  });
});
