import { pathToFileURL } from 'node:url';
import test from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';

type ReleaseNotes = (changelog: string, version: string, mayBeUnreleased: boolean) => string;

const { releaseNotes }: { releaseNotes: ReleaseNotes } = await import(
  pathToFileURL(projectPath('scripts/release/changelog.js')).href
);

const changelog = '# Changelog\n\nText.\n\n## 1.1.0 – 2026-01-31\n\n- New.\n\n## 1.0.0 – 2025-12-31\n\n- First.\n';

test('the notes of a release are the newest section, which must be the one of its version', (t) => {
  t.is(releaseNotes(changelog, '1.1.0', false), '- New.');
  t.throws(() => releaseNotes(changelog, '1.2.0', false), { message: /must be of version 1\.2\.0/ });
  t.throws(() => releaseNotes(changelog, '1.0.0', false), { message: /must be of version 1\.0\.0/ });
});

test('a release needs its date, a dry run does not', (t) => {
  const unreleased = changelog.replace('2026-01-31', 'unreleased');
  t.throws(() => releaseNotes(unreleased, '1.1.0', false), { message: /must end with the date/ });
  t.is(releaseNotes(unreleased, '1.1.0', true), '- New.');
  t.throws(() => releaseNotes(changelog.replace('2026-01-31', 'soon'), '1.1.0', true), {
    message: /must end with the date/,
  });
});

test('a release must list what changed', (t) => {
  t.throws(() => releaseNotes(changelog.replace('- New.', ''), '1.1.0', false), { message: /must list what changed/ });
});

test('the changelog has a section for the version of the manifest', (t) => {
  const { version } = JSON.parse(readProjectFile('package.json'));
  t.regex(releaseNotes(readProjectFile('CHANGELOG.md'), version, true), /^- /m);
});
