import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatExactly, formatParts, formatValue } from './unit.ts';

test.each([
  [37.249, 'percent', '37.2%'],
  [5, 'percent', '5%'],
  [9.949, 'percent', '9.9%'],
  [0.0512, 'percent', '0.0512%'],
  [1_503_238_554, 'bytes', '1.40 GiB'],
  [512, 'bytes', '512 B'],
  [2_621_440, 'bytes/s', '2.50 MiB/s'],
  [0.0042, 'seconds', '4.20 ms'],
  [0.31, 'ms', '310 µs'],
  [1_520, 'ms', '1.52 s'],
  [7_200, 's', '2 h'],
  [21.5, 'celsius', '21.5 °C'],
  [-3.24, 'celsius', '−3.2 °C'],
  [1_250, 'watts', '1.25 kW'],
  [12_345, 'requests/s', '12.3k requests/s'],
  [12_345, null, '12.3k'],
  [0.00123, null, '0.00123'],
  [0, 'bytes', '0 B'],
  [0, 'ms', '0 ms'],
  [3e-12, null, '3e-12'],
])('%d of unit %s is written %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test.each([
  [87.25, 'celsius', '87.25 °C'],
  [53.81234567, 'percent', '53.8123%'],
  [0, null, '0'],
])('in six digits, %d of unit %s is written %s', (value, unit, text) => {
  expect(formatExactly(value, unit)).toBe(text);
});

test('digits and unit come apart for those who set them differently', () => {
  expect(formatParts(37.249, 'percent')).toEqual(['37.2', '%']);
});

test('every finite value of every unit has words', () => {
  const unit = fc.constantFrom(null, 'percent', 'bytes', 'ms', 's', 'celsius', 'requests');
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), unit, (value, unit) => {
      expect(formatValue(value, unit)).toMatch(/^−?[\d.,e+−-]+/);
    }),
  );
});
