import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

/** A program that issues a session cookie for each element of the list in its argument. */
const program = `
  import { SessionCookie } from ${JSON.stringify(new URL('../../src/routes/session-cookie.js', import.meta.url).href)};
  const session = { token: 'x', maxAge: 0 };
  for (const secure of JSON.parse(process.argv[1])) new SessionCookie({ secure }).set(session);
`;

/** Returns what Node prints when cookies are issued, one for each element of `secure`. */
async function printed(NODE_ENV: string, secure: readonly boolean[], ...flags: readonly string[]): Promise<string> {
  const args = [...flags, '--input-type=module', '--eval', program, '--', JSON.stringify(secure)];
  const env = { PATH: process.env.PATH, NODE_ENV };
  return (await promisify(execFile)(process.execPath, args, { env })).stderr;
}

test('cookies without Secure in production cause one warning, which names the remedy', async (t) => {
  const text = await printed('production', [false, false]);
  t.is(text.match(/SessionMailboxWarning/g)?.length, 1);
  t.regex(
    text,
    /\[SESSION_MAILBOX_INSECURE_COOKIE\] SessionMailboxWarning: The session cookie sid is issued without Secure/,
  );
  t.regex(text, /Set the option secure: true/);
});

test('there is no warning for a cookie with Secure, in another environment, or if the operator has disabled the warning', async (t) => {
  t.is(await printed('production', [true]), '');
  t.is(await printed('development', [false]), '');
  t.is(await printed('production', [false], '--disable-warning=SESSION_MAILBOX_INSECURE_COOKIE'), '');
});
