/** Writes docs/guide/lint.md from the rules; a test says when it is out of date. */
import { writeFileSync } from 'node:fs';
import { lintGuide } from '../src/cli/output/lint-guide.ts';

writeFileSync(new URL('../docs/guide/lint.md', import.meta.url), lintGuide());
