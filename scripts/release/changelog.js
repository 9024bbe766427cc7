/**
 * Returns the section of a version in a changelog in the format of keepachangelog.com.
 * @param {string} changelog
 * @param {string} version
 * @param {boolean} mayBeUnreleased whether `unreleased` is accepted instead of the date
 * @returns {string} the section, without its heading
 * @throws if there is no such section, or if it is not the newest, has no date or lists no changes
 */
export function releaseNotes(changelog, version, mayBeUnreleased) {
  const [newest = ''] = changelog.split(/^## /m).slice(1);
  const [heading = '', ...lines] = newest.split('\n');
  const [name, date] = heading.split(' – ');
  if (name !== version) {
    throw new Error(`CHANGELOG.md: the newest section must be of version ${version}, and is '${heading}'`);
  }
  const isDated = /^\d{4}-\d{2}-\d{2}$/.test(date ?? '');
  if (!isDated && !(mayBeUnreleased && date === 'unreleased')) {
    throw new Error(
      `CHANGELOG.md: the heading of ${version} must end with the date, as in 2026-01-31, and is '${heading}'`,
    );
  }
  const notes = lines.join('\n').trim();
  if (!/^- /m.test(notes)) throw new Error(`CHANGELOG.md: the section of ${version} must list what changed`);
  return notes;
}
