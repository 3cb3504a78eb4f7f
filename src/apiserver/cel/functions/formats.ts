import {
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelValue,
  qualifiedName,
} from '../../../api/validate/names.ts';
import { formatCheck } from '../../custom/formats.ts';
import { overload, type Overload } from '../overload.ts';
import { Format, none, Optional } from '../values/value.ts';

type Syntax = (text: string) => string | undefined;

/** As part of a name that something is appended to: it may end in a hyphen. */
const prefixOf =
  (syntax: Syntax): Syntax =>
  (text) =>
    syntax(text.endsWith('-') ? `${text.slice(0, -1)}x` : text);

const wellFormed = (format: string): Syntax => {
  const check = formatCheck(format);
  return (text) => (check?.(text) === false ? `must be a valid ${format}` : undefined);
};

const syntaxes: Readonly<Record<string, Syntax>> = {
  dns1123Label: dnsLabel,
  dns1123Subdomain: dnsSubdomain,
  dns1035Label,
  qualifiedName,
  dns1123LabelPrefix: prefixOf(dnsLabel),
  dns1123SubdomainPrefix: prefixOf(dnsSubdomain),
  dns1035LabelPrefix: prefixOf(dns1035Label),
  labelValue,
  uri: wellFormed('uri'),
  uuid: wellFormed('uuid'),
  byte: wellFormed('byte'),
  date: wellFormed('date'),
  datetime: wellFormed('datetime'),
};

const named = new Map(
  Object.entries(syntaxes).map(([name, syntax]) => {
    const problems = (text: string): string[] => {
      const problem = syntax(text);
      return problem === undefined ? [] : [problem];
    };
    return [name, new Format(name, problems)] as const;
  }),
);

function problemsOf(format: Format, text: string): Optional {
  const problems = format.problems(text);
  return problems.length === 0 ? none : new Optional(problems);
}

/** Kubernetes' format library. */
export const formats: readonly Overload[] = [
  ...Array.from(named, ([name, format]) => overload(`@format.${name}() -> format`, () => format)),
  overload('@format.named(string) -> optional<format>', (name: string) => new Optional(named.get(name))),
  overload('format.validate(string) -> optional<list<string>>', problemsOf, {
    cost: ([, size = 0]) => Math.ceil(size * 0.4),
  }),
];
