import test from 'ava';
import { sessionHttpModule } from '../../src/http/index.js';
import { SessionError } from '../../src/index.js';

/** Makes the module with options from JSON, as from a configuration file. */
function build(options: string): unknown {
  return sessionHttpModule(JSON.parse(options));
}

test('wrong options fail at start-up with INVALID_CONTEXT, which names front, field and rule', (t) => {
  const wrong: readonly (readonly [options: string, field: string])[] = [
    ['{"app":"../x"}', 'app'],
    ['{"app":7}', 'app'],
    ['{"secure":"yes"}', 'secure'],
    ['{"trustedOrigins":"https://a.example"}', 'trustedOrigins'],
    ['{"trustedOrigins":["https://a.example/"]}', 'trustedOrigins.0'],
    ['{"trustedOrigins":["null"]}', 'trustedOrigins.0'],
    ['{"trustedOrigins":["*"]}', 'trustedOrigins.0'],
    ['{"trustedOrigin":[]}', 'trustedOrigin'],
  ];
  for (const [options, field] of wrong) {
    const error = t.throws(() => build(options), undefined, options);
    if (!SessionError.is(error, 'INVALID_CONTEXT')) throw error;
    t.is(error.details.field, field, options);
    t.is(error.details.front, 'sessionHttpModule');
    t.regex(error.details.rule, /^(?:must be|is not an option)/, 'the rule is stated in words');
  }
});

test('each option may be omitted, and so may all options', (t) => {
  for (const options of ['{}', '{"app":"shop"}', '{"secure":true}', '{"trustedOrigins":["http://localhost:8080"]}']) {
    t.notThrows(() => build(options), options);
  }
  t.notThrows(() => sessionHttpModule());
});
