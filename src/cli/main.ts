#!/usr/bin/env node
import 'reflect-metadata';
import { runCommandLine } from './command-line.js';

const { stdout, stderr, env: environment } = process;
// The reader of the output (a pager, a log collector) may end at any time, or the disk may be full. Without a listener,
// the error would end the process, and with it the sessions that are only in memory.
for (const stream of [stdout, stderr]) stream.on('error', () => {});
process.exitCode = await runCommandLine(process.argv.slice(2), { stdout, stderr, environment });
