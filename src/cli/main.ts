#!/usr/bin/env node
import 'reflect-metadata';
import { runCommandLine } from './command-line.js';

const { stdout, stderr, env: environment } = process;
process.exitCode = await runCommandLine(process.argv.slice(2), { stdout, stderr, environment });
