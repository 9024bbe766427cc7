import test from 'ava';
import { requireWholeNumber } from '../../src/validation/argument-rules.js';
import { testArgumentRule } from '../support/argument-rule.js';

testArgumentRule(test, {
  name: 'whole number from 1 to 5',
  check: (value) => requireWholeNumber('count', value, 1, 5),
  accepts: [1, 5],
  refuses: [0, 6, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, '3', undefined, null, {}, 3n],
});
