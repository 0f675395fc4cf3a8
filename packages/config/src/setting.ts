import type { BootstrapRooms } from './bootstrap-rooms.ts';
import type { CasilAction } from './casil-settings.ts';
import type { LogProfile, LogRule } from '@arqonbus/protocol';

/** One setting: its kind, default, limits and documentation. */
export type Setting =
  | { readonly kind: 'string'; readonly default: string; readonly doc: string }
  | { readonly kind: 'secret'; readonly default: ''; readonly doc: string }
  | { readonly kind: 'boolean'; readonly default: boolean; readonly live?: true; readonly doc: string }
  | NumberSetting
  | {
      readonly kind: 'enum';
      readonly values: readonly string[];
      readonly default: string;
      /** May be changed at run time, and takes effect everywhere at once (CFG-1). */
      readonly live?: true;
      readonly doc: string;
    }
  | {
      readonly kind: 'list';
      readonly values?: readonly string[];
      readonly default: readonly string[];
      readonly live?: true;
      readonly doc: string;
    }
  | {
      readonly kind: 'log_profiles';
      readonly default: readonly LogProfile[];
      readonly live?: true;
      readonly doc: string;
    }
  | { readonly kind: 'log_rules'; readonly default: readonly LogRule[]; readonly live?: true; readonly doc: string }
  | { readonly kind: 'actions'; readonly default: Readonly<Record<string, CasilAction>>; readonly doc: string }
  | { readonly kind: 'rooms'; readonly default: BootstrapRooms; readonly doc: string };

/** A whole number between two bounds, both allowed. */
export interface NumberSetting {
  readonly kind: 'integer' | 'duration_ms';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** May be changed at run time, and takes effect everywhere at once (CFG-1). */
  readonly live?: true;
  readonly doc: string;
}

/** The type of a setting's value. */
export type ValueOf<S extends Setting> = S extends { readonly kind: 'integer' | 'duration_ms' }
  ? number
  : S extends { readonly kind: 'boolean' }
    ? boolean
    : S extends { readonly kind: 'enum' | 'list'; readonly values: readonly (infer V)[] }
      ? S extends { readonly kind: 'list' }
        ? readonly V[]
        : V
      : S extends { readonly kind: 'list' }
        ? readonly string[]
        : S extends { readonly kind: 'log_profiles' }
          ? readonly LogProfile[]
          : S extends { readonly kind: 'log_rules' }
            ? readonly LogRule[]
            : S extends { readonly kind: 'rooms' }
              ? BootstrapRooms
              : S extends { readonly kind: 'actions' }
                ? Readonly<Record<string, CasilAction>>
                : string;
