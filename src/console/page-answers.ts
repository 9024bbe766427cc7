import type { Answer } from '../routes/answer.js';
import { pageScript, pageStyle } from './page.generated.js';

const assets = {
  'page.js': { type: 'text/javascript; charset=utf-8', text: pageScript },
  'page.css': { type: 'text/css; charset=utf-8', text: pageStyle },
} as const;

export type AssetName = keyof typeof assets;

export function isAssetName(name: string): name is AssetName {
  return Object.hasOwn(assets, name);
}

export function assetAnswer(name: AssetName): Answer {
  const { type, text } = assets[name];
  return { status: 200, headers: { 'content-type': type }, body: text };
}

/**
 * Returns the page. It loads its files by relative URLs, so that it works whatever path a router or a proxy puts before the
 * path of the console.
 * @param prefix the option `path`
 * @param path of the request, with or without the final slash
 */
export function pageAnswer(prefix: string, path: string): Answer {
  const last = prefix.split('/').at(-2) ?? '';
  const base = path.endsWith('/') ? './' : `./${last}/`;
  const body = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="robots" content="noindex">',
    '<title>Sessions</title>',
    '<link rel="icon" href="data:,">',
    `<link rel="stylesheet" href="${base}page.css">`,
    `<script type="module" src="${base}page.js"></script>`,
    '</head>',
    '<body><noscript>The console needs JavaScript.</noscript></body>',
    '</html>',
    '',
  ].join('\n');
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
