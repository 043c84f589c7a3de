import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Answer } from '../http/answer.ts';

/** What the page shows of the release that serves it. */
export interface PageFacts {
  readonly version: string;
  /** A CSS colour that is known to be one. */
  readonly color: string;
  readonly digest: string;
  readonly hostname: string;
}

const TEMPLATE = readFileSync(new URL('page.html', import.meta.url), 'utf8');

/** The page for people, complete in one document. It may run only its own script and talk only to its own origin. */
export function renderPage(facts: PageFacts): Answer & { readonly body: string } {
  const values = new Map<string, string>(Object.entries(facts));
  const body = TEMPLATE.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => escapeHtml(values.get(name) ?? ''));
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': [
        "default-src 'none'",
        `script-src '${scriptHash(body)}'`,
        "style-src 'unsafe-inline'",
        'img-src data:',
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    },
    body,
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function scriptHash(document: string): string {
  const script = /<script>(.*?)<\/script>/s.exec(document)?.[1] ?? '';
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}
