/** Bundles the program and the entry of its worker threads; scripts/build.ts uses it. */
import { build, type Metafile, type Plugin } from "esbuild";

/** The one package that stays a package: its native part is found beside it, and two bundled parts must share it. */
const native = "onnxruntime-node";

/**
 * The model library reads images through a native package that no text needs. It does not load without,
 * so that this stands in for it.
 */
const noImages: Plugin = {
  name: "no-images",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^sharp$/ }, () => ({ path: "sharp", namespace: "no-images" }));
    bundler.onLoad({ filter: /^sharp$/, namespace: "no-images" }, () => ({
      contents: 'export default () => { throw new Error("sidestep reads no images"); };',
    }));
  },
};

/**
 * An import of one of Node's modules reads all that it exports, and some of that loads what nobody asked for:
 * `node:http` alone brings the runtime's own fetch, 12 MB. Taken by name, each module stays what it is.
 */
const plainBuiltins: Plugin = {
  name: "plain-builtins",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : { path, external: true },
    );
    bundler.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}");`,
    }));
  },
};

/** CommonJS packages ask for Node's modules by `require`, which a module has not. */
const ownRequire =
  'import { createRequire as createOwnRequire } from "node:module"; ' +
  "const require = createOwnRequire(import.meta.url);";

/**
 * Writes `sidestep.js` and `inference-worker.js` into `out`, and beside them the parts that only some
 * commands load: what is not loaded need not be parsed. Tells what went into each.
 */
export async function bundle(root: string, out: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      sidestep: "proxy/main.ts",
      "inference-worker": "proxy/inference/inference-worker.ts",
    },
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    external: [native],
    plugins: [noImages, plainBuiltins],
    banner: { js: ownRequire },
    // Names and lines stay: what a stack names should be what the source names.
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return metafile;
}

/** Folders of the packages that have a share in the bundle, from the repository's root, in name order. */
export function bundledPackages({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  );
  const folders = inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
}
