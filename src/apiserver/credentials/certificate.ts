import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { addressBytes, parseAddress } from '../../lib/address.ts';
import {
  bitString,
  boolean,
  context,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  utf8String,
  type Der,
} from './der.ts';

/** Who signs certificates: a name and its key, NIST P-256. */
export interface Issuer {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** The groups of a client. */
  readonly organizations?: readonly string[];
  readonly publicKey: KeyObject;
  /** An authority that signs others, a server under these names and addresses, or a client. */
  readonly use:
    | { readonly authority: true }
    | { readonly hosts: readonly string[] }
    | { readonly client: true };
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

export function newKeyPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** An X.509 version 3 certificate (RFC 5280) in PEM, signed by the issuer with ECDSA and SHA-256. */
export function issueCertificate(issuer: Issuer, request: CertificateRequest): string {
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const body = sequence(
    context(0, integer(Uint8Array.of(2))),
    integer(serialNumber()),
    algorithm,
    nameOf(issuer.commonName),
    sequence(time(request.notBefore), time(request.notAfter)),
    nameOf(request.commonName, request.organizations),
    publicKeyInfo(request.publicKey),
    context(3, sequence(...extensionsOf(issuer, request))),
  );
  const signature = sign('sha256', body, { key: issuer.privateKey, dsaEncoding: 'der' });
  return pem(sequence(body, algorithm, bitString(signature)));
}

/** Twenty octets at most and never zero (section 4.1.2.2). */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function nameOf(commonName: string, organizations: readonly string[] = []): Der {
  const groups = organizations.map((name) => setOf(sequence(oid(oids.organization), utf8String(name))));
  return sequence(...groups, setOf(sequence(oid(oids.commonName), utf8String(commonName))));
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function extensionsOf(issuer: Issuer, request: CertificateRequest): Der[] {
  const identifiers = [
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifier(request.publicKey))),
    extension(oids.authorityKeyIdentifier, sequence(context(0, keyIdentifier(issuer.publicKey), false))),
  ];
  if ('authority' in request.use) {
    return [
      critical(oids.basicConstraints, sequence(boolean(true))),
      // keyCertSign and cRLSign: bits 5 and 6.
      critical(oids.keyUsage, bitString(Uint8Array.of(0b0000_0110), 1)),
      ...identifiers,
    ];
  }
  return [
    critical(oids.basicConstraints, sequence()),
    // digitalSignature: bit 0.
    critical(oids.keyUsage, bitString(Uint8Array.of(0b1000_0000), 7)),
    ...('client' in request.use
      ? [extension(oids.extendedKeyUsage, sequence(oid(oids.clientAuth)))]
      : [
          extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
          extension(oids.subjectAltName, sequence(...request.use.hosts.map(alternativeName))),
        ]),
    ...identifiers,
  ];
}

function extension(id: string, value: Der): Der {
  return sequence(oid(id), octetString(value));
}

function critical(id: string, value: Der): Der {
  return sequence(oid(id), boolean(true), octetString(value));
}

/** dNSName is [2], iPAddress is [7]. */
function alternativeName(host: string): Der {
  const address = parseAddress(host);
  if (address !== undefined) return context(7, addressBytes(address), false);
  return context(2, Buffer.from(host, 'latin1'), false);
}

/** Any identifier that tells keys apart will do (section 4.2.1.2). */
function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20);
}

function pem(der: Der): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
