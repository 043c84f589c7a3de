import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../../../core/random.ts';
import { bucketOfUser, deck, isCandidateBucket } from './split.ts';

describe('the deck', () => {
  it('gives exactly the weight in every hundred requests', () => {
    const deal = deck(seededRandom(1));
    for (const weight of [1, 10, 33, 50, 99]) {
      for (let round = 0; round < 5; round += 1) {
        const dealt = Array.from({ length: 100 }, () => deal(weight)).filter(Boolean);
        assert.equal(dealt.length, weight);
      }
    }
  });

  it('carries parts of a percent over', () => {
    const deal = deck(seededRandom(1));
    const dealt = Array.from({ length: 10_000 }, () => deal(0.37)).filter(Boolean);
    assert.equal(dealt.length, 37);
  });

  it('gives nothing at 0 and everything at 100', () => {
    const deal = deck(seededRandom(1));
    assert.equal(Array.from({ length: 500 }, () => deal(0)).some(Boolean), false);
    assert.equal(Array.from({ length: 500 }, () => deal(100)).every(Boolean), true);
  });

  it('does not follow a rhythm that a client could have', () => {
    const deal = deck(seededRandom(2));
    const everySecond = Array.from({ length: 20_000 }, () => deal(50)).filter((_, index) => index % 2 === 0);
    const share = everySecond.filter(Boolean).length / everySecond.length;
    assert.ok(Math.abs(share - 0.5) < 0.02, String(share));
  });
});

describe('the bucket of a user', () => {
  const users = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);

  it('is always the same', () => {
    assert.equal(bucketOfUser('ann', 'shop'), bucketOfUser('ann', 'shop'));
  });

  it('belongs to the candidate for the share that the weight says', () => {
    for (const weight of [1, 10, 50]) {
      const share =
        users.filter((user) => isCandidateBucket(bucketOfUser(user, 'shop'), weight)).length / users.length;
      assert.ok(Math.abs(share * 100 - weight) < 1, `${share} for ${weight} %`);
    }
  });

  it('is one of exactly as many as the weight says, to a hundredth of a percent', () => {
    const buckets = Array.from({ length: 10_000 }, (_, bucket) => bucket);
    for (let hundredths = 0; hundredths <= 10_000; hundredths += 7) {
      const weight = hundredths / 100;
      const dealt = buckets.filter((bucket) => isCandidateBucket(bucket, weight)).length;
      assert.equal(dealt, hundredths, `${weight} %`);
    }
  });

  it('stays in when the weight goes up', () => {
    for (const user of users.slice(0, 2_000)) {
      const bucket = bucketOfUser(user, 'shop');
      if (isCandidateBucket(bucket, 10)) assert.ok(isCandidateBucket(bucket, 25));
    }
  });

  it('is dealt anew for another service', () => {
    const inBoth = users.filter((user) =>
      ['shop', 'cart'].every((salt) => isCandidateBucket(bucketOfUser(user, salt), 10)),
    );
    assert.ok(Math.abs(inBoth.length / users.length - 0.01) < 0.005);
  });
});
