import type { TestEvent } from 'node:test/reporters';

/** A reporter of node's test runner: the files in which a test failed, a line each, once each. */
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const told = new Set<string>();
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    // A compliance suite is in another file than the one that runs it.
    const file = 'entryFile' in data && typeof data.entryFile === 'string' ? data.entryFile : data.file;
    if (file === undefined || told.has(file)) continue;
    told.add(file);
    yield `${file}\n`;
  }
}
