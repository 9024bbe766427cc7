import test from 'ava';
import { serveFlags } from '../../src/cli/serve-settings.js';
import { runCli } from '../support/cli-command.js';
import { CliProcess } from '../support/cli-process.js';

test('--help lists the commands, --version shows the version, and a command’s --help lists its flags', async (t) => {
  const help = await runCli(['--help']);
  t.is(help.code, 0);
  t.regex(help.stdout, /serve .*\n.*import-redis-sessions /);
  const version = await runCli(['--version']);
  t.is(version.code, 0);
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const serve = await runCli(['serve', '--help']);
  t.is(serve.code, 0);
  for (const flag of Object.keys(serveFlags)) t.true(serve.stdout.includes(`--${flag}`), flag);
  t.deepEqual(await runCli(['-h']), help);
  for (const args of [
    ['help', 'serve'],
    ['serve', '-h'],
  ])
    t.deepEqual(await runCli(args), serve);
});

test('the program writes to its streams, and exits with the code of the command', async (t) => {
  const version = await CliProcess.run(t, ['--version']);
  t.is(await version.exit, 0);
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const wrongUsage = await CliProcess.run(t, ['serve', '--port', '65536']);
  t.is(await wrongUsage.exit, 2);
  t.regex(wrongUsage.stderr, /^--port must be/);
});

const wrong: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [[], /^A command is missing/],
  [['toString'], /^There is no command "toString"\n/],
  [['server'], /^There is no command "server"; did you mean serve\?\n/],
  [['serve', '--prot', '1'], /^Unknown option '--prot'; did you mean --port\?\n/],
  [['serve', '--apikey=secret'], /^Unknown option '--apikey'; did you mean --api-key\?\n/],
  [['serve', '--verbose'], /^Unknown option '--verbose'\n/],
  [['serve', 'extra'], /^Unexpected argument 'extra'/],
  [['serve', '--port'], /--port.*argument missing/],
  [['serve', '--port', '65536'], /^--port must be a whole number from 0 to 65535; got "65536"/],
  [['serve', '--api-key='], /^--api-key must not be empty/],
  [['serve', '--redis', 'http://127.0.0.1'], /^--redis must be an address such as redis:/],
  [['serve', '--redis', 'redis://127.0.0.1/sessions'], /^--redis must be an address such as redis:/],
  [['serve', '--redis', 'redis://127.0.0.1', '--snapshot', 'x'], /^--snapshot has no effect with a Redis/],
  [['serve', '--redis', 'redis://127.0.0.1', '--data', 'x'], /^--data has no effect with a Redis/],
  [['serve', '--data', 'x', '--snapshot', 'y'], /^--snapshot has no effect with --data/],
  [['serve', '--redis', 'redis://127.0.0.1', '--namespace', 'a{b}'], /^--namespace must be 1 to 63 visible/],
  [
    ['import-redis-sessions', '--from', 'redis://127.0.0.1', '--to-namespace', 'a b'],
    /^--to-namespace must be 1 to 63 visible/,
  ],
  [['serve', '--max-session', '-1'], /--max-session/],
  [['import-redis-sessions'], /^--from must be given/],
  [['import-redis-sessions', '--from', 'nonsense'], /^--from must be an address/],
];

for (const [args, words] of wrong) {
  test(`wrong usage gives a message and exit code 2: ${args.join(' ') || 'no command'}`, async (t) => {
    const { code, stdout, stderr } = await runCli(args);
    t.is(code, 2);
    t.regex(stderr, words);
    const [command = ''] = args;
    const isCommand = ['serve', 'import-redis-sessions'].includes(command);
    t.true(stderr.includes(`\nUsage: session-mailbox ${isCommand ? command : '<command>'} [flags]\n`), stderr);
    // The flags of the command are listed, not those of another.
    t.is(stderr.includes('  --snapshot <file>  '), command === 'serve');
    t.is(stderr.includes('  --dry-run  '), command === 'import-redis-sessions');
    t.is(stdout, '');
  });
}

const wrongVariables: readonly (readonly [environment: Readonly<Record<string, string>>, words: RegExp])[] = [
  [{ RS_PORT: 'http' }, /^RS_PORT must be a whole number from 0 to 65535; got "http"/],
  [{ RS_REDISPORT: 'x' }, /^RS_REDISPORT must be/],
  [{ RS_REDISURL: 'localhost:6379' }, /^RS_REDISURL must be an address such as redis:\/\/127\.0\.0\.1:6379/],
  [{ RS_REDISHOST: 'localhost', RS_NAMESPACE: 'a b' }, /^RS_NAMESPACE must be/],
];

for (const [environment, words] of wrongVariables) {
  test(`an error names the wrong environment variable: ${JSON.stringify(environment)}`, async (t) => {
    const { code, stderr } = await runCli(['serve'], environment);
    t.is(code, 2);
    t.regex(stderr, words);
  });
}
