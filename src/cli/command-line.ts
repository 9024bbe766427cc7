import { createRequire } from 'node:module';
import { importFlags, readImportSettings } from './import-settings.js';
import { readServeSettings, serveFlags } from './serve-settings.js';
import type { Terminal } from './terminal.js';
import { adviceFor, describeFlags, type Flags, parseFlags, UsageError } from './usage.js';

interface Command {
  readonly help: string;
  readonly flags: Flags;
  /** Optional peer packages that the command loads. */
  readonly needs: readonly string[];
  run(args: readonly string[], terminal: Terminal): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  serve: {
    help: 'Serves sessions over HTTP, as rest-sessions does',
    flags: serveFlags,
    needs: ['fastify', '@inversifyjs/http-core', '@inversifyjs/http-fastify', 'prom-client', 'ioredis'],
    async run(args, terminal) {
      const settings = readServeSettings(parseFlags(args, serveFlags), terminal.environment);
      const { serve } = await import('./serve.js');
      await serve(settings, terminal);
    },
  },
  'import-redis-sessions': {
    help: 'Imports the live sessions of redis-sessions; their tokens stay valid',
    flags: importFlags,
    needs: ['ioredis'],
    async run(args, terminal) {
      const settings = readImportSettings(parseFlags(args, importFlags));
      const { importRedisSessions } = await import('./import-redis-sessions.js');
      await importRedisSessions(settings, terminal);
    },
  },
};

/**
 * Runs one command. Errors are written to `stderr`.
 * @param args the command and its flags
 * @returns the exit code: 0, 1 after a failure, 2 after wrong usage
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await dispatch(args, terminal);
    return 0;
  } catch (error) {
    terminal.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    if (!(error instanceof UsageError)) return 1;
    terminal.stderr.write(`\n${usage(args[0])}\n`);
    return UsageError.exitCode;
  }
}

async function dispatch([name, ...args]: readonly string[], terminal: Terminal): Promise<void> {
  if (name === '--version') {
    terminal.stdout.write(`${version()}\n`);
    return;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    terminal.stdout.write(`${usage(args[0])}\n`);
    return;
  }
  if (name === undefined) throw new UsageError('A command is missing');
  const command = commandOf(name);
  if (command === undefined) {
    const advice = adviceFor(name, Object.keys(commands));
    throw new UsageError(`There is no command ${JSON.stringify(name)}${advice}`);
  }
  if (args.includes('--help') || args.includes('-h')) terminal.stdout.write(`${usage(name)}\n`);
  else await run(command, args, terminal);
}

function commandOf(name: string | undefined): Command | undefined {
  return name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
}

/** Runs a command, or names the packages that it needs if one is not installed. */
async function run(command: Command, args: readonly string[], terminal: Terminal): Promise<void> {
  try {
    await command.run(args, terminal);
  } catch (error) {
    const missing = error instanceof Error ? /^Cannot find package '([^']+)'/.exec(error.message)?.[1] : undefined;
    if (missing === undefined) throw error;
    const needed = command.needs.join(' ');
    throw new Error(`The package ${missing} is not installed. This command needs: npm install ${needed}`);
  }
}

/** The flags of a command, or the commands if there is none of that name. */
function usage(name?: string): string {
  const command = commandOf(name);
  if (command !== undefined) {
    return `Usage: session-mailbox ${name} [flags]\n\n${command.help}.\n\n${describeFlags(command.flags)}`;
  }
  const rows = Object.entries(commands).map(([name, { help }]) => `  ${name.padEnd(22)}  ${help}`);
  const more = 'session-mailbox <command> --help shows its flags; --version shows the version.';
  return `Usage: session-mailbox <command> [flags]\n\n${rows.join('\n')}\n\n${more}`;
}

function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('session-mailbox/package.json');
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
