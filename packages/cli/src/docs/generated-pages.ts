import { referencePage } from '@arqonbus/config';
import { casilDetectorsPage } from './casil-detectors-page.ts';
import { errorPages } from './error-pages.ts';
import { protocolPage } from './protocol-page.ts';

/** The pages of docs/ that are made from tables of the code, by their path in there. */
export function generatedPages(): ReadonlyMap<string, string> {
  const errors = [...errorPages()].map(([name, text]) => [`errors/${name}`, text] as const);
  return new Map([
    ['configuration.md', referencePage()],
    ['protocol.md', protocolPage()],
    ['casil-detectors.md', casilDetectorsPage()],
    ...errors,
  ]);
}
