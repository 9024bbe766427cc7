// Publishes the version of package.json: `npm run release`. With `npm run release -- --dry-run` it does everything except
// publishing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releaseNotes } from './changelog.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { values: options } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, 'skip-tests': { type: 'boolean', default: false } },
});
const isDryRun = options['dry-run'];

function fail(reason) {
  console.error(`Not released: ${reason}`);
  process.exit(1);
}

function run(command, ...args) {
  console.log(`\n$ ${[command, ...args].join(' ')}`);
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
}

function output(command, ...args) {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8' }).trim();
}

if (options['skip-tests'] && !isDryRun) fail('--skip-tests is for --dry-run alone');

const { name, version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
console.log(`${name} ${version}${isDryRun ? ', without publishing it' : ''}`);

const changes = output('git', 'status', '--porcelain');
if (changes !== '') fail(`these files differ from the last commit:\n${changes}`);
if (!isDryRun) {
  const tags = output('git', 'tag', '--points-at', 'HEAD').split('\n');
  if (!tags.includes(`v${version}`)) fail(`the last commit must have the tag v${version}`);
}

let notes = '';
try {
  notes = releaseNotes(readFileSync(`${root}CHANGELOG.md`, 'utf8'), version, isDryRun);
} catch (error) {
  fail(error.message);
}

run('npm', 'run', 'lint');
if (options['skip-tests']) run('npm', 'run', 'build:all');
else run('npm', 'test');
// Check the contents and the size of the package.
run('npx', 'ava', '.build/test/architecture/package.test.js');

// If the forge gives its jobs an identity, npm can sign where and from which commit the package was built.
const canSign = process.env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined || process.env.SIGSTORE_ID_TOKEN !== undefined;
console.log(canSign ? '\nThe package is signed with its provenance.' : '\nNo identity of a forge here: no provenance.');
const publish = ['publish', '--access', 'public', '--ignore-scripts', ...(canSign ? ['--provenance'] : [])];
if (isDryRun) run('npm', 'pack', '--dry-run', '--ignore-scripts');
else run('npm', ...publish);

console.log(`\n${isDryRun ? `Would publish by: npm ${publish.join(' ')}` : 'Published.'}\n\n${version}\n\n${notes}`);
