import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../lib/clock.ts';
import { createLogFile } from '../../lib/log-file.ts';
import { labPaths } from '../paths.ts';
import { formatLogLine, mentions, parseLogLine, type LogLine } from './log-line.ts';
import { followLogs, openLogs } from './read-logs.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-logs-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function pathsFor(name: string): ReturnType<typeof labPaths> {
  const paths = labPaths(directory, name);
  mkdirSync(paths.logs, { recursive: true });
  return paths;
}
const json = (time: number, msg: string, rest: object = {}): string =>
  `${JSON.stringify({ level: 40, time, role: 'agents', pid: 1, msg, ...rest })}\n`;
const messages = (lines: readonly LogLine[]): string[] => lines.map(({ message }) => message);

test('the lines of all processes come in the order of their times', () => {
  const paths = pathsFor('merged');
  writeFileSync(paths.log('agents'), json(10, 'a') + json(30, 'c'));
  writeFileSync(paths.log('dns'), json(20, 'b'));
  assert.deepEqual(messages(openLogs(paths, ['agents', 'dns', 'control'])()), ['a', 'b', 'c']);
});

test('what the runtime wrote of a crash stays where it was, as an error', () => {
  const paths = pathsFor('crash');
  writeFileSync(paths.log('agents'), `${json(10, 'a')}Error: out of memory\n    at x\n`);
  writeFileSync(paths.log('dns'), json(11, 'b'));
  const lines = openLogs(paths, ['agents', 'dns'])();
  assert.deepEqual(messages(lines), ['a', 'Error: out of memory', '    at x', 'b']);
  assert.equal(lines[1]?.level, 'error');
});

test('whoever reads on gets every line once, also where the file was begun anew meanwhile', () => {
  const paths = pathsFor('turned');
  const fd = openSync(paths.log('agents'), 'a');
  const log = createLogFile({ fd, path: paths.log('agents'), limitBytes: 2000 });
  const read = openLogs(paths, ['agents']);
  const seen: string[] = [];
  for (let i = 0; i < 200; i++) {
    log.write(json(i, `line ${i}`));
    if (i % 7 === 0) seen.push(...messages(read()));
  }
  seen.push(...messages(read()));
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, i) => `line ${i}`),
  );
});

test('half a line waits for its other half', () => {
  const paths = pathsFor('half');
  const whole = json(1, 'whole');
  writeFileSync(paths.log('dns'), whole.slice(0, 10));
  const read = openLogs(paths, ['dns']);
  assert.deepEqual(read(), []);
  appendFileSync(paths.log('dns'), whole.slice(10));
  assert.deepEqual(messages(read()), ['whole']);
});

test('following ends when the lab is gone', async () => {
  const paths = pathsFor('gone');
  writeFileSync(paths.log('dns'), json(1, 'before'));
  const read = openLogs(paths, ['dns']);
  read();
  const seen: string[] = [];
  const { signal } = new AbortController();
  const done = followLogs(read, { paths, clock: systemClock, signal }, (lines) => {
    seen.push(...messages(lines));
    if (seen.length > 0) rmSync(paths.directory, { recursive: true });
  });
  appendFileSync(paths.log('dns'), json(2, 'after'));
  await done;
  assert.deepEqual(seen, ['after']);
});

test('a line names a node or a pod as a word of its own', () => {
  const line = parseLogLine('agents', json(1, 'x', { what: 'node node-1', pod: 'shop/web-10' }), 0);
  assert.ok(mentions(line, ['node-1']));
  assert.ok(mentions(line, ['shop/web-10']));
  assert.ok(!mentions(line, ['shop/web-1', 'node-12', 'ode-1']));
});

test('a line for people holds nothing that a terminal would obey', () => {
  const line = parseLogLine('dns', json(0, 'bad \u001b[2Jname\u009b', { error: 'a\nb', node: 'node-1' }), 0);
  assert.equal(
    formatLogLine(line),
    '1970-01-01T00:00:00.000Z WARN  dns: bad \\u001b[2Jname\\u009b error="a\\nb" node=node-1',
  );
});
