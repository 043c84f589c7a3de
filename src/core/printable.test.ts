import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sayEntry } from './journal.ts';
import { printable, printablePage } from './printable.ts';
import { sayReason } from './reason.ts';

const NASTY = 'fine\u001b]0;title\u0007\r\nnext\u009b2J\u202eévil 🙂';

describe('text from outside', () => {
  it('steers no terminal, and makes no line that was not written', () => {
    assert.equal(printable(NASTY), String.raw`fine\u001b]0;title\u0007\u000d\u000anext\u009b2J\u202eévil 🙂`);
  });

  it('keeps its lines and colours on a page', () => {
    const page = '\u001b[1;31mred\u001b[0m\n\ttab\u001b[2J\r';
    assert.equal(printablePage(page), `\u001b[1;31mred\u001b[0m\n\ttab${String.raw`\u001b[2J\u000d`}`);
  });

  it('is harmless in reasons and in the journal', () => {
    const reason = { code: 'commanded' as const, by: 'bob', command: 'pause', note: NASTY };
    const entry = {
      at: 0,
      kind: 'commanded' as const,
      command: 'pause' as const,
      by: NASTY,
      note: NASTY,
      accepted: true,
      text: NASTY,
    };
    for (const text of [sayReason(reason), sayEntry(entry)]) assert.equal(text, printable(text));
  });
});
