import { escapeXml } from './xml.ts';

/** One test as CI systems read it. */
export interface JunitCase {
  /** What it belongs to: `classname`. */
  readonly suite: string;
  readonly name: string;
  /** Seconds. */
  readonly time?: number;
  readonly failure?: { readonly message: string; readonly text: string };
  /** What it was about, by name. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Why it was not run. */
  readonly skipped?: string;
}

/** JUnit XML, in the form that Jenkins, GitLab and GitHub actions share. */
export function renderJunit(name: string, cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const skipped = cases.filter((one) => one.skipped !== undefined).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites name=${attribute(name)} ${counts}>\n`,
    `  <testsuite name=${attribute(name)} ${counts}>\n`,
    ...cases.map(renderCase),
    '  </testsuite>\n</testsuites>\n',
  ].join('');
}

function renderCase({ suite, name, time, failure, skipped, properties = {} }: JunitCase): string {
  const seconds = time === undefined ? '' : ` time="${time.toFixed(6)}"`;
  const head = `    <testcase classname=${attribute(suite)} name=${attribute(name)}${seconds}`;
  const parts = renderProperties(properties);
  if (failure !== undefined) {
    const { message, text } = failure;
    parts.push(`      <failure message=${attribute(message)}>${escapeXml(text)}</failure>\n`);
  } else if (skipped !== undefined) parts.push(`      <skipped message=${attribute(skipped)}/>\n`);
  return parts.length === 0 ? `${head}/>\n` : `${head}>\n${parts.join('')}    </testcase>\n`;
}

function renderProperties(properties: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(properties).map(
    ([name, value]) => `        <property name=${attribute(name)} value=${attribute(value)}/>\n`,
  );
  return lines.length === 0 ? [] : ['      <properties>\n', ...lines, '      </properties>\n'];
}

function attribute(text: string): string {
  return `"${escapeXml(text).replaceAll('\n', '&#10;')}"`;
}
