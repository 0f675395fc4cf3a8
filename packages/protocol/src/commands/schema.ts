/**
 * The part of JSON Schema 2020-12 in which command arguments and results are described (PRT-21), and the TypeScript
 * type that such a schema stands for. One text serves validation, help, the reference page and the SDK's typings.
 */
export interface Schema {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  /** `null` is a value too. */
  readonly nullable?: boolean;
  /** Whether there may be members that are not named, or what they are. */
  readonly additionalProperties?: boolean | Schema;
}

type Required<S extends Schema> = S extends { readonly required: readonly (infer R)[] } ? R : never;

type ObjectOf<S extends Schema, P extends { readonly [name: string]: Schema }> = {
  readonly [K in keyof P as K extends Required<S> ? K : never]: TypeOf<P[K]>;
} & {
  readonly [K in keyof P as K extends Required<S> ? never : K]?: TypeOf<P[K]>;
};

/** The type of the values that schema `S` accepts; `unknown` where it says nothing. */
export type TypeOf<S extends Schema> = S extends { readonly nullable: true } ? ValueOf<S> | null : ValueOf<S>;

type ValueOf<S extends Schema> = S extends { readonly enum: readonly (infer E)[] }
  ? E
  : S extends { readonly type: 'string' }
    ? string
    : S extends { readonly type: 'integer' | 'number' }
      ? number
      : S extends { readonly type: 'boolean' }
        ? boolean
        : S extends { readonly type: 'array'; readonly items: infer I extends Schema }
          ? readonly TypeOf<I>[]
          : S extends {
                readonly type: 'object';
                readonly properties: infer P extends { readonly [name: string]: Schema };
              }
            ? ObjectOf<S, P>
            : S extends { readonly type: 'object'; readonly additionalProperties: infer A extends Schema }
              ? { readonly [name: string]: TypeOf<A> }
              : S extends { readonly type: 'object' }
                ? { readonly [name: string]: unknown }
                : unknown;
