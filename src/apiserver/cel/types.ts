/** A type of CEL. `most` is how many characters, items or entries a value may have, where that is known. */
export type CelType =
  | { readonly kind: 'dyn' | 'bool' | 'int' | 'uint' | 'double' | 'null' | 'timestamp' | 'duration' | 'type' }
  /** Of what is wrong already: it is as good as `dyn`. */
  | { readonly kind: 'dyn'; readonly isError: true }
  | { readonly kind: 'string' | 'bytes'; readonly most?: number }
  | { readonly kind: 'list'; readonly item: CelType; readonly most?: number }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType; readonly most?: number }
  | { readonly kind: 'optional'; readonly of: CelType }
  | { readonly kind: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, CelType> }
  | { readonly kind: 'opaque'; readonly name: string }
  /** Stands for one type throughout a signature. */
  | { readonly kind: 'param'; readonly name: string };

const simple = [
  'dyn',
  'bool',
  'int',
  'uint',
  'double',
  'null',
  'timestamp',
  'duration',
  'type',
  'string',
  'bytes',
] as const;

export const types = Object.fromEntries(simple.map((kind) => [kind, { kind }])) as {
  readonly [K in (typeof simple)[number]]: CelType & { readonly kind: K };
};

export function listOf(item: CelType, most?: number): CelType {
  return { kind: 'list', item, ...(most !== undefined && { most }) };
}

export function mapOf(key: CelType, value: CelType, most?: number): CelType {
  return { kind: 'map', key, value, ...(most !== undefined && { most }) };
}

/** What the types of Kubernetes' libraries are called, by how signatures call them. */
export const opaqueNames: Readonly<Record<string, string>> = {
  url: 'kubernetes.URL',
  quantity: 'kubernetes.Quantity',
  semver: 'kubernetes.Semver',
  format: 'kubernetes.NamedFormat',
  ip: 'net.IP',
  cidr: 'net.CIDR',
};

/** A type as messages write it. */
export function typeText(type: CelType): string {
  if (type.kind === 'list') return `list(${typeText(type.item)})`;
  if (type.kind === 'map') return `map(${typeText(type.key)}, ${typeText(type.value)})`;
  if (type.kind === 'optional') return `optional_type(${typeText(type.of)})`;
  if ('name' in type) return type.kind === 'opaque' ? (opaqueNames[type.name] ?? type.name) : type.name;
  return 'isError' in type ? '!error!' : type.kind;
}

/** Reads types as signatures write them: `list<A>`, `map<string, A>`, `optional<A>`, `url`; one capital is any type. */
export function typeOf(text: string): CelType {
  const trimmed = text.trim();
  const [, outer, inner = ''] = /^(list|map|optional)<(.*)>$/.exec(trimmed) ?? [];
  if (outer === 'list') return listOf(typeOf(inner));
  if (outer === 'optional') return { kind: 'optional', of: typeOf(inner) };
  if (outer === 'map') {
    const comma = inner.indexOf(',');
    return mapOf(typeOf(inner.slice(0, comma)), typeOf(inner.slice(comma + 1)));
  }
  if (/^[A-Z]$/.test(trimmed)) return { kind: 'param', name: trimmed };
  const kind = simple.find((one) => one === trimmed);
  return kind === undefined ? { kind: 'opaque', name: trimmed } : types[kind];
}

/** What the params of one signature stand for. */
export type Binding = Map<string, CelType>;

const nullable = new Set(['object', 'timestamp', 'duration', 'opaque', 'optional', 'null', 'dyn']);

/**
 * Whether a value of a type may stand where another is wanted; params of what is wanted are bound on the way.
 * Where either is `dyn` only the value will tell.
 */
export function fits(given: CelType, wanted: CelType, binding: Binding): boolean {
  if (wanted.kind === 'param') return fitsParam(given, wanted.name, binding);
  if (given.kind === 'dyn' || wanted.kind === 'dyn') return true;
  if (given.kind === 'null' && nullable.has(wanted.kind)) return true;
  if (given.kind !== wanted.kind) return false;
  if ('name' in given && 'name' in wanted) return given.name === wanted.name;
  const [parts, others] = [partsOf(given), partsOf(wanted)];
  return parts.every((part, i) => fits(part, others[i] ?? part, binding));
}

/** The types that a type is made of. */
function partsOf(type: CelType): readonly CelType[] {
  if (type.kind === 'list') return [type.item];
  if (type.kind === 'map') return [type.key, type.value];
  return type.kind === 'optional' ? [type.of] : [];
}

function fitsParam(given: CelType, name: string, binding: Binding): boolean {
  const bound = binding.get(name);
  if (bound === undefined || bound.kind === 'dyn') {
    if (bound === undefined) binding.set(name, given);
    return true;
  }
  if (fits(given, bound, binding)) {
    if (given.kind !== 'dyn') binding.set(name, wider(bound, given));
    return true;
  }
  // The first may be a null where the second says of what.
  if (!fits(bound, given, binding)) return false;
  binding.set(name, given);
  return true;
}

/** Of two types that fit each other the one that promises less. */
function wider(one: CelType, other: CelType): CelType {
  if (one.kind === 'null') return other;
  if (one.kind === 'list' && other.kind === 'list') {
    if (one.item.kind === 'dyn') return one;
    return listOf(wider(one.item, other.item), most(one.most, other.most));
  }
  if (isText(one) && isText(other)) {
    const limit = most(one.most, other.most);
    return { kind: one.kind, ...(limit !== undefined && { most: limit }) };
  }
  return one;
}

function isText(type: CelType): type is { kind: 'string' | 'bytes'; most?: number } {
  return type.kind === 'string' || type.kind === 'bytes';
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}

/** The type with params replaced by what they were bound to; unbound ones are anything. */
export function resolved(type: CelType, binding: Binding): CelType {
  if (type.kind === 'param') return binding.get(type.name) ?? types.dyn;
  if (type.kind === 'list') return listOf(resolved(type.item, binding));
  if (type.kind === 'map') return mapOf(resolved(type.key, binding), resolved(type.value, binding));
  return type.kind === 'optional' ? { kind: 'optional', of: resolved(type.of, binding) } : type;
}
