import { counter } from './series.ts';
import type { Phase, Series } from './series.ts';

/** An objective of docs/slo.md: what is good, what misses it, and what is not counted whatever it is. */
interface Objective {
  readonly name: string;
  readonly budget: number;
  /** Series of what is well, of what is not, and of what nobody promised; each as a share of 1. */
  readonly shares: (missed: number) => readonly (readonly [series: string, share: number])[];
}

const objectives: readonly Objective[] = [
  {
    name: 'Acceptance',
    budget: 0.001,
    shares: (missed) => [
      ['arqonbus_messages_published_total{class="history"}', 1 - missed],
      ['arqonbus_messages_failed_total{code="UNAVAILABLE"}', missed / 2],
      ['arqonbus_messages_failed_total{code="TIMEOUT"}', missed / 2],
      ['arqonbus_messages_failed_total{code="CONFLICT"}', 1],
    ],
  },
  {
    name: 'Delivery',
    budget: 0.001,
    shares: (missed) => [
      ['arqonbus_messages_delivered_total{class="live"}', 1 - missed],
      ['arqonbus_messages_shed_total{class="live"}', missed],
      ['arqonbus_messages_shed_total{class="direct"}', 1],
    ],
  },
  {
    name: 'Recovery',
    budget: 0.001,
    shares: (missed) => [
      ['arqonbus_recoveries_total{path="join",recovered="true"}', 1 - missed],
      ['arqonbus_recoveries_total{path="gap",recovered="false"}', missed],
    ],
  },
  {
    name: 'Latency',
    budget: 0.01,
    shares: (missed) => [
      ['arqonbus_deliver_duration_seconds_bucket{le="0.1"}', 1 - missed],
      ['arqonbus_deliver_duration_seconds_bucket{le="+Inf"}', 1],
      ['arqonbus_deliver_duration_seconds_count', 1],
    ],
  },
  {
    name: 'Admission',
    budget: 0.001,
    shares: (missed) => [
      ['arqonbus_connections_opened_total', 1 - missed],
      ['arqonbus_connections_refused_total{reason="full"}', missed],
      ['arqonbus_connections_refused_total{reason="token_expired"}', 1],
    ],
  },
];

const EVENTS_PER_MINUTE = 60_000;

/** The names of the objectives, as the alerts begin. */
export const objectiveNames: readonly string[] = objectives.map(({ name }) => name);

/** The traffic of every objective, its budget burning at these rates for so many minutes each. */
export function burning(phases: readonly Phase[], everyMinutes: number): readonly Series[] {
  return objectives.flatMap(({ budget, shares }) => {
    const names = shares(0).map(([series]) => series);
    return names.map((series, i) => {
      const rates = phases.map(([burnRate, minutes]): Phase => {
        const [, share = 0] = shares(burnRate * budget)[i] ?? [];
        return [share * EVENTS_PER_MINUTE, minutes];
      });
      return counter(series, rates, everyMinutes);
    });
  });
}
