import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, Network, next, takeAll } from './client-stage.js';

/** Returns a token source that counts its calls. The calls before `answer` is set are never answered. */
function silentSource() {
  const source = {
    calls: 0,
    answer: undefined as string | undefined,
    token: () => {
      source.calls += 1;
      return source.answer === undefined ? new Promise<string>(() => {}) : Promise.resolve(source.answer);
    },
  };
  return source;
}

test('a token source that does not answer for 70 s is called again after a pause', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const device = new Device(clock);
  device.luck = 0.5;
  const source = silentSource();
  const mailbox = stage.connect({ token: source.token, device });
  const waiting = next(mailbox, 'waiting');
  await eventually(() => source.calls === 1);
  await clock.advance(69_999);
  t.is(mailbox.state, 'connecting');
  await clock.advance(1);
  t.regex(String((await waiting).cause), /No answer/);
  source.answer = stage.session.token;
  await clock.advance(250);
  await eventually(() => mailbox.state === 'open');
});

test('a token source that never answers is called again when the network is back', async (t) => {
  const stage = await ClientStage.start(t);
  const device = new Device(new ManualClock());
  const source = silentSource();
  const mailbox = stage.connect({ token: source.token, device });
  await eventually(() => source.calls === 1);
  source.answer = stage.session.token;
  device.sign('awake');
  await t.notThrowsAsync(eventually(() => mailbox.state === 'open'));
});

test('close and an aborted signal end a client whose token source never answers; a late token changes nothing', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const network = new Network();
  const abort = new AbortController();
  const answers: ((token: string) => void)[] = [];
  const token = () => new Promise<string>((resolve) => answers.push(resolve));
  const options = { token, fetch: network.fetch, device: new Device(clock) };
  const closing = stage.connect(options);
  const aborted = stage.connect({ ...options, signal: abort.signal });
  const ends = [takeAll(closing).end, takeAll(aborted).end];
  await eventually(() => answers.length === 2);
  closing.close();
  abort.abort();
  await Promise.all(ends);
  await settle();
  t.is(clock.pending, 0);
  for (const answer of answers) answer(stage.session.token);
  await settle();
  t.deepEqual([closing.closed?.code, aborted.closed?.code], ['closed', 'closed']);
  t.deepEqual(network.paths, []);
});
