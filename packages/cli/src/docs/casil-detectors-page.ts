import {
  DEFAULT_CASIL_SETTINGS,
  createCasilPolicy,
  detectorTable,
  measureConfusion,
  precisionOf,
  recallOf,
  sumOf,
} from '@arqonbus/casil';
import type { Confusion } from '@arqonbus/casil';
import { readCorpus } from '@arqonbus/casil/corpus';
import { code, markdownTable } from './markdown-table.ts';

const HEAD = `# Detectors of CASIL

What content is searched for, what is done about it unless a policy says otherwise, and how well each detector does on the
corpus in \`packages/casil/corpus\`. This page is made by \`npm run docs\`; a test compares it and fails where recall or
precision falls below what the specification asks for (CAS-4).

*Found* are payloads with such a thing in which it was found, *missed* those in which it was not, *false alarms* payloads
without one, near misses included, in which it was found all the same. The corpus is made, not collected: shapes and
checksums are those of the real things, drawn at random and laid into messages as they are sent. So these figures tell
whether a detector does what it was made for, and not how often its kind of secret is written in other ways.
`;

/** The page about every detector, with its confusion over the corpus. */
export function casilDetectorsPage(): string {
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true });
  if (!made.ok) throw new Error('the shipped settings make no policy');
  const corpus = readCorpus();
  const table = measureConfusion(corpus, made.policy);
  const nearMisses = corpus.filter(({ detector }) => detector === undefined).length;
  const sum = sumOf(table);
  return [
    HEAD,
    `${corpus.length - nearMisses} payloads with something in them and ${nearMisses} near misses: recall ${figure(recallOf(sum))}, ` +
      `precision ${figure(precisionOf(sum))}.`,
    '',
    markdownTable(
      ['detector', 'what', 'severity', 'action', 'found', 'missed', 'false alarms', 'recall', 'precision'],
      table.map(rowOf),
    ),
    '',
  ].join('\n');
}

function rowOf(confusion: Confusion): readonly string[] {
  const entry = detectorTable.get(confusion.detector);
  const counts = [confusion.found, confusion.missed, confusion.falseAlarms].map(String);
  const rates = [figure(recallOf(confusion)), figure(precisionOf(confusion))];
  return [
    code(confusion.detector),
    entry?.title ?? '',
    entry?.severity ?? '',
    entry?.action ?? '',
    ...counts,
    ...rates,
  ];
}

function figure(rate: number): string {
  return rate.toFixed(3);
}
