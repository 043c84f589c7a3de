import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultColor, isColor } from './color.ts';

test('names, hex digits and functions are colours', () => {
  for (const color of [
    'teal',
    'RebeccaPurple',
    '#07c',
    '#07cf',
    '#0077CC',
    '#0077cc80',
    'rgb(1, 2, 3)',
    'rgba(1,2,3,.5)',
    'hsl(120deg 100% 50% / 50%)',
    'oklch(0.7 0.1 200)',
    'lab(50% -20 none)',
  ]) {
    assert(isColor(color), color);
  }
});

test('nothing else is, least of all what could leave its place in a page', () => {
  for (const text of [
    '',
    'bleu',
    '#12345',
    'rgb()',
    'rgb(1)',
    'url(x)',
    'var(--x)',
    'rgb(1,2,3);x:y',
    'red}',
    'red" onload="x',
    '#07c\n',
    '<b>',
    `rgb(${' '.repeat(10_000)}`,
  ]) {
    assert(!isColor(text), text);
  }
});

test('the default is a colour of its own for neighbouring versions', () => {
  const hues = ['1.0.0', '1.0.1', '1.1.0', '2.0.0'].map((version) => {
    const color = defaultColor(version);
    assert(isColor(color));
    return Number(/ (\d+)\)$/.exec(color)?.[1]);
  });
  const first = hues[0] ?? 0;
  for (const hue of hues.slice(1)) {
    const apart = Math.abs(hue - first);
    assert(Math.min(apart, 360 - apart) > 90, hues.join(' '));
  }
});
