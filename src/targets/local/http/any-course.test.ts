import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../../../core/random.ts';
import { createTrafficServer, type Outcome, type Upstream } from './index.ts';
import { startActing } from './testing/acting-upstream.ts';
import { type Answer, readAnswers } from './testing/answers.ts';
import { connectTo } from './testing/peer.ts';
import { bytesOf, type ClientPlan, type ExchangePlan, planClient } from './testing/plans.ts';
import { untilTrue } from './testing/until.ts';

/** Fixed, so that the test is the same every day. Another seed and more clients look further. */
const SEED = 20_261_121;
const CLIENTS = 240;
const AT_ONCE = 8;

test('whatever course a request takes, the client gets its answer and no other, and it is counted once', async (t) => {
  const random = seededRandom(SEED);
  const plans = new Map<string, ExchangePlan>();
  const { upstream, surprises } = await startActing(t, (id) => plans.get(id));
  const { port, outcomesOf, connections } = await startCounting(t, upstream);
  const wrongs: string[] = [];
  let served = 0;

  async function run(client: ClientPlan): Promise<void> {
    for (const exchange of client.exchanges) plans.set(exchange.id, exchange);
    const { answers, isReset } = await talk(port, client);
    await untilTrue('what came of each request', () =>
      client.exchanges.every(({ id }) => outcomesOf(id).every((outcome) => outcome !== null)),
    );
    const failures = client.exchanges.map(({ id }) => outcomesOf(id)[0]?.failure ?? null);
    for (const [index, exchange] of client.exchanges.entries()) {
      const outcome = outcomesOf(exchange.id)[0] ?? null;
      // A reset for a later answer may take the end of an earlier one with it that had not been read yet.
      const mayBeCut = isReset && failures.slice(index + 1).some((failure) => failure !== null);
      const answer = answers[index] ?? null;
      const wrong = wrongWith({ exchange, client, outcome, answer, mayBeCut });
      if (wrong !== null) wrongs.push(`${exchange.id}: ${wrong}; ${JSON.stringify({ answer, outcome })}`);
    }
    served += answers.filter(({ id }) => id !== null).length;
  }

  for (let started = 0; started < CLIENTS; started += AT_ONCE) {
    const clients = Array.from({ length: AT_ONCE }, (_, index) => planClient(random, `${started + index}`));
    await Promise.all(clients.map(run));
  }
  assert.deepEqual(wrongs, []);
  assert.deepEqual(surprises, []);
  assert(served > CLIENTS, `only ${served} answers were worth comparing`);
  await untilTrue('no connection', () => connections() === 0);
  assert.equal(upstream.inFlight, 0);
  const twice = [...plans.keys()].filter((id) => outcomesOf(id).length > 1);
  assert.deepEqual(twice, [], 'routed or counted twice');
});

interface Course {
  readonly exchange: ExchangePlan;
  readonly client: ClientPlan;
  readonly outcome: Outcome | null;
  readonly answer: Answer | null;
  readonly mayBeCut: boolean;
}

/** What should not have come of it; null if all is well. */
function wrongWith({ exchange, client, outcome, answer, mayBeCut }: Course): string | null {
  const { id, answer: planned } = exchange;
  const isBroken = planned.breaksAt !== null;
  const hasLeft = client.leavesAt !== null;
  if (answer !== null && answer.id !== null && answer.id !== id)
    return 'it got the answer to another request';
  if (answer?.id === id && !planned.body.startsWith(answer.body)) return 'its answer was changed';
  if (answer?.id === id && answer.isWhole && answer.body !== planned.body)
    return 'half its answer seems whole';
  if (outcome === null) return null;
  if (outcome.failure === 'client-gone' && !hasLeft) return 'the client is blamed';
  if (outcome.failure !== null && outcome.failure !== 'client-gone' && !isBroken)
    return 'the upstream is blamed';
  if (outcome.failure === null && isBroken) return 'nobody is blamed';
  if (isBroken || hasLeft || mayBeCut) return null;
  return answer?.id === id && answer.isWhole && answer.status === planned.status
    ? null
    : 'it got no whole answer';
}

/** A proxy that keeps what came of each request by its target. Null stands for a request that is under way. */
async function startCounting(t: TestContext, upstream: Upstream) {
  const outcomes = new Map<string, (Outcome | null)[]>();
  const server = createTrafficServer({
    route({ target }) {
      const own = outcomes.get(target) ?? [];
      const place = own.push(null) - 1;
      outcomes.set(target, own);
      const done = (outcome: Outcome): void => {
        if (own[place] !== null) own.push(outcome);
        own[place] = outcome;
      };
      return { upstream, another: () => null, done };
    },
  });
  const port = await server.listen(0);
  t.after(() => server.close(0));
  return {
    port,
    outcomesOf: (id: string): readonly (Outcome | null)[] => outcomes.get(`/${id}`) ?? [],
    connections: () => server.connections,
  };
}

/** Sends what the plan says, and reads until the last answer is whole or the connection is over. */
async function talk(port: number, { exchanges, cuts, leavesAt, leavesBy }: ClientPlan) {
  const bytes = bytesOf(exchanges);
  const end = leavesAt ?? bytes.length;
  const peer = await connectTo(port);
  const places = [...cuts.filter((cut) => cut < end), end];
  for (const [index, place] of places.entries()) {
    if (peer.socket.writable) peer.send(bytes.slice(places[index - 1] ?? 0, place));
    await turn();
  }
  if (leavesAt !== null && leavesBy === 'reset') peer.socket.resetAndDestroy();
  else if (leavesAt !== null) peer.socket.end();
  const answers = () => readAnswers(peer.received, peer.isEnded, exchanges);
  const isOver = () => peer.isEnded || peer.isClosed;
  let seen = -1;
  await untilTrue(`the answers to ${exchanges.map(({ id }) => id).join(', ')}`, () => {
    if (isOver()) return true;
    const isNew = peer.received.length !== seen;
    seen = peer.received.length;
    const all = isNew ? answers() : [];
    return all.length === exchanges.length && all.every(({ isWhole }) => isWhole);
  });
  const result = { answers: answers(), isReset: peer.isReset };
  peer.socket.destroy();
  return result;
}
