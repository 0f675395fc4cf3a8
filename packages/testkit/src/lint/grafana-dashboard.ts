import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type { FieldConfig as SeriesField, Options as SeriesOptions } from '@grafana/grafana-foundation-sdk/timeseries';

/** A dashboard as Grafana's schema has it, as JSON holds it: panels of the kinds that we ship, which ask Prometheus. */
export type GrafanaDashboard = Json<Omit<Dashboard, 'panels'>> & {
  readonly panels: readonly (
    | PanelOf<'stat', StatOptions, never>
    | PanelOf<'timeseries', SeriesOptions, SeriesField>
    | Json<RowPanel>
  )[];
};

type PanelOf<Type extends string, Options, Field> = Json<
  Omit<Panel, 'type' | 'targets' | 'options' | 'fieldConfig'>
> & {
  readonly type: Type;
  readonly targets: readonly Json<Omit<Dataquery, '_implementsDataqueryVariant'>>[];
  readonly options: Partly<Json<Options>>;
  readonly fieldConfig: {
    readonly defaults: Json<Omit<NonNullable<Panel['fieldConfig']>['defaults'], 'custom'>> & {
      readonly custom?: Partly<Json<Field>>;
    };
    readonly overrides: readonly unknown[];
  };
};

/** An enum of texts is one of its texts. */
type Json<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T;

/** Grafana fills in what is not said, at any depth. */
type Partly<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: Partly<T[Key]> }
    : T;
