#!/usr/bin/env node
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { importFlags, readImportSettings } from './import-settings.js';
import { readServeSettings, serveFlags } from './serve-settings.js';
import { describeFlags, type Flags, parseFlags, UsageError } from './usage.js';

interface Command {
  readonly help: string;
  readonly flags: Flags;
  /** Packages that it needs beyond this one, which whoever does not use it need not install. */
  readonly needs: readonly string[];
  run(args: readonly string[]): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  serve: {
    help: 'Serves sessions over HTTP, as rest-sessions does',
    flags: serveFlags,
    needs: ['fastify', '@inversifyjs/http-core', '@inversifyjs/http-fastify', 'prom-client', 'ioredis'],
    async run(args) {
      const settings = readServeSettings(parseFlags(args, serveFlags), process.env);
      const { serve } = await import('./serve.js');
      await serve(settings);
    },
  },
  'import-redis-sessions': {
    help: 'Carries the live sessions of redis-sessions over, their tokens still valid',
    flags: importFlags,
    needs: ['ioredis'],
    async run(args) {
      const settings = readImportSettings(parseFlags(args, importFlags));
      const { importRedisSessions } = await import('./import-redis-sessions.js');
      await importRedisSessions(settings);
    },
  },
};

/** Runs it, or says what it lacks. */
async function run({ needs, ...command }: Command, args: readonly string[]): Promise<void> {
  try {
    await command.run(args);
  } catch (error) {
    const missing = error instanceof Error ? /^Cannot find package '([^']+)'/.exec(error.message)?.[1] : undefined;
    if (missing === undefined) throw error;
    throw new Error(`The package ${missing} is not installed. This command needs: npm install ${needs.join(' ')}`);
  }
}

function usage(): string {
  const rows = Object.entries(commands).map(([name, { help }]) => `  ${name.padEnd(22)}  ${help}`);
  return `Usage: session-mailbox <command> [flags]\n\n${rows.join('\n')}\n\nsession-mailbox <command> --help shows its flags; --version the version.`;
}

function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('session-mailbox/package.json');
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === '--version') {
    console.log(version());
    return;
  }
  if (name === '--help' || name === 'help') {
    console.log(usage());
    return;
  }
  if (name === undefined) throw new UsageError('Which command?');
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`There is no command ${JSON.stringify(name)}`);
  if (args.includes('--help')) {
    console.log(`Usage: session-mailbox ${name} [flags]\n\n${command.help}.\n\n${describeFlags(command.flags)}`);
    return;
  }
  await run(command, args);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error(`\n${usage()}`);
  process.exitCode = error instanceof UsageError ? UsageError.exitCode : 1;
}
