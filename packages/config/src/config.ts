import type { CamelCase } from './key-names.ts';
import type { ValueOf } from './setting.ts';
import type { SettingKey, Settings } from './settings.ts';

type SectionOf<K extends SettingKey> = K extends `${infer Section}.${string}` ? Section : never;
type NameOf<K extends SettingKey, Section extends string> = K extends `${Section}.${infer Name}`
  ? CamelCase<Name>
  : never;

/** A whole configuration, by section and name in camel case: `config.server.port`; `config.limits` are the protocol's limits. */
export type Config = {
  readonly [Section in SectionOf<SettingKey>]: {
    readonly [K in SettingKey as NameOf<K, Section>]: ValueOf<Settings[K]>;
  };
};
