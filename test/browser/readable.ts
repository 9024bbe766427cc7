import type { Page } from 'playwright-core';

/** A visible text and its colours. */
export interface Painted {
  readonly text: string;
  readonly color: string;
  readonly background: string;
}

// Runs in the page. Returns every visible element that has text itself, with the colour of the text and its background.
const PAINTED = `(() => {
  const backgroundOf = (node) => {
    const { backgroundColor } = getComputedStyle(node);
    return backgroundColor === 'rgba(0, 0, 0, 0)' ? backgroundOf(node.parentElement) : backgroundColor;
  };
  return [...document.body.querySelectorAll('*')]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .filter((node) => node.value || [...node.childNodes].some((it) => it.nodeType === 3 && it.data.trim()))
    .map((node) => ({
      text: (node.value || node.textContent).toString().trim().slice(0, 40),
      color: getComputedStyle(node).color,
      background: backgroundOf(node),
    }));
})()`;

export function paintedText(page: Page): Promise<Painted[]> {
  return page.evaluate<Painted[]>(PAINTED);
}

/** Returns the contrast ratio of WCAG 2, from 1 to 21. */
export function contrast({ color, background }: Painted): number {
  const [dark, light] = [luminance(color), luminance(background)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [, space, list = ''] = /^(rgb|color)\((?:srgb )?([\d., ]+)\)$/.exec(color) ?? [];
  const [red, green, blue] = list.split(/,? /).map((part) => linear(Number(part) / (space === 'rgb' ? 255 : 1)));
  if (red === undefined || green === undefined || blue === undefined) throw new Error(`Not an opaque colour: ${color}`);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

/** Returns the number of pixels by which the page is wider than its window. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
