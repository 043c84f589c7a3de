import { createLogUpdate } from 'log-update';
import { sayEntry } from '../../core/journal.ts';
import type { JournalRecord } from '../../core/journal.ts';
import type { LocalNews } from '../../compose.ts';
import type { Output } from '../output.ts';
import { paint } from '../view/format.ts';
import { type Act, ACTS, type ActResult } from './acts.ts';
import type { Served } from './load.ts';

/** What shows the demo. */
export interface Screen {
  begin(act: Act, number: number): void;
  news(news: LocalNews, served: Served): void;
  journal(records: readonly JournalRecord[]): void;
  /** Something that the demo itself does. */
  tell(text: string): void;
  end(result: ActResult): void;
  close(): void;
}

/** Lines, for CI and pipes. */
export function plainScreen(output: Output): Screen {
  return {
    begin: ({ name, release }, number) =>
      output.line(`\nAct ${number} of ${ACTS.length}: ${name} (${release})`),
    news() {},
    journal(records) {
      for (const { entry } of records) output.line(`  ${sayEntry(entry)}`);
    },
    tell: (text) => output.line(`  * ${text}`),
    end: (result) => output.line(`  ${sayResult(result)}`),
    close() {},
  };
}

const RIVER = 80;
const MOST_LINES = 6;

/** A picture: who answers, how well, and what the journal says. */
export function liveScreen(stream: NodeJS.WriteStream): Screen {
  const draw = createLogUpdate(stream);
  let title = '';
  let latest: LocalNews | null = null;
  let served: Served = { total: 0, failed: 0, lost: 0, slow: 0, badFor: null };
  let river: readonly LocalNews[] = [];
  let lines: readonly string[] = [];

  function add(line: string): void {
    lines = [...lines, line].slice(-MOST_LINES);
    redraw();
  }

  function redraw(): void {
    const weight = latest?.weight ?? 0;
    const bad = paint(
      served.failed + served.lost + served.slow > 0 ? 'red' : 'dim',
      `${served.failed} failed, ${served.lost} lost, ${served.slow} slow`,
    );
    draw(
      [
        paint('bold', title),
        '',
        `  candidate ${String(weight).padStart(3)} %  ${bar(weight)}`,
        `  stable    ${river.map((slice) => block(slice.stable)).join('')}`,
        `  candidate ${river.map((slice) => block(slice.candidate)).join('')}`,
        `  users     ${served.total} requests, ${bad}`,
        '',
        ...lines.map((line) => paint('dim', `  ${line}`)),
      ].join('\n'),
    );
  }

  return {
    begin({ name, release }, number) {
      title = `Act ${number} of ${ACTS.length}: ${name} (${release})`;
      lines = [];
      redraw();
    },
    news(news, counts) {
      latest = news;
      served = counts;
      river = [...river, news].slice(-RIVER);
      redraw();
    },
    journal(records) {
      for (const { entry } of records) add(sayEntry(entry));
    },
    tell: (text) => add(`* ${text}`),
    end(result) {
      draw.clear();
      stream.write(
        `${result.isAsExpected ? paint('green', '✓') : paint('red', '✗')} ${result.name}\n    ${sayResult(result)}\n\n`,
      );
    },
    close: () => draw.done(),
  };
}

const BAR = 50;

function bar(weight: number): string {
  const filled = Math.round((weight / 100) * BAR);
  return `${paint('cyan', '█'.repeat(filled))}${paint('dim', '░'.repeat(BAR - filled))}`;
}

const HEIGHTS = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇'];
/** Requests in a tenth of a second that make the tallest block. */
const TALLEST = 10;

/** A tenth of a second of one release: as tall as it had requests, red if any failed. */
function block({ requests, failed }: LocalNews['stable']): string {
  const height = Math.min(HEIGHTS.length - 1, Math.ceil((requests / TALLEST) * (HEIGHTS.length - 1)));
  const mark = HEIGHTS[height] ?? '·';
  return failed > 0 ? paint('red', mark === '·' ? '▁' : mark) : paint(requests > 0 ? 'green' : 'dim', mark);
}

function sayResult({ verdict, requests, secondsToRollback }: ActResult): string {
  const { total, failed, lost, slow } = requests;
  const bad =
    secondsToRollback === null
      ? ''
      : `, from the first bad answer to the last ${secondsToRollback.toFixed(2)} s`;
  return `${verdict}: ${total} requests, ${failed} failed, ${lost} lost, ${slow} slow${bad}`;
}
