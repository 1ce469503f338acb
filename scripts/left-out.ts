/**
 * What dependencies bring along and the operator never calls, kept out of its bundle: two thirds of its size, a quarter of its memory.
 *
 * A stand-in that is called after all throws a sentence. Whoever subclasses `KubeOperator` from the sources has everything.
 */
import type { Plugin } from 'esbuild';

interface LeftOut {
  readonly path: RegExp;
  readonly importer: RegExp;
  /** A CommonJS module in its place. */
  readonly contents: string;
}

const missing = (what: string): string => `class { constructor() { throw new Error(${JSON.stringify(`${what} is not in this bundle; scripts/left-out.ts says why.`)}); } }`;

const leftOut: readonly LeftOut[] = [
  {
    // The base class makes a client of its own, which KubeOperator replaces at once; with it come the classes of all API groups.
    path: /^@kubernetes\/client-node$/,
    importer: /@dot-i\/k8s-operator/,
    contents: `class CoreV1Api {}
      exports.KubeConfig = class { loadFromDefault() {} makeApiClient(Api) { return new Api(); } };
      exports.CoreV1Api = CoreV1Api;
      exports.ApiextensionsV1Api = ${missing('ApiextensionsV1Api')};`,
  },
  // Its two requests are those that KubeOperator replaces.
  { path: /^gaxios$/, importer: /@dot-i\/k8s-operator/, contents: `exports.instance = { request: ${missing('gaxios')} };` },
  // KubeConfig needs it for fetch; KubeOperator asks for the options of node:https.
  { path: /^undici$/, importer: /@kubernetes\/client-node/, contents: `exports.Agent = exports.ProxyAgent = ${missing('undici')};` },
];

/** Modules of client-node that nothing is imported from are dropped, which its package.json does not allow by itself. */
const fromClientNode = /@kubernetes\/client-node/;

export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: /^(@kubernetes\/client-node|gaxios|undici)$/ }, ({ path, importer }) => {
      const position = leftOut.findIndex((row) => row.path.test(path) && row.importer.test(importer));
      return position < 0 ? undefined : { path: String(position), namespace: 'left-out' };
    });
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: leftOut[Number(path)]?.contents ?? '', loader: 'js' }));
    build.onResolve({ filter: /^(\.|@kubernetes\/client-node$)/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === leaveOut || !fromClientNode.test(`${path} ${importer}`)) return undefined;
      const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: leaveOut });
      return { path: found.path, sideEffects: false };
    });
  },
};
