/** Removes credentials from text that comes from elsewhere: an error of the API client, a plugin, a server. */

const REMOVED = '***';

/** A shorter value could be part of a word, so it is removed only as a word of its own. In characters. */
const UNIQUE_LENGTH = 8;
/** A shorter value cannot be distinguished from ordinary text. In characters. */
const SHORTEST = 4;

const known = new Set<string>();

/**
 * Remembers a secret's value, so that `withoutSecrets` removes it wherever it appears: in plain text, in base64, or
 * escaped as in a URL or in JSON. Each line of a value is remembered too, because an error may quote a single line.
 */
export function rememberSecret(value: string): void {
  for (const line of new Set([value.trim(), ...value.split('\n').map((text) => text.trim())])) {
    if (line.length < SHORTEST || /^-+(BEGIN|END) /.test(line)) continue;
    const base64 = Buffer.from(line).toString('base64');
    for (const form of [line, base64, encodeURIComponent(line), JSON.stringify(line).slice(1, -1)]) known.add(form);
  }
}

/** The text without remembered secrets, and without anything that looks like a credential. */
export function withoutSecrets(text: string): string {
  let cleaned = text;
  for (const value of [...known].sort((a, b) => b.length - a.length)) cleaned = withoutValue(cleaned, value);
  for (const [pattern, replacement] of PATTERNS) cleaned = cleaned.replaceAll(pattern, replacement as string);
  return cleaned.replaceAll(PAIR, withoutPairValue);
}

function withoutValue(text: string, value: string): string {
  if (value.length >= UNIQUE_LENGTH || !text.includes(value)) return text.replaceAll(value, REMOVED);
  const alone = new RegExp(`(?<![\\w.-])${value.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}(?![\\w-])`, 'g');
  return text.replaceAll(alone, REMOVED);
}

const QUERY_PARAMETERS =
  'access_token|id_token|refresh_token|auth_token|token|api_?key|key|secret|client_secret|password|passwd|sig|signature|' +
  'X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|X-Goog-Signature|X-Goog-Credential';

/** Forms that are credentials in any context. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REMOVED],
  // The same in base64, as in kubeconfigs. Certificates begin alike and are removed too, which does no harm.
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/]*={0,2}/g, REMOVED],
  // Proxy-Authorization too. Unquoted, it ends with its line: some schemes have parameters.
  [/\b(authorization|cookie)("?'?\s*[:=]\s*\[?\s*)(?:(["'])[^"'\r\n]*|[^\s"'\]}][^\r\n]*)/gi, `$1$2$3${REMOVED}`],
  [
    /\b([Bb]earer|BEARER)\s+(?!(?:tokens?|auth\w*|credentials?|scheme|header|realm|is|was|not|and|or|of|in|for)\b)[\w.~+/=-]+/g,
    `$1 ${REMOVED}`,
  ],
  // Not a credential: "Basic principles". A name and a password in base64 are hardly ever a single lower-case word.
  [/\b([Bb]asic|BASIC)\s+(?![A-Z]?[a-z]+\b(?![\d+/=]))(?=[\w+/-]{4})[\w+/-]+={0,2}/g, `$1 ${REMOVED}`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@:"'<>]*:[^\s/"'<>]*@/gi, `$1${REMOVED}@`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@:"'<>]{16,}@/gi, `$1${REMOVED}@`],
  [/\beyJ[\w-]{6,}(?:\.[\w-]*){1,4}/g, REMOVED],
  [/\beyJ[\w-]{17,}/g, REMOVED],
  [/\b(?:AKIA|ASIA|AROA|AIDA|ABIA)[A-Z0-9]{16}\b/g, REMOVED],
  [/\bk8s-aws-v1\.[\w-]+/g, REMOVED],
  [/\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{8,}/g, REMOVED],
  [/\bya29\.[\w-]{8,}|\bAIza[\w-]{30,}|\bdckr_pat_[\w-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bsha256~[\w-]{20,}/g, REMOVED],
  // kubeadm's bootstrap tokens.
  [/(?<![\w.:/-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/g, REMOVED],
  [new RegExp(`([?&;](?:${QUERY_PARAMETERS})=)[^&;\\s"'<>#]+`, 'gi'), `$1${REMOVED}`],
];

const NAMES =
  'tokens?|passwords?|passwd|pwd|passphrase|secrets?|secret[-_]?access[-_]?key|api[-_]?key|access[-_]?key(?:[-_]?id)?|' +
  'private[-_]?key|client[-_]?key[-_]?data|credentials?';

/** `=`, `: `, `:"`, `:x`, or the space after a flag. In JSON within JSON, the quotes are escaped. */
const BETWEEN = `\\\\?["']?(?:\\s*=\\s*|\\s*:[ \\t]+|:(?=[^\\s/:])|(?<=--[\\w-]*)[ \\t]+)\\\\?`;
const QUOTED = `(["'])([^"'\\r\\n]*?)(\\\\?["'])`;
const BARE = `([^\\s"',;&)}\\]]+)`;

/**
 * `--token=value`, `--token value`, `password: value`, `"clientSecret":"value"`, `AWS_SECRET_ACCESS_KEY=value`. Text
 * after a slash is the name of a file or an image. The length of a name is limited so that the search takes linear
 * time.
 */
const PAIR = new RegExp(`(?<![\\w./-])([\\w.-]{0,64}?(?:${NAMES}))(${BETWEEN})(?:${QUOTED}|${BARE})`, 'gi');

function withoutPairValue(
  whole: string,
  name: string,
  between: string,
  quote: string | undefined,
  quoted: string | undefined,
  closing: string | undefined,
  bare: string | undefined,
  offset: number,
  text: string,
): string {
  if (quote !== undefined) return quoted === '' ? whole : `${name}${between}${quote}${REMOVED}${closing}`;
  const value = bare ?? '';
  if (/^(?:\*+|true|false|null|none|undefined|[[{(<].*|\d{1,4})$/i.test(value)) return whole;
  // Words of a sentence: "token: must be a string", "pass --token to choose".
  const goesOn = /^[ \t]+[a-z]/i.test(text.slice(offset + whole.length));
  if (!between.includes('=') && goesOn && /^[a-z]+$/.test(value)) return whole;
  // An image named "secret" with its tag.
  if (between === ':' && /^v?\d+(?:\.\d+)*$/.test(value)) return whole;
  return `${name}${between}${REMOVED}`;
}
