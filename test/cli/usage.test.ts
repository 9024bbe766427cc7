import test from 'ava';
import { serveFlags } from '../../src/cli/serve-settings.js';
import { CliProcess } from '../support/cli-process.js';

test('help, version, and what each command takes', async (t) => {
  const help = await CliProcess.run(t, ['--help']);
  t.is(await help.exit, 0);
  t.regex(help.stdout, /serve .*\n.*import-redis-sessions /);
  const version = await CliProcess.run(t, ['--version']);
  t.is(await version.exit, 0);
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const serve = await CliProcess.run(t, ['serve', '--help']);
  t.is(await serve.exit, 0);
  for (const flag of Object.keys(serveFlags)) t.true(serve.stdout.includes(`--${flag}`), flag);
});

const wrong: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [[], /^Which command\?/],
  [['toString'], /^There is no command "toString"/],
  [['serve', '--prot', '1'], /^Unknown option '--prot'/],
  [['serve', 'extra'], /^Unexpected argument 'extra'/],
  [['serve', '--port'], /--port.*argument missing/],
  [['serve', '--port', '65536'], /^--port must be a whole number from 0 to 65535; got "65536"/],
  [['serve', '--api-key='], /^--api-key must not be empty/],
  [['serve', '--redis', 'http://127.0.0.1'], /^--redis must be an address such as redis:/],
  [['serve', '--redis', 'redis://127.0.0.1', '--snapshot', 'x'], /^--snapshot is of no use with a Redis/],
  [['serve', '--max-session', '-1'], /--max-session/],
  [['import-redis-sessions'], /^--from must be given/],
  [['import-redis-sessions', '--from', 'nonsense'], /^--from must be an address/],
];

for (const [args, words] of wrong) {
  test(`wrong usage is told, with exit code 2: ${args.join(' ') || 'nothing'}`, async (t) => {
    const cli = await CliProcess.run(t, args);
    t.is(await cli.exit, 2);
    t.regex(cli.stderr, words);
    t.regex(cli.stderr, /Usage: session-mailbox <command>/);
    t.is(cli.stdout, '');
  });
}

test('a wrong variable of the environment is told by its name', async (t) => {
  const port = await CliProcess.run(t, ['serve'], { RS_PORT: 'http' });
  t.is(await port.exit, 2);
  t.regex(port.stderr, /^RS_PORT must be a whole number from 0 to 65535; got "http"/);
  const redis = await CliProcess.run(t, ['serve'], { RS_REDISPORT: 'x' });
  t.is(await redis.exit, 2);
  t.regex(redis.stderr, /^RS_REDISPORT must be/);
});
