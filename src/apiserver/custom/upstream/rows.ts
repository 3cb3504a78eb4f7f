/**
 * For every rule of the upstream definitions, told apart by its message: a value that it accepts and one that it
 * rejects, as its text says. With `before` the rule is about a change.
 */
export interface Row {
  readonly accepted: unknown;
  readonly rejected: unknown;
  readonly before?: unknown;
}

const parent = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'a' };
const target = { group: '', kind: 'Service', name: 'a' };
const listener = { name: 'a', port: 80, protocol: 'HTTP' };
const tls = { mode: 'Terminate', certificateRefs: [{ name: 'c' }] };
const header = { set: [{ name: 'x', value: 'y' }] };
const mirror = { backendRef: { name: 'b', port: 80 } };
const extension = { group: 'example.com', kind: 'Filter', name: 'f' };
const requestHeader = { type: 'RequestHeaderModifier', requestHeaderModifier: header };
const responseHeader = { type: 'ResponseHeaderModifier', responseHeaderModifier: header };
const prefix = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' };
const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'example.com' } };
const rewrite = { type: 'URLRewrite', urlRewrite: { hostname: 'example.com' } };
const cors = { type: 'CORS', cors: { allowOrigins: ['https://example.com'] } };
const auth = { backendRef: { name: 'b', port: 80 } };
const grpcAuth = { ...auth, protocol: 'GRPC', grpc: {} };
const httpAuth = { ...auth, protocol: 'HTTP', http: {} };
const prefixMatch = { path: { type: 'PathPrefix', value: '/a' } };
const exactMatch = { path: { type: 'Exact', value: '/a' } };
const long = `${'a'.repeat(60)}.`.repeat(5);

const value = (accepted: unknown, rejected: unknown): Row => ({ accepted, rejected });
const change = (before: unknown, accepted: unknown, rejected: unknown): Row => ({
  before,
  accepted,
  rejected,
});

/** A filter may have what its type says and nothing else, and must have that. */
function filter(type: string, field: string, content: unknown): Record<string, Row> {
  const right = { type, [field]: content };
  const other = type === 'ExtensionRef' ? requestHeader : { type: 'ExtensionRef', extensionRef: extension };
  return {
    [`filter.${field} must be nil if the filter.type is not ${type}`]: value(right, {
      ...other,
      [field]: content,
    }),
    [`filter.${field} must be specified for ${type} filter.type`]: value(right, { type }),
  };
}

/** A path of the types that stand for themselves; any text may be a regular expression. */
function path(rejected: string): Row {
  return value({ type: 'Exact', value: '/a/b' }, { type: 'PathPrefix', value: rejected });
}

/** A replaced path with one rule broken. */
const replaceFull = { type: 'ReplaceFullPath', replaceFullPath: '/a' };

const matches = (count: number): object => ({ matches: Array.from({ length: count }, () => ({})) });

export const rows: Readonly<Record<string, Row>> = {
  'Must have port for Service reference': value(
    { name: 'a', kind: 'Service', group: '', port: 80 },
    { name: 'a', kind: 'Service', group: '' },
  ),
  "replaceFullPath must be specified when type is set to 'ReplaceFullPath'": value(replaceFull, {
    type: 'ReplaceFullPath',
  }),
  "type must be 'ReplaceFullPath' when replaceFullPath is set": value(replaceFull, {
    ...prefix,
    replaceFullPath: '/a',
  }),
  "replacePrefixMatch must be specified when type is set to 'ReplacePrefixMatch'": value(prefix, {
    type: 'ReplacePrefixMatch',
  }),
  "type must be 'ReplacePrefixMatch' when replacePrefixMatch is set": value(prefix, {
    ...replaceFull,
    replacePrefixMatch: '/',
  }),
  'RequestHeaderModifier filter cannot be repeated': value([requestHeader], [requestHeader, requestHeader]),
  'ResponseHeaderModifier filter cannot be repeated': value(
    [responseHeader],
    [responseHeader, responseHeader],
  ),
  'CORS filter cannot be repeated': value([cors], [cors, cors]),
  'RequestRedirect filter cannot be repeated': value([redirect], [redirect, redirect]),
  'URLRewrite filter cannot be repeated': value([rewrite], [rewrite, rewrite]),
  'May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both': value(
    [redirect],
    [redirect, rewrite],
  ),
  ...filter('RequestHeaderModifier', 'requestHeaderModifier', header),
  ...filter('ResponseHeaderModifier', 'responseHeaderModifier', header),
  ...filter('RequestMirror', 'requestMirror', mirror),
  ...filter('ExtensionRef', 'extensionRef', extension),
  ...filter('CORS', 'cors', cors.cors),
  ...filter('RequestRedirect', 'requestRedirect', redirect.requestRedirect),
  ...filter('URLRewrite', 'urlRewrite', rewrite.urlRewrite),
  ...filter('ExternalAuth', 'externalAuth', httpAuth),
  'Only one of percent or fraction may be specified in HTTPRequestMirrorFilter': value(
    { ...mirror, percent: 5 },
    { ...mirror, percent: 5, fraction: { numerator: 1 } },
  ),
  'numerator must be less than or equal to denominator': value(
    { numerator: 1, denominator: 2 },
    { numerator: 3, denominator: 2 },
  ),
  'Start port must be less than End port': value({ start: 1, end: 2 }, { start: 2, end: 2 }),
  'Value is immutable': change('example.com/a', 'example.com/a', 'example.com/b'),
  'EnableGracefulRestart cannot be changed after creation': change(true, true, false),
  'sectionName or port must be specified when parentRefs includes 2 or more references to the same parent':
    value(
      [
        { ...parent, sectionName: 'a' },
        { ...parent, sectionName: 'b' },
      ],
      [parent, { ...parent, sectionName: 'b' }],
    ),
  'sectionName or port must be unique when parentRefs includes 2 or more references to the same parent':
    value(
      [
        { ...parent, port: 1 },
        { ...parent, port: 2 },
      ],
      [parent, parent],
    ),
  'sectionName must be specified when parentRefs includes 2 or more references to the same parent': value(
    [parent, { ...parent, namespace: 'other' }],
    [parent, { ...parent, sectionName: 'b' }],
  ),
  'sectionName must be unique when parentRefs includes 2 or more references to the same parent': value(
    [
      { ...parent, sectionName: 'a' },
      { ...parent, sectionName: 'b' },
    ],
    [
      { ...parent, namespace: 'n', sectionName: 'a' },
      { ...parent, namespace: 'n', sectionName: 'a' },
    ],
  ),
  'sectionName must be specified when targetRefs includes 2 or more references to the same target': value(
    [
      { ...target, sectionName: 'a' },
      { ...target, sectionName: 'b' },
    ],
    [target, { ...target, sectionName: 'a' }],
  ),
  'sectionName must be unique when targetRefs includes 2 or more references to the same target': value(
    [target, { ...target, name: 'b' }],
    [target, target],
  ),
  "AllowHeaders cannot contain '*' alongside other methods": value(['*'], ['*', 'x-a']),
  "AllowMethods cannot contain '*' alongside other methods": value(['*'], ['*', 'GET']),
  "AllowOrigins cannot contain '*' alongside other origins": value(['*'], ['*', 'https://example.com']),
  "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']": value([listener], [{ ...listener, tls }]),
  'tls mode must be Terminate for protocol HTTPS': value(
    [{ ...listener, protocol: 'HTTPS', tls }],
    [{ ...listener, protocol: 'HTTPS', tls: { mode: 'Passthrough' } }],
  ),
  'tls mode must be set for protocol TLS': value(
    [{ ...listener, protocol: 'TLS', tls: { mode: 'Passthrough' } }],
    [{ ...listener, protocol: 'TLS' }],
  ),
  "hostname must not be specified for protocols ['TCP', 'UDP']": value(
    [{ ...listener, protocol: 'TCP' }],
    [{ ...listener, protocol: 'UDP', hostname: 'example.com' }],
  ),
  'Listener name must be unique within the Gateway': value(
    [listener, { ...listener, name: 'b', port: 81 }],
    [listener, { ...listener, port: 81 }],
  ),
  'Combination of port, protocol and hostname must be unique for each listener': value(
    [listener, { ...listener, name: 'b', hostname: 'example.com' }],
    [listener, { ...listener, name: 'b' }],
  ),
  'certificateRefs or options must be specified when mode is Terminate': value(tls, {
    mode: 'Terminate',
    certificateRefs: [],
    options: {},
  }),
  'Rule name must be unique within the route': value(
    [
      { name: 'a', backendRefs: [{ name: 'b', port: 1 }] },
      { name: 'b', backendRefs: [{ name: 'b', port: 1 }] },
    ],
    [
      { name: 'a', backendRefs: [{ name: 'b', port: 1 }] },
      { name: 'a', backendRefs: [{ name: 'b', port: 1 }] },
    ],
  ),
  'must not contain both CACertificateRefs and WellKnownCACertificates': value(
    { hostname: 'a', wellKnownCACertificates: 'System' },
    {
      hostname: 'a',
      wellKnownCACertificates: 'System',
      caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'c' }],
    },
  ),
  'must specify either CACertificateRefs or WellKnownCACertificates': value(
    { hostname: 'a', caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'c' }] },
    { hostname: 'a' },
  ),
  'SubjectAltName element must contain Hostname, if Type is set to Hostname': value(
    { type: 'Hostname', hostname: 'a' },
    { type: 'Hostname' },
  ),
  'SubjectAltName element must not contain Hostname, if Type is not set to Hostname': value(
    { type: 'URI', uri: 'spiffe://a/b' },
    { type: 'URI', uri: 'spiffe://a/b', hostname: 'a' },
  ),
  'SubjectAltName element must contain URI, if Type is set to URI': value(
    { type: 'URI', uri: 'spiffe://a/b' },
    { type: 'URI' },
  ),
  'SubjectAltName element must not contain URI, if Type is not set to URI': value(
    { type: 'Hostname', hostname: 'a' },
    { type: 'Hostname', hostname: 'a', uri: 'spiffe://a/b' },
  ),
  'IPAddress values must be unique': value(
    [
      { type: 'IPAddress', value: '192.0.2.1' },
      { type: 'IPAddress', value: '192.0.2.2' },
    ],
    [
      { type: 'IPAddress', value: '192.0.2.1' },
      { type: 'IPAddress', value: '192.0.2.1' },
    ],
  ),
  'Hostname values must be unique': value(
    [
      { type: 'Hostname', value: 'a' },
      { type: 'Hostname', value: 'b' },
    ],
    [
      { type: 'Hostname', value: 'a' },
      { type: 'Hostname', value: 'a' },
    ],
  ),
  'Hostname value must be empty or contain only valid characters (matching ^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)':
    value({ type: 'Hostname', value: '*.example.com' }, { type: 'Hostname', value: 'Example' }),
  'Hostname value must only contain valid characters (matching ^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)':
    value({ type: 'Hostname', value: 'example.com' }, { type: 'Hostname', value: 'a_b' }),
  'Annotation keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.':
    value({ 'example.com/a': 'x' }, { 'example.com/': 'x' }),
  "If specified, the annotation key's prefix must be a DNS subdomain not longer than 253 characters in total.":
    value({ 'example.com/a': 'x' }, { [`${long}com/a`]: 'x' }),
  'Label keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.':
    value({ a: 'x' }, { '-a': 'x' }),
  "If specified, the label key's prefix must be a DNS subdomain not longer than 253 characters in total.":
    value({ a: 'x' }, { [`${long}com/a`]: 'x' }),
  'Port for TLS configuration must be unique within the Gateway': value(
    [
      { port: 1, tls: {} },
      { port: 2, tls: {} },
    ],
    [
      { port: 1, tls: {} },
      { port: 1, tls: {} },
    ],
  ),
  'AbsoluteTimeout must be specified when cookie lifetimeType is Permanent': value(
    { cookieConfig: { lifetimeType: 'Permanent' }, absoluteTimeout: '1h' },
    { cookieConfig: { lifetimeType: 'Permanent' } },
  ),
  'cookieConfig can only be set with type Cookie': value(
    { type: 'Cookie', cookieConfig: { lifetimeType: 'Session' } },
    { type: 'Header', cookieConfig: { lifetimeType: 'Session' } },
  ),
  'While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128':
    value([matches(64), matches(64)], [matches(64), matches(64), matches(1)]),
  'RequestRedirect filter must not be used together with backendRefs': value(
    { matches: [], filters: [redirect] },
    { matches: [], filters: [redirect], backendRefs: [{ name: 'b', port: 1 }] },
  ),
  'When using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified':
    value(
      { matches: [prefixMatch], filters: [{ type: 'RequestRedirect', requestRedirect: { path: prefix } }] },
      { matches: [exactMatch], filters: [{ type: 'RequestRedirect', requestRedirect: { path: prefix } }] },
    ),
  'When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified':
    value(
      { matches: [prefixMatch], filters: [{ type: 'URLRewrite', urlRewrite: { path: prefix } }] },
      {
        matches: [prefixMatch, prefixMatch],
        filters: [{ type: 'URLRewrite', urlRewrite: { path: prefix } }],
      },
    ),
  'Within backendRefs, when using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified':
    value(
      {
        matches: [prefixMatch],
        backendRefs: [
          { name: 'b', port: 1, filters: [{ type: 'RequestRedirect', requestRedirect: { path: prefix } }] },
        ],
      },
      {
        matches: [exactMatch],
        backendRefs: [
          { name: 'b', port: 1, filters: [{ type: 'RequestRedirect', requestRedirect: { path: prefix } }] },
        ],
      },
    ),
  'Within backendRefs, When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified':
    value(
      {
        matches: [prefixMatch],
        backendRefs: [
          { name: 'b', port: 1, filters: [{ type: 'URLRewrite', urlRewrite: { path: prefix } }] },
        ],
      },
      {
        matches: [exactMatch],
        backendRefs: [
          { name: 'b', port: 1, filters: [{ type: 'URLRewrite', urlRewrite: { path: prefix } }] },
        ],
      },
    ),
  "grpc must be specified when protocol is set to 'GRPC'": value(grpcAuth, { ...auth, protocol: 'GRPC' }),
  "protocol must be 'GRPC' when grpc is set": value(grpcAuth, { ...httpAuth, grpc: {} }),
  "http must be specified when protocol is set to 'HTTP'": value(httpAuth, { ...auth, protocol: 'HTTP' }),
  "protocol must be 'HTTP' when http is set": value(httpAuth, { ...grpcAuth, http: {} }),
  "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']": path('a'),
  "must not contain '//' when type one of ['Exact', 'PathPrefix']": path('/a//b'),
  "must not contain '/./' when type one of ['Exact', 'PathPrefix']": path('/a/./b'),
  "must not contain '/../' when type one of ['Exact', 'PathPrefix']": path('/a/../b'),
  "must not contain '%2f' when type one of ['Exact', 'PathPrefix']": path('/a%2fb'),
  "must not contain '%2F' when type one of ['Exact', 'PathPrefix']": path('/a%2Fb'),
  "must not contain '#' when type one of ['Exact', 'PathPrefix']": path('/a#b'),
  "must not end with '/..' when type one of ['Exact', 'PathPrefix']": path('/a/..'),
  "must not end with '/.' when type one of ['Exact', 'PathPrefix']": path('/a/.'),
  "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']": value(
    { type: 'RegularExpression', value: '.*' },
    { type: 'Suffix', value: '/a' },
  ),
  "must only contain valid characters (matching ^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$) for types ['Exact', 'PathPrefix']":
    path('/a b'),
  'backendRequest timeout cannot be longer than request timeout': value(
    { request: '10s', backendRequest: '5s' },
    { request: '5s', backendRequest: '10s' },
  ),
  'Hostnames cannot contain an IP': value(['example.com'], ['192.0.2.1']),
  'Hostnames must be valid based on RFC-1123': value(['example.com'], ['Example_']),
  'Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123':
    value(['*.example.com'], ['a.*.com']),
  "One or both of 'service' or 'method' must be specified": value(
    { type: 'Exact', method: 'Get' },
    { type: 'Exact' },
  ),
  'service must only contain valid characters (matching ^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$)':
    value({ type: 'Exact', service: 'Foo.Bar' }, { type: 'Exact', service: 'foo/bar' }),
  'method must only contain valid characters (matching ^[A-Za-z_][A-Za-z_0-9]*$)': value(
    { type: 'Exact', method: 'Get' },
    { type: 'Exact', method: 'get-it' },
  ),
  'Invalid CIDR format provided': value('192.0.2.0/24', '192.0.2.0'),
  'externalHostname must be set when type is ExternalHostname and must be unset otherwise': value(
    { type: 'ExternalHostname', externalHostname: { hostname: 'example.com' }, port: { port: 80 } },
    { type: 'ExternalHostname', port: { port: 80 } },
  ),
  'hostname must not be an IP address or end with .cluster.local': value(
    'example.com',
    'a.svc.cluster.local',
  ),
  // Upstream writes `== null` of what is an optional, which no optional is: only the empty name passes there too.
  'Name must be a valid DNS label': value('', 'Not_a_label'),
  'clientCertificateRef must be set if and only if mode is ClientAndServer': value(
    { mode: 'ClientAndServer', clientCertificateRef: { group: '', kind: 'Secret', name: 'c' } },
    { mode: 'ClientAndServer' },
  ),
  'interval cannot be greater than one hour or less than one second': value('10s', '2h'),
  'interval cannot be greater than one hour': value('10s', '2h'),
  'serviceSelectors and aggregationLength are mutually exclusive, can only be used together with default aggregationLength (32) and aggregationLengthV6 (128)':
    value(
      { serviceSelectors: [{ matchLabels: { a: 'b' } }], aggregationLength: 32 },
      { serviceSelectors: [{ matchLabels: { a: 'b' } }], aggregationLength: 24 },
    ),
  'connect time should be between 1 seconds to 65535': value('10s', '20h'),
  'connect time should contain a whole number of seconds': value('10s', '1500ms'),
  'networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames':
    value(
      { action: 'Accept', to: [{ networks: ['192.0.2.0/24'] }] },
      {
        action: 'Accept',
        to: [{ networks: ['192.0.2.0/24'] }],
        protocols: [{ destinationNamedPort: 'web' }],
      },
    ),
};
