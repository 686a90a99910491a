// The JSON schema (draft 2020-12) of policy files, made from the table that the decoder reads by. It says less than the
// decoder: not how deep conditions nest, nor how many rules there are.
import { type Field, type Form, NODE_NAMES, NODES, TEXTS, type Variant } from "./forms.ts";
import type { Json } from "./json.ts";
import { MAX_VALUES } from "./limits.ts";

const reference = (name: string): Json => ({ $ref: `#/$defs/${name}` });

function schemaOf(form: Form): Json {
  switch (form.is) {
    case "text": {
      const rule: { readonly is: string; readonly pattern?: string } = TEXTS[form.of];
      return { type: "string", description: rule.is, ...(rule.pattern === undefined ? {} : { pattern: rule.pattern }) };
    }
    case "int":
      return { type: "integer", minimum: form.least, maximum: form.most };
    case "bool":
      return { type: "boolean" };
    case "word":
      return { enum: form.of };
    case "list": {
      const isBounded = form.of.is === "node" && form.of.of === "value";
      const most = isBounded ? { maxItems: MAX_VALUES } : {};
      return { type: "array", items: schemaOf(form.of), minItems: form.least, ...most };
    }
    case "or":
      return { anyOf: [schemaOf(form.list), schemaOf(form.one)] };
    case "named":
      return { anyOf: [schemaOf(form.of), reference("name")] };
    case "node":
      return reference(form.of);
    case "cond":
      return reference("cond");
  }
}

function schemaOfVariant({ tag, fields }: Variant): Json {
  if (tag === undefined) return schemaOf((fields[0] as Field).form);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(({ key, form }) => [key, schemaOf(form)])),
    required: fields.filter(({ absent }) => absent === undefined).map(({ key }) => key),
    additionalProperties: false,
  };
}

function schemaOfNode(variants: readonly Variant[]): Json {
  const [only, ...others] = variants.map(schemaOfVariant);
  return others.length === 0 ? (only as Json) : { oneOf: [only as Json, ...others] };
}

export const POLICY_SCHEMA: Json = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "A Cordon policy file",
  $ref: "#/$defs/file",
  $defs: Object.fromEntries(NODE_NAMES.map((name) => [name, schemaOfNode(NODES[name])])),
};
