import { sayEntry, type JournalRecord } from '../../core/journal.ts';
import { differences } from '../../core/judging/difference.ts';
import { sayReason } from '../../core/reason.ts';
import { statusOf } from '../../core/rollout.ts';
import { firstBroken } from '../../stores/chain.ts';
import type { CommandRun } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { rolloutDocument } from '../outcome.ts';
import { meantRollout, openSession } from '../session.ts';
import { admissionLines } from '../view/admission.ts';
import { evidenceLines } from '../view/evidence.ts';
import { dayAndTime, paint, paintStatus } from '../view/format.ts';

/** Tells the whole story of a rollout from its journal, and whether the journal is whole. */
export const run: CommandRun = async (input) => {
  await using session = await openSession(input, input.args[0]);
  const rollout = await meantRollout(session, input.args[0]);
  const records = await session.store.journal(rollout.id);
  const head = await session.store.journalHead(rollout.id);
  const known = differences(rollout, await session.store.intervals(rollout.id));
  const broken = firstBroken(records, head);
  const { output } = input;
  output.json({
    ...rolloutDocument(rollout, known),
    journal: records.map((record) => ({ ...record, text: sayEntry(record.entry) })),
    journalIsWhole: broken === null,
  });
  output.line(`${paint('bold', rollout.id)}   ${rollout.candidate.name}   ${paintStatus(statusOf(rollout))}`);
  output.line(paint('dim', `digest ${rollout.candidate.digest}`));
  output.line();
  for (const record of records) tell(output, record);
  output.line();
  for (const line of evidenceLines(rollout, known)) output.line(line);
  for (const line of admissionLines(rollout)) output.line(line);
  if (broken === null)
    output.line(
      paint('dim', `The journal is whole: ${records.length} records, head ${head.hash.slice(0, 16)}…`),
    );
  else
    output.problem(
      `The journal is not whole: record ${broken} does not fit the chain. Somebody changed it.`,
      'corrupt',
    );
  return broken === null ? EXIT_CODES.done : EXIT_CODES.failed;
};

function tell(output: Parameters<CommandRun>[0]['output'], { entry }: JournalRecord): void {
  const time = paint('dim', dayAndTime(entry.at));
  if (entry.kind !== 'moved') {
    output.line(`${time}  ${sayEntry(entry)}`);
    return;
  }
  output.line(`${time}  ${entry.from} → ${paint('bold', entry.to)}`);
  for (const reason of entry.because) output.line(`${' '.repeat(21)}  because ${sayReason(reason)}`);
}
