/** For `node --disable-warning=…`, by which an operator says that it is intended. */
const code = 'SESSION_MAILBOX_INSECURE_COOKIE';

let hasWarned = false;

/**
 * To be called when a cookie without `Secure` is issued: in production (`NODE_ENV`) it warns, once per process. Anyone between
 * the client and the server can read such a cookie, and a page loaded by HTTP counts as the server's own.
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
