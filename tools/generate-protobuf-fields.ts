/**
 * Writes src/apiserver/protobuf/fields.json: the numbers, JSON names and types of the protobuf fields of the
 * kinds that Weft serves, read from the Go modules k8s.io/api and k8s.io/apimachinery:
 *
 *     node tools/generate-protobuf-fields.ts "$(go env GOMODCACHE)/k8s.io/api@v0.36.3" \
 *       "$(go env GOMODCACHE)/k8s.io/apimachinery@v0.36.3"
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiVersionOf } from '../src/api/resources.ts';
import { servedResources } from '../src/api/served.ts';

/** Message -> field number -> `JSONNAME TYPE`; see decode.ts for the notation. */
type Fields = Record<string, Record<string, string>>;

const roots = process.argv.slice(2);
const output = new URL('../src/apiserver/protobuf/fields.json', import.meta.url);

/** `k8s.io.api.core.v1` -> `core.v1`; `k8s.io.apimachinery.pkg.apis.meta.v1` -> `meta.v1`. */
function shortName(name: string): string {
  return name.replace(/^\.?k8s\.io\.(api\.|apimachinery\.pkg\.(apis\.)?)/, '');
}

/** `STRUCT NUMBER` -> JSON name, with a `*` where a zero value is told from an absent one, by the Go types. */
function jsonNames(directory: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const file of globSync(join(directory, '*.go'))) {
    let struct = '';
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      struct = /^type (\w+) struct/.exec(line)?.[1] ?? struct;
      const field = goField(line);
      if (field !== undefined) names.set(`${struct} ${field.number}`, field.name);
    }
  }
  return names;
}

/** A line such as `Replicas *int32 `json:"replicas,omitempty" protobuf:"varint,1,opt,name=replicas"``. */
function goField(line: string): { number: string; name: string } | undefined {
  const type = /^\s+\w*\s*(\S+)\s+`.*`/.exec(line)?.[1];
  const [, name = '', options = ''] = /json:"([^",]*)([^"]*)"/.exec(line) ?? [];
  const number = /protobuf:"\w+,(\d+)/.exec(line)?.[1];
  if (type === undefined || number === undefined) return undefined;
  const keepsZero = name !== '' && (type.startsWith('*') || !options.includes('omitempty'));
  return { number, name: keepsZero ? `${name}*` : name };
}

function readProto(file: string, fields: Fields): void {
  const text = readFileSync(file, 'utf8');
  const own = shortName(/^package (\S+);/m.exec(text)?.[1] ?? '');
  const names = jsonNames(dirname(file));
  for (const [, message = '', body = ''] of text.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)) {
    fields[`${own}.${message}`] = Object.fromEntries(
      [...body.matchAll(fieldPattern)].map((match) => {
        const [, shape = 'optional ', item = '', name = '', number = ''] = match;
        const json = names.get(`${message} ${number}`) ?? name;
        return [number, `${json} ${prefixes[shape] ?? ''}${qualified(item, own)}`];
      }),
    );
  }
}

/** `optional string name = 1;`, `repeated Port ports = 2;`, `map<string, bytes> data = 3;` */
const fieldPattern = /^ {2}(optional |repeated |map<string, )?([\w.]+)>? (\w+) = (\d+)/gm;

const prefixes: Readonly<Record<string, string>> = { 'repeated ': '[]', 'map<string, ': '{}' };

function qualified(type: string, own: string): string {
  if (/^(string|bool|bytes|double|u?int(32|64))$/.test(type)) return type;
  return type.includes('.') ? shortName(type) : `${own}.${type}`;
}

function reachable(fields: Fields, from: string[]): Fields {
  const result: Fields = {};
  const visit = (name: string): void => {
    const own = fields[name];
    if (own === undefined || Object.hasOwn(result, name)) return;
    result[name] = own;
    for (const field of Object.values(own)) visit(field.replace(/^\S* (\[\]|\{\})?/, ''));
  };
  from.forEach(visit);
  return result;
}

const all: Fields = {};
for (const root of roots) for (const file of globSync(join(root, '**/generated.proto'))) readProto(file, all);
const kinds = servedResources
  // Clients write these in JSON.
  .filter(
    ({ group }) => !['weft.dev', 'apiextensions.k8s.io', 'admissionregistration.k8s.io'].includes(group),
  )
  .map(
    (resource) =>
      [
        `${apiVersionOf(resource)} ${resource.kind}`,
        `${resource.group.split('.')[0] || 'core'}.${resource.version}.${resource.kind}`,
      ] as const,
  );
const more = [
  ['autoscaling/v1 Scale', 'autoscaling.v1.Scale'],
  ['v1 Binding', 'core.v1.Binding'],
  ['v1 DeleteOptions', 'meta.v1.DeleteOptions'],
  ['meta.k8s.io/v1 DeleteOptions', 'meta.v1.DeleteOptions'],
  ...['SelfSubjectReview', 'TokenRequest', 'TokenReview'].map(
    (kind) => [`authentication.k8s.io/v1 ${kind}`, `authentication.v1.${kind}`] as const,
  ),
  ...[
    'LocalSubjectAccessReview',
    'SelfSubjectAccessReview',
    'SelfSubjectRulesReview',
    'SubjectAccessReview',
  ].map((kind) => [`authorization.k8s.io/v1 ${kind}`, `authorization.v1.${kind}`] as const),
] as const;
const messageOf = Object.fromEntries([...kinds, ...more]);
for (const [kind, message] of Object.entries(messageOf)) {
  if (all[message] === undefined) throw new Error(`no message ${message} for ${kind}`);
}
const messages = reachable(all, Object.values(messageOf));
writeFileSync(output, `${JSON.stringify({ kinds: messageOf, messages })}\n`);
