import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Controller, Get, type HttpResponse, isHttpResponseSymbol, Params } from '@inversifyjs/http-core';
import { jsonResponse } from './json-response.js';

const page = new URL('../../demo/page/', import.meta.url);
const packages = import.meta.resolve('uplot/package.json');

/** Files from outside the page's folder, by the name under which the page loads them. */
const libraries: Readonly<Record<string, URL>> = {
  'session-mailbox.js': new URL('../../dist/client/bundle.js', import.meta.url),
  'uplot.js': new URL('./dist/uPlot.esm.js', packages),
  'uplot.css': new URL('./dist/uPlot.min.css', packages),
};

/** A name that can't lead out of the folder. */
const fileName = /^[a-z-]+\.(?:js|css)$/;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Allows only the page's own files and requests to its own server, so that injected markup can run and load nothing. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Serves the demo's page: its own files, the client and the plotting library, all from this server. */
@Controller({ scope: 'Singleton' })
export class PageController {
  @Get()
  index(): Promise<HttpResponse> {
    return fileResponse(new URL('index.html', page));
  }

  @Get('/page/:file')
  file(@Params({ name: 'file' }) file: string): Promise<HttpResponse> {
    return fileResponse(fileName.test(file) ? new URL(file, page) : undefined);
  }

  @Get('/library/:file')
  library(@Params({ name: 'file' }) file: string): Promise<HttpResponse> {
    return fileResponse(Object.hasOwn(libraries, file) ? libraries[file] : undefined);
  }
}

async function fileResponse(url: URL | undefined): Promise<HttpResponse> {
  const body = url && (await readFile(url, 'utf8').catch(() => undefined));
  if (url === undefined || body === undefined) {
    const problem = { title: 'Not Found', status: 404, detail: 'There is no such file', code: 'INVALID_ARGUMENT' };
    return jsonResponse(404, problem, { 'content-type': 'application/problem+json' });
  }
  const headers = {
    'content-type': contentTypes[extname(url.pathname)] ?? 'application/octet-stream',
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  };
  return { [isHttpResponseSymbol]: true, statusCode: 200, body, headers };
}
