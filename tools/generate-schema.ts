/**
 * Writes src/api/schema/kubernetes.json: names, types and requiredness of the fields of every kind that Weft
 * serves or accepts, read from the type declarations of the package kubernetes-models (which come from the
 * OpenAPI document of a Kubernetes release), and src/apiserver/openapi/descriptions.json.gz: what these types are
 * called there and what their fields are for. Run it after updating that package: node tools/generate-schema.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { apiVersionOf, resources } from '../src/api/resources.ts';
import { acceptedKinds } from '../src/api/schema/accepted.ts';

const target = new URL('../src/api/schema/kubernetes.json', import.meta.url);
const descriptionsTarget = new URL('../src/apiserver/openapi/descriptions.json.gz', import.meta.url);
const models = dirname(fileURLToPath(import.meta.resolve('kubernetes-models')));
const machinery = join(models, '../@kubernetes-models/apimachinery');

/** Fields that the OpenAPI document calls required although the API server takes objects without them. */
const notRequired: ReadonlySet<string> = new Set([
  'EndpointSlice.endpoints', // an empty slice is a slice
  'Event_.eventTime', // those of older recorders have none
  'EventSeries_.count', // absent is 0, which has a rule of its own
  'EventSeries_.lastObservedTime',
  'LimitRangeSpec.limits',
  'PriorityClass.value', // absent is 0
  'RoleRef.apiGroup', // has a default
]);

/** Numbers that may have a fraction; the declarations do not tell integers apart. */
const fractions: ReadonlySet<string> = new Set([
  'JSONSchemaProps.maximum',
  'JSONSchemaProps.minimum',
  'JSONSchemaProps.multipleOf',
]);

/** Declarations that are not plain objects. */
const special: Readonly<Record<string, string>> = {
  ITime: 'string',
  IMicroTime: 'string',
  IQuantity: 'quantity',
  IIntOrString: 'int-or-string',
  IFieldsV1: 'any',
  IRawExtension: 'any',
  // What a type declaration cannot say, as src/api/schema/schema.ts writes it.
  IJSON: 'any',
  IJSONSchemaPropsOrArray: '#JSONSchemaProps',
  IJSONSchemaPropsOrBool: '#JSONSchemaProps?',
  IJSONSchemaPropsOrStringArray: 'any',
};

/** Declared type name -> its fields: `name` or, when required, `name!` -> type. */
type Types = Record<string, Record<string, string>>;

/** Type name -> its name in the OpenAPI document as `$`, what it is as the empty field, what its fields are. */
type Descriptions = Record<string, Record<string, string>>;

/** Renders one object type after the other, following references, each declaration once. */
class Generator {
  readonly types: Types = {};
  readonly descriptions: Descriptions = {};
  readonly #files = new Map<string, ts.SourceFile>();
  readonly #names = new Map<string, string>();

  /** Name under which the interface of this file stands in `types`; renders it first where it is new. */
  object(file: string, name: string): string {
    const id = `${file} ${name}`;
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const declaration = this.#interface(file, name);
    let title = name.slice(1);
    while (title in this.types) title += '_';
    this.#names.set(id, title);
    const fields: Record<string, string> = {};
    this.types[title] = fields;
    const descriptions: Record<string, string> = {
      $: openapiName(file, name.slice(1)),
      '': descriptionOf(declaration),
    };
    this.descriptions[title] = descriptions;
    for (const member of declaration.members) {
      if (!ts.isPropertySignature(member) || !ts.isStringLiteral(member.name) || member.type === undefined)
        continue;
      const field = member.name.text;
      const required = member.questionToken === undefined && !notRequired.has(`${title}.${field}`);
      fields[required ? `${field}!` : field] = fractions.has(`${title}.${field}`)
        ? 'number'
        : this.#type(file, member.type);
      descriptions[field] = descriptionOf(member);
    }
    return title;
  }

  #type(file: string, node: ts.TypeNode): string {
    if (node.kind === ts.SyntaxKind.StringKeyword) return 'string';
    if (node.kind === ts.SyntaxKind.BooleanKeyword) return 'boolean';
    if (node.kind === ts.SyntaxKind.NumberKeyword) return 'integer';
    if (ts.isLiteralTypeNode(node)) return 'string';
    if (ts.isUnionTypeNode(node)) return enumeration(node);
    if (ts.isTypeLiteralNode(node)) return this.#map(file, node);
    if (ts.isTypeReferenceNode(node)) return this.#reference(file, node);
    throw new Error(`${file}: no rule for ${ts.SyntaxKind[node.kind]}`);
  }

  #map(file: string, node: ts.TypeLiteralNode): string {
    const [member] = node.members;
    if (member === undefined || !ts.isIndexSignatureDeclaration(member)) return 'any';
    return `{}${this.#type(file, member.type)}`;
  }

  #reference(file: string, node: ts.TypeReferenceNode): string {
    const name = node.typeName.getText(this.#source(file));
    const [argument] = node.typeArguments ?? [];
    if (name === 'Array' && argument !== undefined) return `[]${this.#type(file, argument)}`;
    const [declaredIn, declared] = this.#declaration(file, name);
    const known = special[declared];
    if (known !== undefined) return known;
    if (this.#interface(declaredIn, declared).members.length === 0) return 'any';
    return `#${this.object(declaredIn, declared)}`;
  }

  /** File and local name behind an imported name. */
  #declaration(file: string, name: string): [file: string, name: string] {
    for (const statement of this.#source(file).statements) {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
      const bindings = statement.importClause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
      if (!bindings.elements.some((element) => element.name.text === name)) continue;
      const from = fileOf(file, statement.moduleSpecifier.text);
      return [from, this.#localName(from, name)];
    }
    return [file, name];
  }

  /** The declarations export `IX` under a long name, which is what other files import. */
  #localName(file: string, exported: string): string {
    for (const statement of this.#source(file).statements) {
      if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) continue;
      if (!ts.isNamedExports(statement.exportClause)) continue;
      const found = statement.exportClause.elements.find((element) => element.name.text === exported);
      if (found !== undefined) return (found.propertyName ?? found.name).text;
    }
    return exported;
  }

  #interface(file: string, name: string): ts.InterfaceDeclaration {
    const found = this.#source(file).statements.find(
      (statement): statement is ts.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(statement) && statement.name.text === name,
    );
    if (found === undefined) throw new Error(`${file} declares no interface ${name}`);
    return found;
  }

  #source(file: string): ts.SourceFile {
    let source = this.#files.get(file);
    if (source === undefined) {
      source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
      this.#files.set(file, source);
    }
    return source;
  }
}

/** `'A' | 'B'` as `A|B`; the empty string, which stands for absence, is not one of the choices. */
function enumeration(node: ts.UnionTypeNode): string {
  const values = node.types.map((type) => {
    if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)) return type.literal.text;
    throw new Error(`no rule for a union of ${ts.SyntaxKind[type.kind]}`);
  });
  return values.filter((value) => value !== '').join('|');
}

/** `io.k8s.api.apps.v1.Deployment`, by the folder of the declaration. */
function openapiName(file: string, type: string): string {
  const machineryPath = relative(machinery, dirname(file));
  const [prefix, path] = machineryPath.startsWith('..')
    ? [apiPrefix(file), relative(models, dirname(file)).replace(/^v1$/, 'core/v1')]
    : ['io.k8s.apimachinery.pkg', machineryPath];
  const parts = path.split('/').map((part) => part.split('.', 1).join());
  return [prefix, ...parts, type].join('.');
}

function apiPrefix(file: string): string {
  return file.includes('/apiextensions.k8s.io/') ? 'io.k8s.apiextensions-apiserver.pkg.apis' : 'io.k8s.api';
}

/** The comment of a declaration as plain text; the declarations escape what Markdown would take for a mark. */
function descriptionOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = comment === undefined ? undefined : ts.getTextOfJSDocComment(comment.comment);
  return (text ?? '').replaceAll(/\\(?=[*_`[\]<>#])/g, '').trim();
}

function fileOf(importer: string, specifier: string): string {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier.replace(/\.js$/, '.d.ts'));
  return `${join(machinery, specifier.replace('@kubernetes-models/apimachinery/', ''))}.d.ts`;
}

/** The text of kubernetes.json: one line for each type, so that a difference shows what changed. */
export function generateSchema(): string {
  const { kinds, generator } = generate();
  const types = Object.entries(generator.types).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = types.map(([name, fields]) => `${JSON.stringify(name)}:${JSON.stringify(fields)}`);
  return `{"kinds":${JSON.stringify(kinds)},\n"types":{\n${lines.join(',\n')}\n}}\n`;
}

/** The text of descriptions.json.gz before it is packed. */
export function generateDescriptions(): string {
  return JSON.stringify(generate().generator.descriptions);
}

function generate(): { kinds: Record<string, string>; generator: Generator } {
  const served = Object.values(resources)
    .filter((resource) => resource.group !== 'weft.dev')
    .map((resource) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind }));
  const generator = new Generator();
  const kinds: Record<string, string> = {};
  for (const { apiVersion, kind } of [...served, ...acceptedKinds]) {
    kinds[`${apiVersion} ${kind}`] = generator.object(join(models, apiVersion, `${kind}.d.ts`), `I${kind}`);
  }
  return { kinds, generator };
}

if (import.meta.main) {
  writeFileSync(target, generateSchema());
  writeFileSync(descriptionsTarget, gzipSync(generateDescriptions(), { level: 9 }));
}
