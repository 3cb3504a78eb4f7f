/** What stands where something was taken out. */
export const removed = '[removed]';

/** Names of environment variables, flags and keys behind which people keep secrets. */
const secretName =
  /pass(?:word|wd|phrase|code)?(?:$|[^a-z])|passw|pwd|secret|token|credential|bearer|cookie|dsn(?:$|[^a-z])|(?:api|access|account|private|encryption|signing|shared|license|master)[-_.]?key|(?:^|[-_.])(?:auth|key|salt|pin|otp|pat)$|connection[-_.]?string/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Texts that give themselves away, whatever they stand behind; the second half keeps what is no secret in them. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, removed],
  // PEM in base64, as kubeconfigs hold it.
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/=]+/g, removed],
  // JSON Web Tokens: service accounts'.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, removed],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*:[^\s/]+@/gi, `$1${removed}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${removed}`],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, removed],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[baprs]-|sk-|sk_live_|AIza|hf_|npm_)[\w-]{16,}/g, removed],
  [
    /((?:pass(?:word|wd|phrase)|pwd|secret|token|credential|(?:api|access|account|private)[-_]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;)}\]]+/gi,
    `$1${removed}`,
  ],
];

/** The text without what looks like a secret by itself. */
export function withoutPatterns(text: string): string {
  return patterns.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
