import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderGraph } from './graph.ts';
import { renderJunit } from './junit.ts';
import { renderRows } from './rows.ts';

// Names from outside are data in every format.
const odd = 'a"b\\c,d|e#f<g>&h\nback[0]';

test('CSV quotes what would break a row', () => {
  assert.equal(renderRows(['x', 'y'], [[odd, 'plain']], 'csv'), `x,y\n"a""b\\c,d|e#f<g>&h\nback[0]",plain\n`);
});

test('Markdown escapes what would break a cell', () => {
  assert.equal(renderRows(['x'], [['a|b[c]']], 'md'), '| x |\n| --- |\n| a\\|b\\[c\\] |\n');
});

test('dot and Mermaid keep names inside their quotes', () => {
  const connections = [{ source: odd, destination: 'b', ports: ['TCP 1', 'all'] }];
  assert.match(
    renderGraph(connections, 'dot'),
    /^ {2}"a\\"b\\\\c,d\|e#f<g>&h\nback\[0\]" -> "b" \[label="TCP 1, all"\];$/m,
  );
  assert.equal(
    renderGraph(connections, 'mermaid'),
    'flowchart LR\n  n1["a#quot;b\\c,d|e#35;f<g>&h\nback[0]"]\n  n2["b"]\n  n1 -->|"TCP 1, all"| n2\n',
  );
});

test('JUnit escapes markup, and leaves out what XML cannot hold', () => {
  const xml = renderJunit('s', [
    { suite: 'c', name: `${odd}\u0000\uD800`, time: 0.5, failure: { message: '<m>', text: 'a & b' } },
    { suite: 'c', name: 'later', skipped: 'not "now"' },
  ]);
  assert.match(xml, /tests="2" failures="1" errors="0" skipped="1"/);
  assert.match(xml, /name="a&quot;b\\c,d\|e#f&lt;g&gt;&amp;h&#10;back\[0\]\uFFFD\uFFFD" time="0\.500000">/);
  assert.match(xml, /<failure message="&lt;m&gt;">a &amp; b<\/failure>/);
  assert.match(xml, /<skipped message="not &quot;now&quot;"\/>/);
});
