// Shows the three lines of code behind an action: the action that was last pointed at, focused or clicked.

import { $, setText } from './dom.js';

const LINES = {
  push: [
    'Puts a message into mailboxes, read or not.',
    "const data = { text: 'Hello' };",
    "await sessions.pushToAccount('ada', data);",
    'await sessions.push(session.id, data);',
  ],
  login: [
    'A login is a session with a mailbox. Its token opens the mailbox.',
    "const s = await sessions.createSession('ada');",
    'const mailbox = connect({ token: s.token });',
    'for await (const it of mailbox) show(it.data);',
  ],
  limit: [
    'The step that creates the session also checks the limit.',
    "const onMaxSession = 'reject';",
    'sessionModule({ maxSession: 5, onMaxSession });',
    "await sessions.createSession('ada');",
  ],
  cut: [
    'The client comes back by itself, and goes on at its cursor.',
    'const mailbox = connect({ token });',
    "mailbox.on('waiting', () => show('offline'));",
    'for await (const it of mailbox) show(it.data);',
  ],
  sleep: [
    'Messages wait, whatever the device does.',
    'const { cursor: after } = mailbox;',
    'mailbox.close(); // later, as the same reader:',
    'mailbox = connect({ token, reader, after });',
  ],
  flood: [
    'A mailbox has a bound. It reports how many messages it drops.',
    'sessionModule({ msgMaxLength: 50 });',
    'await sessions.push(id, data); // drops oldest',
    "mailbox.on('lost', (count) => show(count));",
  ],
  roll: [
    'The old token is invalid at once; mailbox and cursors stay.',
    'const s = await sessions.rotateToken(id);',
    'localStorage.token = s.token; // on the device',
    'connect({ token: () => localStorage.token });',
  ],
  logout: [
    'The session and its channel end together, on every node.',
    'await sessions.closeSession(id);',
    "await sessions.closeAccount('ada');",
    "mailbox.on('closed', (it) => show(it.reason));",
  ],
  restart: [
    'A stop answers the held polls; the store keeps the rest.',
    'stopOnSignals(async () => {',
    '  await sessions.drain(); // clients come back',
    '  await container.unbindAllAsync(); });',
  ],
  kill: [
    'The workers of a machine share SQLite, which survives their crashes.',
    "const path = '.data/sessions.db';",
    'const store = sqliteStore({ path });',
    'sessionModule({ maxSession: 5 }, store);',
  ],
  redis: [
    'While Redis is away calls fail fast, and polls stay held.',
    'const store = redisStore({ url });',
    'sessionModule({ maxSession: 5 }, store);',
    '// Away: STORE_UNAVAILABLE, and Retry-After.',
  ],
};

/** @param policy inserted into the code of the action `limit` */
export function showCode(name, policy) {
  const [what, ...lines] = LINES[name];
  setText($('code-what'), what);
  setText($('code'), lines.join('\n').replace("'reject'", `'${policy}'`));
}

export function followCode(policy) {
  for (const event of ['pointerover', 'focusin', 'click']) {
    document.addEventListener(event, ({ target }) => {
      const name = target.closest?.('[data-code]')?.dataset.code;
      if (name) showCode(name, policy());
    });
  }
}
