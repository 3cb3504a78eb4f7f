import { parseAddress } from '../../lib/address.ts';

/**
 * The syntaxes of names in Kubernetes. Each function returns what is wrong with a text, as the end of a sentence
 * about it, or undefined when nothing is.
 */
type Syntax = (text: string) => string | undefined;

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualified = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** A DNS label (RFC 1123): at most 63 lower-case letters, digits and inner hyphens. */
export const dnsLabel: Syntax = (text) => {
  if (text.length > 63) return 'must be no more than 63 characters';
  return label.test(text)
    ? undefined
    : "must be lower-case letters, digits and inner '-' (a DNS label, RFC 1123)";
};

/** A DNS label that starts with a letter (RFC 1035). */
export const dns1035Label: Syntax = (text) => {
  if (text.length > 63) return 'must be no more than 63 characters';
  if (label1035.test(text)) return undefined;
  return "must be lower-case letters, digits and inner '-', and start with a letter (a DNS label, RFC 1035)";
};

/** DNS labels joined by dots, at most 253 characters (RFC 1123). */
export const dnsSubdomain: Syntax = (text) => {
  if (text.length > 253) return 'must be no more than 253 characters';
  if (subdomain.test(text)) return undefined;
  return "must be lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit (a DNS subdomain, RFC 1123)";
};

/** A name that can stand in a URL's path: of kinds that are stricter about it nowhere. */
export const pathSegment: Syntax = (text) => {
  if (text === '.' || text === '..') return `may not be '${text}'`;
  return /[/%]/.test(text) ? "may not contain '/' or '%'" : undefined;
};

/** The key of a label or an annotation: a name of at most 63 characters, optionally after a DNS subdomain and a slash. */
export const qualifiedName: Syntax = (text) => {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  if (slash >= 0) {
    const prefix = text.slice(0, slash);
    const problem = dnsSubdomain(prefix);
    if (prefix === '' || problem !== undefined) return `prefix part ${problem ?? 'must be non-empty'}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  if (qualified.test(name)) return undefined;
  return "name part must be letters, digits, '-', '_' and '.', and start and end with a letter or digit";
};

/** The value of a label: empty, or at most 63 characters as in a name. */
export const labelValue: Syntax = (text) => {
  if (text.length > 63) return 'must be no more than 63 characters';
  if (text === '' || qualified.test(text)) return undefined;
  return "must be empty or letters, digits, '-', '_' and '.', and start and end with a letter or digit";
};

/** The name of a port (IANA service name, RFC 6335): at most 15 characters with at least one letter. */
export const portName: Syntax = (text) => {
  if (text.length > 15) return 'must be no more than 15 characters';
  if (!/^[-a-z0-9]+$/.test(text)) return "must be lower-case letters, digits and '-'";
  if (!/[a-z]/.test(text)) return 'must contain at least one letter';
  if (text.includes('--')) return "must not contain '--'";
  return /^-|-$/.test(text) ? 'must start and end with a letter or digit' : undefined;
};

/** Whether a number is a port: 1 to 65535. */
export const portNumber = (port: number): string | undefined =>
  Number.isInteger(port) && port >= 1 && port <= 65535 ? undefined : 'must be between 1 and 65535, inclusive';

/** Whether a text is an address of either family. */
export const isAddressText = (text: string): boolean => parseAddress(text) !== undefined;

/** A DNS subdomain below a star. */
export const wildcardSubdomain: Syntax = (text) =>
  text.startsWith('*.') ? dnsSubdomain(text.slice(2)) : "a wildcard must be '*.' before a DNS subdomain";

/** At least two DNS labels, with or without the dot that ends a complete name. */
export const fullyQualifiedName: Syntax = (text) => {
  const name = text.replace(/\.$/, '');
  const problem = dnsSubdomain(name);
  if (problem !== undefined) return problem;
  const labels = name.split('.');
  if (labels.length < 2) return 'must be a domain with at least two segments separated by dots';
  return labels.map(dnsLabel).find((one) => one !== undefined);
};

/** A DNS subdomain, a slash, and a path, such as `example.com/name`. */
export const domainPrefixedPath: Syntax = (text) => {
  const slash = text.indexOf('/');
  const [domain, path] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash <= 0 || path === '') return 'must be a domain-prefixed path (such as "acme.io/foo")';
  return (
    dnsSubdomain(domain) ??
    (/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path) ? undefined : 'must be a path of a URL')
  );
};

/** The key of a ConfigMap or Secret: the name of a file. */
export const dataKey: Syntax = (text) => {
  if (text.length > 253) return 'must be no more than 253 characters';
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) return "must be letters, digits, '-', '_' and '.'";
  return text === '.' || text.startsWith('..') ? "must not be '.' and must not start with '..'" : undefined;
};
