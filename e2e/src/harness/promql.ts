import { parser } from '@prometheus-io/lezer-promql';

/** What an expression asks for. */
export interface PromqlReading {
  /** Every metric, with the labels that are matched on it. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** Labels that are grouped by. */
  readonly groupings: readonly string[];
}

/** Reads an expression with Prometheus' own grammar; throws where it is none. Grafana's variables stand for something. */
export function readPromql(expression: string): PromqlReading {
  const text = expression.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'shield');
  const selectors: { readonly metric: string; readonly labels: string[] }[] = [];
  const groupings: string[] = [];
  let isGrouping = false;
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      const part = text.slice(from, to);
      if (type.isError) throw new Error(`not PromQL at ${from}: ${text}`);
      if (type.name === 'GroupingLabels') isGrouping = true;
      else if (type.name === 'VectorSelector') selectors.push({ metric: metricOf(part), labels: [] });
      else if (type.name === 'LabelName') (isGrouping ? groupings : selectors.at(-1)?.labels)?.push(part);
    },
    leave: ({ type }) => {
      if (type.name === 'GroupingLabels') isGrouping = false;
    },
  });
  return { selectors, groupings };
}

function metricOf(selector: string): string {
  return /^[a-zA-Z_:][\w:]*/u.exec(selector)?.[0] ?? '';
}
