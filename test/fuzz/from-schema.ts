/** Values that a JSON Schema describes, or nearly: most keys right, some of the wrong kind, so that checks behind the form are reached. */
import * as fc from "fast-check";

type Shape = Readonly<Record<string, unknown>>;

const deepest = 7;

/** Values for a schema with `$defs`. */
export function fromSchema(root: unknown): fc.Arbitrary<unknown> {
  const shape = shapeOf(root);
  return valueOf(shape, shapeOf(shape["$defs"]), 0);
}

function valueOf(schema: Shape, definitions: Shape, depth: number): fc.Arbitrary<unknown> {
  const right = depth > deepest ? fc.constant("x") : rightOf(schema, definitions, depth);
  return fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

const wrong: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  null,
  true,
  0,
  -1,
  1e9,
  "",
  "x",
  [],
  {},
  ["x"],
);

function rightOf(schema: Shape, definitions: Shape, depth: number): fc.Arbitrary<unknown> {
  const within = (inner: unknown): fc.Arbitrary<unknown> =>
    valueOf(shapeOf(inner), definitions, depth + 1);
  const reference = schema["$ref"];
  if (typeof reference === "string") {
    return within(definitions[reference.slice("#/$defs/".length)]);
  }
  const choices = shapesOf(schema["anyOf"]);
  if (choices.length > 0) return fc.oneof(...choices.map(within));
  if (schema["const"] !== undefined) return fc.constant(schema["const"]);
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...schema["enum"]);
  switch (schema["type"]) {
    case "object":
      return objectOf(schema, within);
    case "array":
      return fc.array(within(schema["items"]), { maxLength: 3 });
    case "boolean":
      return fc.boolean();
    case "number":
    case "integer":
      return fc.constantFrom(0, 1, 2, 0.5, 10, 100, 1000, 4096, 1_000_000);
    case "null":
      return fc.constant(null);
    default:
      return textFor(schema["pattern"]);
  }
}

function objectOf(
  schema: Shape,
  within: (inner: unknown) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const known = Object.entries(shapeOf(schema["properties"]));
  const required: unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const own = fc.record(Object.fromEntries(known.map(([name, inner]) => [name, within(inner)])), {
    requiredKeys: known.map(([name]) => name).filter((name) => required.includes(name)),
  });
  const others = schema["additionalProperties"];
  if (typeof others !== "object") return fewOf(own, required);
  const more = fc.dictionary(
    fc.constantFrom("openai", "a", "order", "x-h", "en", "*"),
    within(others),
    {
      maxKeys: 3,
    },
  );
  return fc.tuple(own, more).map(([one, other]) => ({ ...one, ...other }));
}

/** A few of the keys: with all of them at once some rule would always be broken. */
function fewOf(own: fc.Arbitrary<object>, required: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.tuple(own, fc.infiniteStream(fc.nat(5))).map(([value, draws]) => {
    const kept = Object.entries(value).filter(
      ([name]) => required.includes(name) || draws.next().value === 0,
    );
    return Object.fromEntries(kept);
  });
}

const words = [
  "a",
  "hello",
  "order",
  "openai",
  "gpt-4o",
  "http://127.0.0.1:9/v1",
  "返金",
  "hello {order}",
  "\\b(a|b)+\\b",
  "^x{1,1000}$",
  "body.user",
  "header x-user",
  "0123456789abcdef".repeat(4),
  "2026-11-01",
];
const durations = ["0ms", "1ms", "150ms", "30s", "5m", "24h", "7d"];
const sizes = ["1B", "1KiB", "64KiB", "1MiB", "10MB"];
const shares = ["0.5%", "1%", "50%", "100%"];
const comparisons = [">= 0.9", "<= 1", "> 0.5", "< 60", "= 1"];

/** Texts of the forms that a policy has; the pattern itself decides which of them it takes. */
function textFor(pattern: unknown): fc.Arbitrary<string> {
  const all = [...words, ...durations, ...sizes, ...shares, ...comparisons];
  if (typeof pattern !== "string") return fc.constantFrom(...words);
  const form = new RegExp(pattern, "u");
  const fitting = all.filter((text) => form.test(text));
  return fc.constantFrom(...(fitting.length > 0 ? fitting : words));
}

function shapeOf(value: unknown): Shape {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function shapesOf(value: unknown): readonly Shape[] {
  return Array.isArray(value) ? value.map(shapeOf) : [];
}
