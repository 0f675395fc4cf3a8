import type { DrilledBus } from './drilled-bus.ts';

/** What a drill has beside the cluster. */
export interface Prepared {
  readonly env: Readonly<Record<string, string>>;
  /** More lines of the configuration of NATS. */
  readonly natsConfig?: string;
  /** The authority that people trust, where Shields end TLS. */
  readonly ca?: string;
  stop(): Promise<void>;
}

/** An incident, brought about on purpose. */
export interface Drill {
  /** As `npm run drill -- <name>` takes it. */
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Starts what it needs beside the cluster; settings that lead there, and how it ends. */
  prepare?(): Promise<Prepared>;
  /** Brings it about. What it gives mends it, as an operator would. */
  harm(bus: DrilledBus): Promise<() => Promise<void>>;
  /** Whether the metrics show it: what its alert looks at. */
  isShown(bus: DrilledBus): Promise<boolean>;
  /** The alert that fires when this lasts; empty = the metric is for dashboards. */
  readonly alert: string;
}
