import { readFileSync } from 'node:fs';
import type { Credentials } from '../apiserver/credentials/credentials.ts';
import { writePrivate } from '../apiserver/credentials/files.ts';
import { nodeUser } from '../apiserver/identity/user.ts';

/** Leaves the tokens of all nodes of a lab to the process that acts for them. */
export function writeNodeTokens(
  path: string,
  credentials: Credentials,
  nodes: readonly { readonly name: string }[],
): void {
  const tokens = nodes.map(({ name }) => [name, credentials.tokenOf(nodeUser(name).name)]);
  writePrivate(path, `${JSON.stringify(Object.fromEntries(tokens))}\n`);
}

/** Tokens by node. */
export function readNodeTokens(path: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>));
}
