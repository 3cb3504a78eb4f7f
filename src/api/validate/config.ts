import type { ConfigMap, Secret } from '../types/core.ts';
import { checkSyntax } from './checks.ts';
import { dataKey } from './names.ts';
import { invalid, required, tooLong, type FieldProblem } from './problem.ts';

/** All values of a ConfigMap or Secret together, in bytes. */
const sizeLimit = 1024 * 1024;

type Values = Readonly<Record<string, string>>;

/** Rules for ConfigMaps (core validation `ValidateConfigMap`). */
export function configMapProblems({ data = {}, binaryData = {} }: ConfigMap): FieldProblem[] {
  const twice = Object.keys(data)
    .filter((key) => Object.hasOwn(binaryData, key))
    .map((key) => invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  const problems = [...keyProblems('data', data), ...twice, ...keyProblems('binaryData', binaryData)];
  const size = sizeOf(Object.values(data)) + decodedSizeOf(Object.values(binaryData));
  return size > sizeLimit ? [...problems, tooLong('', sizeLimit)] : problems;
}

function keyProblems(path: string, values: Values): FieldProblem[] {
  return Object.keys(values).flatMap((key) => checkSyntax(`${path}[${key}]`, key, dataKey));
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** Of Base64: three bytes for each four letters. */
function decodedSizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.floor((text.replaceAll('=', '').length * 3) / 4), 0);
}

/** Keys that a Secret of a type must have, all of them. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
};

const accountAnnotation = 'kubernetes.io/service-account.name';

/** Rules for Secrets (core validation `ValidateSecret`), whose `stringData` counts as data. */
export function secretProblems(secret: Secret): FieldProblem[] {
  const { data = {}, stringData = {} } = secret;
  const values = { ...data, ...stringData };
  const size = decodedSizeOf(Object.values(data)) + sizeOf(Object.values(stringData));
  return [
    ...keyProblems('data', values),
    ...(size > sizeLimit ? [tooLong('data', sizeLimit)] : []),
    ...typeProblems(secret, values),
  ];
}

/** What a Secret must hold to be of its type. */
function typeProblems(secret: Secret, values: Values): FieldProblem[] {
  const { type = 'Opaque', metadata } = secret;
  const missing = (keys: readonly string[]): FieldProblem[] =>
    keys.filter((key) => !Object.hasOwn(values, key)).map((key) => required(`data[${key}]`));
  switch (type) {
    case 'kubernetes.io/basic-auth': {
      const problems = missing(['username', 'password']);
      return problems.length === 2 ? problems : [];
    }
    case 'kubernetes.io/ssh-auth':
      return (values['ssh-privatekey'] ?? '') === '' ? [required('data[ssh-privatekey]')] : [];
    case 'kubernetes.io/service-account-token':
      return metadata.annotations?.[accountAnnotation]
        ? []
        : [required(`metadata.annotations[${accountAnnotation}]`)];
    default: {
      const keys = (Object.hasOwn(requiredKeys, type) ? requiredKeys[type] : undefined) ?? [];
      return [...missing(keys), ...dockerProblems(secret, keys)];
    }
  }
}

/** What logs in at registries is JSON. */
function dockerProblems(
  { type = '', data = {}, stringData = {} }: Secret,
  keys: readonly string[],
): FieldProblem[] {
  const [key = ''] = keys;
  const encoded = data[key];
  const text =
    stringData[key] ?? (encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString());
  if (!type.startsWith('kubernetes.io/docker') || text === undefined || isJsonObject(text)) return [];
  return [invalid(`data[${key}]`, '<secret contents redacted>', 'must be a JSON object')];
}

function isJsonObject(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
