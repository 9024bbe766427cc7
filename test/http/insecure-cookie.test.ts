import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

/** Logs in twice through each of two fronts' cookies, and prints the warnings that Node prints. */
const program = `
  import { SessionCookie } from ${JSON.stringify(new URL('../../src/routes/session-cookie.js', import.meta.url).href)};
  const session = { token: 'x', maxAge: 0 };
  for (const secure of JSON.parse(process.argv[1])) new SessionCookie({ secure }).set(session);
`;

/** What Node prints when cookies are issued: one for each element of `secure`. */
async function printed(NODE_ENV: string, secure: readonly boolean[], ...flags: readonly string[]): Promise<string> {
  const args = [...flags, '--input-type=module', '--eval', program, '--', JSON.stringify(secure)];
  const env = { PATH: process.env.PATH, NODE_ENV };
  return (await promisify(execFile)(process.execPath, args, { env })).stderr;
}

test('a cookie issued without Secure in production is warned of, once, with the remedy', async (t) => {
  const text = await printed('production', [false, false]);
  t.is(text.match(/SessionMailboxWarning/g)?.length, 1);
  t.regex(
    text,
    /\[SESSION_MAILBOX_INSECURE_COOKIE\] SessionMailboxWarning: The session cookie sid is issued without Secure/,
  );
  t.regex(text, /Set the option secure: true/);
});

test('a cookie with Secure, another environment, and an operator who disabled the warning cause none', async (t) => {
  t.is(await printed('production', [true]), '');
  t.is(await printed('development', [false]), '');
  t.is(await printed('production', [false], '--disable-warning=SESSION_MAILBOX_INSECURE_COOKIE'), '');
});
