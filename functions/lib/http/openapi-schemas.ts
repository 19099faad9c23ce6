// JSON Schemas of the OpenAPI document, from zod's. A schema with an id stands once, below components.
import { z } from "zod";

export type Json = Record<string, unknown>;

/** `input` is what is sent, with defaults left out; `output` what is answered. */
export type SchemaOf = (schema: z.ZodType, io?: "input" | "output") => Json;

/** Where a schema with an id is found. */
const moved = (json: Json): Json => JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'));

/** A converter, and the schemas with an id that it has met so far. */
export function collectSchemas(): { readonly schemaOf: SchemaOf; readonly named: Readonly<Record<string, Json>> } {
  const named: Record<string, Json> = {};
  return {
    named,
    schemaOf(schema, io = "output") {
      const {
        $schema: _,
        $defs,
        ...json
      } = z.toJSONSchema(schema, {
        io,
        override({ jsonSchema }) {
          // An answer may have more one day, and clients are told to ignore it. What is sent is taken literally.
          if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
          // zod's expressions for these are longer than the rest of the schema together, and the format says it.
          if (jsonSchema.format === "date-time" || jsonSchema.format === "uuid") delete jsonSchema.pattern;
        },
      }) as Json;
      Object.assign(named, moved(($defs as Json) ?? {}));
      return moved(json);
    },
  };
}
