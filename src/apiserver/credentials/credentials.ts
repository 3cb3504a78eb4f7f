import { createPrivateKey, createPublicKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { dirname, join } from 'node:path';
import { parseAddress } from '../../lib/address.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import type { Token } from '../http/authenticate.ts';
import type { Certificates } from '../http/listen.ts';
import { signingKeyOf, type SigningKey } from '../identity/jwt.ts';
import { mastersGroup, type User } from '../identity/user.ts';
import { issueCertificate, newKeyPair, type Issuer } from './certificate.ts';
import { makePrivateDirectory, readIfPresent, writePrivate } from './files.ts';
import { kubeconfigText } from './kubeconfig.ts';

export interface CredentialsOptions {
  /** Where they are kept, mode 0700; what is there and still good is used again. */
  readonly directory: string;
  /** Names and addresses that the server is reached by, besides those it always has. */
  readonly hosts: readonly string[];
  /** Who else has a credential of their own, besides the administrator. */
  readonly users?: readonly User[];
  readonly clock?: Clock;
}

/** What the API server shows, and what its administrator needs to reach it. */
export interface Credentials {
  readonly certificates: Certificates;
  readonly tokens: readonly Token[];
  /** The port of the last kubeconfig written; a restarted server listens there again. */
  readonly rememberedPort: number | undefined;
  /** How a client on this machine reaches the server on this port. */
  access(port: number): { readonly server: string; readonly ca: string; readonly token: string };
  /** The token of one of the users. */
  tokenOf(user: string): string;
  /** Signs the tokens of service accounts; made when it is first needed. */
  readonly signingKey: () => SigningKey;
  /** A client certificate for a user and its groups, of this many days; PEM texts. */
  issueClient(user: User, days: number): { readonly certificate: string; readonly key: string };
  /** Writes a kubeconfig of mode 0600 for one of the users. */
  writeUserKubeconfig(path: string, options: { readonly user: string; readonly port: number }): void;
  /** Writes a kubeconfig of mode 0600 with the authority and the token embedded, and remembers the port. */
  writeKubeconfig(path: string, options: { readonly name: string; readonly port: number }): void;
}

const alwaysHosts = [
  '127.0.0.1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Throws `credentials-unreadable` when files are there but cannot be read. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { directory } = options;
  makePrivateDirectory(directory);
  const now = (options.clock ?? systemClock).now();
  const hosts = [...new Set([...alwaysHosts, ...options.hosts])];
  const authority = loadAuthority(directory, now);
  const server = loadServer(directory, { authority, hosts, now });
  const token = loadToken(directory);
  const users = options.users ?? [];
  const tokens = loadUserTokens(
    directory,
    users.map(({ name }) => name),
  );
  const tokenOf = (user: string): string => tokens[user] ?? '';
  let signingKey: SigningKey | undefined;
  const portFile = join(directory, 'port');
  return {
    certificates: { ...server, clientAuthority: authority.certificate },
    tokens: [
      { token, user: { name: 'admin', groups: [mastersGroup] } },
      ...users.map((user) => ({ token: tokenOf(user.name), user })),
    ],
    tokenOf,
    signingKey: () => (signingKey ??= loadSigningKey(directory)),
    issueClient(user, days) {
      const pair = newKeyPair();
      const certificate = issueCertificate(authority, {
        commonName: user.name,
        organizations: user.groups,
        publicKey: pair.publicKey,
        use: { client: true },
        ...period(now, days),
      });
      return { certificate, key: pemOf(pair.privateKey) };
    },
    writeUserKubeconfig(path, { user, port }) {
      const own = { name: user, server: urlOf(port), ca: authority.certificate, token: tokenOf(user) };
      writePrivate(path, kubeconfigText(own));
    },
    rememberedPort: portIn(readIfPresent(portFile)),
    access: (port) => ({ server: urlOf(port), ca: authority.certificate, token }),
    writeKubeconfig(path, { name, port }) {
      makePrivateDirectory(dirname(path));
      writePrivate(path, kubeconfigText({ name, server: urlOf(port), ca: authority.certificate, token }));
      writePrivate(portFile, `${port}\n`);
    },
  };
}

function urlOf(port: number): string {
  return `https://127.0.0.1:${port}`;
}

function portIn(text: string | undefined): number | undefined {
  const port = Number(text?.trim());
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : undefined;
}

interface Authority extends Issuer {
  readonly certificate: string;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 365;
/** Renewed when less of its life is left than this. */
const renewalDays = 30;

function loadAuthority(directory: string, now: number): Authority {
  const [certificate, key] = readPair(directory, 'ca');
  const parsed = parsePair(certificate, key);
  if (parsed !== undefined && lives(parsed.certificate, now)) {
    return issuerOf(parsed.privateKey, {
      certificate: certificate ?? '',
      commonName: commonNameOf(parsed.certificate),
    });
  }
  const pair = newKeyPair();
  // A name of its own, so that a client with an old authority says "unknown" and not "bad signature".
  const commonName = `weft-ca-${randomBytes(4).toString('hex')}`;
  const issuer = { commonName, ...pair };
  const text = issueCertificate(issuer, {
    commonName,
    publicKey: pair.publicKey,
    use: { authority: true },
    ...period(now, authorityDays),
  });
  writePair(directory, 'ca', { certificate: text, key: pair.privateKey });
  return { ...issuer, certificate: text };
}

function loadServer(
  directory: string,
  { authority, hosts, now }: { authority: Authority; hosts: readonly string[]; now: number },
): Certificates {
  const [certificate, key] = readPair(directory, 'server');
  const parsed = parsePair(certificate, key);
  if (
    parsed !== undefined &&
    lives(parsed.certificate, now) &&
    serves(parsed.certificate, { authority, hosts })
  ) {
    return { certificate: certificate ?? '', key: key ?? '' };
  }
  const pair = newKeyPair();
  const text = issueCertificate(authority, {
    commonName: 'weft-apiserver',
    publicKey: pair.publicKey,
    use: { hosts },
    ...period(now, serverDays),
  });
  return {
    certificate: text,
    key: writePair(directory, 'server', { certificate: text, key: pair.privateKey }),
  };
}

function loadToken(directory: string): string {
  const path = join(directory, 'admin.token');
  const known = readIfPresent(path)?.trim();
  if (known !== undefined && isToken(known)) return known;
  const token = newToken();
  writePrivate(path, `${token}\n`);
  return token;
}

/** Random tokens by user, in one file; those that are damaged or missing are made anew. */
function loadUserTokens(directory: string, users: readonly string[]): Readonly<Record<string, string>> {
  if (users.length === 0) return {};
  const path = join(directory, 'users.json');
  const known = parseTokens(readIfPresent(path));
  const missing = users.filter((user) => known[user] === undefined);
  if (missing.length === 0) return known;
  const tokens = { ...known, ...Object.fromEntries(missing.map((user) => [user, newToken()])) };
  writePrivate(path, `${JSON.stringify(tokens, null, 2)}\n`);
  return tokens;
}

function parseTokens(text: string | undefined): Record<string, string> {
  try {
    const entries = Object.entries(JSON.parse(text ?? '{}') as object);
    return Object.fromEntries(entries.filter(([, token]) => typeof token === 'string' && isToken(token)));
  } catch {
    return {};
  }
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** The key that signs tokens of service accounts: a restart accepts those of before. */
function loadSigningKey(directory: string): SigningKey {
  const path = join(directory, 'service-accounts.key');
  const known = readIfPresent(path);
  try {
    if (known !== undefined) return signingKeyOf(createPrivateKey(known));
  } catch {
    // Damaged: a new one is made, and the tokens of before are worth nothing.
  }
  const { privateKey } = newKeyPair();
  writePrivate(path, pemOf(privateKey));
  return signingKeyOf(privateKey);
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Clocks are set back, and this far where a machine forgot the time while it was off. */
const longAgo = Date.UTC(1970, 0);
/** No machine that runs this is earlier; one whose clock says so is about to be told the time. */
const surelyPast = Date.UTC(2026, 0);

/**
 * The authority is the lab's own, so nothing is gained by a late beginning; and a clock that jumps must neither shut
 * out the clients of a server that runs nor, at its next start, make it another authority.
 */
function period(now: number, days: number): { notBefore: number; notAfter: number } {
  return {
    notBefore: longAgo,
    notAfter: Math.max(surelyPast, now) + days * dayMs,
  };
}

function readPair(directory: string, name: string): [string | undefined, string | undefined] {
  return [readIfPresent(join(directory, `${name}.crt`)), readIfPresent(join(directory, `${name}.key`))];
}

/** Writes the certificate and its key; returns the key in PEM. */
function writePair(directory: string, name: string, pair: { certificate: string; key: KeyObject }): string {
  const key = pemOf(pair.key);
  writePrivate(join(directory, `${name}.key`), key);
  writePrivate(join(directory, `${name}.crt`), pair.certificate);
  return key;
}

interface Pair {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

/** Undefined when a half is missing, damaged or not the other's. */
function parsePair(certificate: string | undefined, key: string | undefined): Pair | undefined {
  if (certificate === undefined || key === undefined) return undefined;
  try {
    const pair = { certificate: new X509Certificate(certificate), privateKey: createPrivateKey(key) };
    return pair.certificate.checkPrivateKey(pair.privateKey) ? pair : undefined;
  } catch {
    return undefined;
  }
}

function issuerOf(privateKey: KeyObject, known: { certificate: string; commonName: string }): Authority {
  return { ...known, privateKey, publicKey: createPublicKey(privateKey) };
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}

function lives(certificate: X509Certificate, now: number): boolean {
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  return from <= now && now < until - renewalDays * dayMs;
}

function serves(
  certificate: X509Certificate,
  { authority, hosts }: { authority: Authority; hosts: readonly string[] },
): boolean {
  if (!certificate.verify(authority.publicKey)) return false;
  return hosts.every(
    (host) =>
      (parseAddress(host) === undefined ? certificate.checkHost(host) : certificate.checkIP(host)) !==
      undefined,
  );
}
