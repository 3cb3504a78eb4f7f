import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { ServerAccess } from './options.ts';

/**
 * What a context of a kubeconfig (clientcmd.v1), the current one unless another is named, says: server, authority,
 * and a token or client certificate, embedded or in files named relative to it. Rejects with `kubeconfig-invalid`;
 * users that get their credentials from another program or a password are refused.
 */
export async function loadKubeconfig(path: string, contextName?: string): Promise<ServerAccess> {
  const { cluster, user } = await readContext(path, contextName);
  return { ...(await clusterAccess(path, cluster)), ...(await userAccess(path, user)) };
}

/**
 * The text of a kubeconfig with that context alone, and nothing in other files but a token that is renewed in its own.
 * Rejects as `loadKubeconfig`.
 */
export async function isolateKubeconfig(path: string, contextName?: string): Promise<string> {
  const { cluster, user } = await readContext(path, contextName);
  const access = { ...(await clusterAccess(path, cluster)), ...(await userAccess(path, user)) };
  const tokenFile = textIn(user, 'tokenFile');
  return kubeconfigText(contextName ?? 'cluster', access, {
    token: textIn(user, 'token'),
    tokenFile: tokenFile && resolve(dirname(path), tokenFile),
    'client-certificate-data': base64(access.cert),
    'client-key-data': base64(access.key),
  });
}

/** The namespace of that context, where it has one. Rejects as `loadKubeconfig`. */
export async function kubeconfigNamespace(path: string, contextName?: string): Promise<string | undefined> {
  return (await readContext(path, contextName)).namespace;
}

/** The text of a kubeconfig for somebody whose token is in a file, on the same server. */
export function kubeconfigOfToken(
  access: ServerAccess,
  { name, tokenFile }: { readonly name: string; readonly tokenFile: string },
): string {
  return kubeconfigText(name, access, { tokenFile });
}

/** In JSON, which is YAML and quotes every name rightly. */
function kubeconfigText(
  name: string,
  { server, ca, serverName, insecure }: ServerAccess,
  user: object,
): string {
  const cluster = {
    server,
    'certificate-authority-data': base64(ca),
    'tls-server-name': serverName,
    'insecure-skip-tls-verify': insecure,
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster }],
    users: [{ name, user }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function base64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString('base64');
}

/** The cluster, the user and the namespace of a context. */
async function readContext(
  path: string,
  named: string | undefined,
): Promise<{ readonly cluster: Fields; readonly user: Fields; readonly namespace: string | undefined }> {
  const config = await parseConfig(path);
  const contextName = named ?? textIn(config, 'current-context');
  if (contextName === undefined)
    throw invalid(path, 'it has no current-context', 'choose one with: kubectl config use-context');
  const context = entryIn(config, { list: 'contexts', name: contextName, field: 'context', path });
  const clusterName = textIn(context, 'cluster') ?? '';
  const cluster = entryIn(config, { list: 'clusters', name: clusterName, field: 'cluster', path });
  const userName = textIn(context, 'user');
  const user =
    userName === undefined ? {} : entryIn(config, { list: 'users', name: userName, field: 'user', path });
  return { cluster, user, namespace: textIn(context, 'namespace') };
}

type Fields = Readonly<Record<string, unknown>>;

async function parseConfig(path: string): Promise<Fields> {
  const text = await readText(path, path);
  let config: unknown;
  try {
    // JSON is YAML too, and needs no parser to be loaded.
    config = text.trimStart().startsWith('{') ? JSON.parse(text) : (await import('yaml')).parse(text);
  } catch (thrown) {
    throw invalid(path, messageOf(thrown));
  }
  if (isFields(config)) return config;
  throw invalid(path, 'it is not a kubeconfig');
}

async function clusterAccess(path: string, cluster: Fields): Promise<ServerAccess> {
  const server = textIn(cluster, 'server');
  if (server === undefined || !URL.canParse(server)) throw invalid(path, 'the cluster has no server address');
  const ca = await pemIn(path, cluster, 'certificate-authority');
  const serverName = textIn(cluster, 'tls-server-name');
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
  };
}

async function userAccess(path: string, user: Fields): Promise<Omit<ServerAccess, 'server'>> {
  for (const unsupported of ['exec', 'auth-provider', 'username']) {
    if (user[unsupported] === undefined) continue;
    const hint =
      'make a kubeconfig with a token, for example of a service account, or with a client certificate';
    throw invalid(path, `credentials by "${unsupported}" are not supported`, hint);
  }
  const cert = await pemIn(path, user, 'client-certificate');
  const key = await pemIn(path, user, 'client-key');
  const token = textIn(user, 'token') ?? tokenFrom(path, textIn(user, 'tokenFile'));
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
  };
}

/** Service account tokens are renewed in their file, so it is read for every request. */
function tokenFrom(path: string, file: string | undefined): (() => string) | undefined {
  if (file === undefined) return undefined;
  const absolute = resolve(dirname(path), file);
  return () => {
    try {
      return readFileSync(absolute, 'utf8').trim();
    } catch (thrown) {
      throw invalid(path, messageOf(thrown));
    }
  };
}

/** PEM text of `FIELD-data` (base64), or of the file that `FIELD` names. */
async function pemIn(path: string, fields: Fields, field: string): Promise<string | undefined> {
  const data = textIn(fields, `${field}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString();
  const file = textIn(fields, field);
  return file === undefined ? undefined : readText(path, resolve(dirname(path), file));
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw invalid(path, messageOf(thrown), 'check the path, or set KUBECONFIG');
  }
}

function entryIn(
  config: Fields,
  { list, name, field, path }: { list: string; name: string; field: string; path: string },
): Fields {
  const entries: unknown = config[list];
  const entry = Array.isArray(entries)
    ? entries.filter(isFields).find((one) => one['name'] === name)
    : undefined;
  const value = entry?.[field];
  if (isFields(value)) return value;
  throw invalid(path, `its ${list} do not have ${JSON.stringify(name)}`);
}

function textIn(fields: Fields, field: string): string | undefined {
  const value = fields[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(path: string, why: string, hint?: string): WeftError {
  const options = { fault: 'input', ...(hint === undefined ? {} : { hint }) } as const;
  return new WeftError('kubeconfig-invalid', `the kubeconfig ${path} cannot be used: ${why}`, options);
}
