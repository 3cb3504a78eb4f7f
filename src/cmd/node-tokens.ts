import { readFileSync } from 'node:fs';
import type { Credentials } from '../apiserver/credentials/credentials.ts';
import { writePrivate } from '../apiserver/credentials/files.ts';
import { nodeUser } from '../apiserver/identity/user.ts';
import { accountName, nodeRole } from '../lab/cluster/accounts.ts';
import { labPlaces, type LabOptions } from '../lab/options.ts';
import type { LabPaths } from '../lab/paths.ts';

/** Leaves the tokens of all nodes of a lab to the process that acts for them. */
export function writeNodeTokens(
  path: string,
  credentials: Credentials,
  nodes: readonly { readonly name: string }[],
): void {
  const tokens = nodes.map(({ name }) => [name, credentials.tokenOf(nodeUser(name).name)]);
  writePrivate(path, `${JSON.stringify(Object.fromEntries(tokens))}\n`);
}

/** Tokens by node, or how to get the current one. */
export function nodeTokens(
  paths: LabPaths,
  options: LabOptions,
): ReadonlyMap<string, string | (() => string)> {
  const { cluster } = options;
  if (cluster === undefined) {
    return new Map(
      Object.entries(JSON.parse(readFileSync(paths.nodeTokens, 'utf8')) as Record<string, string>),
    );
  }
  return new Map(
    labPlaces(options).map(({ name }) => {
      const path = paths.accountToken(accountName(options.name, nodeRole(name)));
      return [name, () => readFileSync(path, 'utf8')];
    }),
  );
}
