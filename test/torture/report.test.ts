import test from 'ava';
import { ExpiryHistory } from './checker/expiry-history.js';
import { History } from './checker/history.js';
import { LoginHistory } from './checker/login-history.js';
import { MailboxHistory } from './checker/mailbox-history.js';
import { StoreChanges } from './checker/store-changes.js';
import { reportOf } from './report.js';

const run = { store: 'sqlite', minutes: 3, seed: 7, nodes: 2 };

function outcome() {
  const mailboxes = [new MailboxHistory('mailbox-0'), new MailboxHistory('mailbox-1')] as const;
  const logins = [new LoginHistory('account-0', 3)] as const;
  const expiries = [new ExpiryHistory('expiring', 1_000)] as const;
  const log = new History('the faults');
  return {
    mailboxes,
    logins,
    expiries,
    log,
    changes: new StoreChanges(),
    faults: { pause: 2, 'kill -9': 1 },
    output: 'a warning',
  };
}

test('a report counts acknowledged, delivered and lost messages, and the faults by kind', (t) => {
  const found = outcome();
  const [mailbox] = found.mailboxes;
  mailbox.acknowledge(mailbox.send());
  mailbox.acknowledge(mailbox.send());
  mailbox.take({ messages: [{ offset: 2, number: 2 }], lost: 1, isReset: false });
  const { text, isSound } = reportOf(run, found);
  t.true(isSound);
  t.regex(text, /^acknowledged +2$/m);
  t.regex(text, /^delivered +1$/m);
  t.regex(text, /^told lost +1 messages, 0 resets, 0 sessions$/m);
  t.regex(text, /^faults +3: kill -9: 1; pause: 2$/m);
  t.regex(text, /^violations +0$/m);
});

for (const kind of ['mailboxes', 'logins', 'expiries'] as const) {
  test(`a violation in the ${kind} is reported with the seed, the history of only that client and the command to repeat the run`, (t) => {
    const found = outcome();
    const [history] = found[kind];
    history.note('what came before');
    history.violate('a promise was not kept');
    found.log.note('kill -9');
    const { text, isSound } = reportOf(run, found);
    t.false(isSound);
    t.regex(text, /^violations +1$/m);
    t.regex(text, new RegExp(`^seed 7, history of ${history.subject}\n.*what came before\n.*VIOLATION`, 'm'));
    t.is(text.match(/history of/g)?.length, 2);
    t.regex(text, /history of the faults\n.*kill -9/);
    t.regex(text, /^repeat with: npm run torture -- --store sqlite --minutes 3 --nodes 2 --seed 7$/m);
  });
}
