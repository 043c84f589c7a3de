import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close } from '../../../test/counts.ts';
import { logAddExp, logBeta, logGamma, logMeanExp, logSumExp } from './numerics.ts';

describe('sums in log space', () => {
  it('neither overflow nor lose what is small', () => {
    close(logAddExp(1_000, 1_000), 1_000 + Math.LN2, 1e-14);
    close(logAddExp(-50, 0), Math.log1p(Math.exp(-50)), 1e-14);
    close(logSumExp([-800, -801, -802]), -800 + Math.log(1 + Math.exp(-1) + Math.exp(-2)), 1e-14);
    close(logMeanExp([900, 900]), 900, 1e-14);
  });

  it('know nothing as -Infinity', () => {
    assert.equal(logAddExp(-Infinity, 3), 3);
    assert.equal(logAddExp(3, -Infinity), 3);
    assert.equal(logSumExp([]), -Infinity);
    assert.equal(logSumExp([-Infinity, -Infinity]), -Infinity);
  });
});

describe('the gamma function', () => {
  it('is the factorial at whole numbers', () => {
    let logFactorial = 0;
    for (let n = 1; n < 170; n += 1) {
      close(logGamma(n), logFactorial, 1e-11);
      logFactorial += Math.log(n);
    }
  });

  it('is known at other points', () => {
    close(logGamma(0.5), 0.5 * Math.log(Math.PI), 1e-11);
    close(logGamma(0.001), 6.907178885383853, 1e-11);
    close(logGamma(2.5), 0.2846828704729192, 1e-11);
    close(logGamma(1e7), 151_180_949.3694739, 1e-11);
  });

  it('gives the beta function', () => {
    close(logBeta(2, 3), Math.log(1 / 12), 1e-11);
    close(logBeta(0.5, 0.5), Math.log(Math.PI), 1e-11);
  });
});
