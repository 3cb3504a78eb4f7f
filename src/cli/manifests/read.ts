import type { LoadOptions, Manifests } from './load.ts';

/** What `-f` named on this machine; nothing for no `-f`. The parser is loaded only when there is something to parse. */
export async function readManifests(paths: readonly string[], options: LoadOptions = {}): Promise<Manifests> {
  if (paths.length === 0) return { objects: [], gateways: [], ignored: [], problems: [] };
  const [{ loadManifests }, { createNodeManifestIo }] = await Promise.all([
    import('./load.ts'),
    import('./node-io.ts'),
  ]);
  return loadManifests(paths, createNodeManifestIo({ stdin: () => process.stdin }), options);
}
