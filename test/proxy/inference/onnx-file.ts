/** Writes small ONNX models for tests: just enough of the format for a word table, a mean and linear heads. */

/** A tensor of floats with its shape. */
export interface Weights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** One operator. */
export interface Operator {
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly integers?: Readonly<Record<string, number>>;
  readonly lists?: Readonly<Record<string, readonly number[]>>;
}

/** A graph over int64 inputs of shape [batch, sequence]. */
export interface Graph {
  readonly inputs: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly rank: number }[];
  readonly weights: readonly Weights[];
  readonly operators: readonly Operator[];
}

const float = 1;
const int64 = 7;

/** The bytes of a model file. */
export function onnxFile(graph: Graph): Buffer {
  return Buffer.concat([
    number(1, 8),
    part(8, Buffer.concat([text(1, ""), number(2, 17)])),
    part(
      7,
      Buffer.concat([
        ...graph.operators.map((operator) => part(1, node(operator))),
        text(2, "tiny"),
        ...graph.weights.map((weights) => part(5, tensor(weights))),
        ...graph.inputs.map((name) => part(11, value(name, int64, 2))),
        ...graph.outputs.map(({ name, rank }) => part(12, value(name, float, rank))),
      ]),
    ),
  ]);
}

function node({ kind, inputs, output, integers, lists }: Operator): Buffer {
  const attributes = [
    ...Object.entries(integers ?? {}).map(([name, content]) =>
      Buffer.concat([text(1, name), number(3, content), number(20, 2)]),
    ),
    ...Object.entries(lists ?? {}).map(([name, values]) =>
      Buffer.concat([text(1, name), ...values.map((content) => number(8, content)), number(20, 7)]),
    ),
  ];
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, output),
    text(4, kind),
    ...attributes.map((attribute) => part(5, attribute)),
  ]);
}

function tensor({ name, shape, values }: Weights): Buffer {
  return Buffer.concat([
    ...shape.map((size) => number(1, size)),
    number(2, float),
    text(8, name),
    part(9, Buffer.from(Float32Array.from(values).buffer)),
  ]);
}

function value(name: string, kind: number, rank: number): Buffer {
  const sizes = Array.from({ length: rank }, (_, at) => part(1, text(2, `${name}${at}`)));
  const tensorType = Buffer.concat([number(1, kind), part(2, Buffer.concat(sizes))]);
  return Buffer.concat([text(1, name), part(2, part(1, tensorType))]);
}

function part(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function text(field: number, content: string): Buffer {
  return part(field, Buffer.from(content));
}

function number(field: number, content: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(content)]);
}

function varint(content: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(content));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}
