import { TypeScriptRenderer, TypeScriptTargetLanguage, getOptionValues, tsFlowOptions } from 'quicktype-core';
import type { RenderContext } from 'quicktype-core';

/** TypeScript as the library writes it, where each schema is a type that is exported, also a list or a text. */
export class TypeScriptLanguage extends TypeScriptTargetLanguage {
  protected override makeRenderer(context: RenderContext, options: Record<string, unknown>): TypeScriptRenderer {
    return new ExportingRenderer(this, context, getOptionValues(tsFlowOptions, options));
  }
}

class ExportingRenderer extends TypeScriptRenderer {
  protected override emitTypes(): void {
    this.forEachTopLevel(
      'leading-and-interposing',
      (type, name) => this.emitLine('export type ', name, ' = ', this.sourceFor(type).source, ';'),
      (type) => this.namedTypeToNameForTopLevel(type) === undefined,
    );
    this.forEachNamedType(
      'leading-and-interposing',
      (type, name) => {
        this.emitDescription(this.descriptionForType(type));
        this.emitClassBlock(type, name);
      },
      (type, name) => this.emitEnum(type, name),
      () => undefined,
    );
  }
}
