/** Code for `node --disable-warning=…`, with which an operator confirms that the cookie is insecure on purpose. */
const code = 'SESSION_MAILBOX_INSECURE_COOKIE';

let hasWarned = false;

/**
 * Warns in production (`NODE_ENV`), once per process. Call it when a cookie without `Secure` is issued. Anyone
 * between the client and the server can read this cookie, and a page loaded by HTTP counts as the server's own.
 */
export function warnOfInsecureCookie(name: string): void {
  if (hasWarned || process.env.NODE_ENV !== 'production') return;
  hasWarned = true;
  process.emitWarning(`The session cookie ${name} is issued without Secure in production`, {
    type: 'SessionMailboxWarning',
    code,
    detail:
      'Set the option secure: true, also behind a proxy that ends TLS. If clients are meant to come by HTTP, start Node ' +
      `with --disable-warning=${code}.`,
  });
}
