import test from 'ava';
import { SessionError } from '../../src/index.js';
import { requireAuthentication } from '../../src/requests/index.js';
import { stepUpChallenge } from '../../src/requests/required-authentication.js';
import { startService } from '../support/service.js';

test('a login at exactly the maximum age, or at exactly the level, is enough; an older or a weaker one is not', async (t) => {
  const { manager: sessions, clock } = await startService(t);
  const session = await sessions.createSession('alice', { level: 2 });
  await clock.advance(1_000);
  t.is(session.authenticationAge, 1_000);
  t.notThrows(() => requireAuthentication(session, { maxAge: 1_000, level: 2 }));
  const requirement = { code: 'REAUTHENTICATION_REQUIRED' };
  t.throws(() => requireAuthentication(session, { maxAge: 999 }), requirement);
  t.throws(() => requireAuthentication(session, { level: 3 }), requirement);
  t.throws(() => requireAuthentication(session, { maxAge: 1_000, level: 3 }), requirement);
  t.throws(() => requireAuthentication(session, { maxAge: 999, level: 2 }), requirement);
});

test('a requirement that every session would fulfil, or with an option that is not known, is refused', async (t) => {
  const { manager: sessions } = await startService(t);
  const session = await sessions.createSession('alice');
  const wrong: readonly object[] = [{}, { maxage: 1_000 }, { maxAge: -1 }, { level: 256 }, { level: undefined }];
  for (const requirement of wrong) {
    t.throws(
      () => requireAuthentication(session, requirement),
      { code: 'INVALID_CONTEXT' },
      JSON.stringify(requirement),
    );
  }
});

test('the challenge names the age in seconds, rounded down, and the level', async (t) => {
  const { manager: sessions, clock } = await startService(t);
  const session = await sessions.createSession('alice');
  await clock.advance(2_000);
  const error = t.throws(() => requireAuthentication(session, { maxAge: 1_999, level: 1 }));
  if (!SessionError.is(error, 'REAUTHENTICATION_REQUIRED')) return t.fail(String(error));
  t.regex(stepUpChallenge(error), /^Bearer error="insufficient_user_authentication", .*acr_values="1", max_age="1"$/);
});
