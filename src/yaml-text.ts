/** YAML for kubectl, kustomize and TAP, safe to print for any values. */
import { Document, visit } from 'yaml';
import { escapeUnsafe, withoutLogCommands } from './printable.ts';

/**
 * The value as YAML. Strings that could control a terminal or a CI system are double-quoted and escaped, which keeps
 * their value. Long strings are not folded, so that no part of one begins a line.
 */
export function yamlText(value: unknown): string {
  // Quotes what kubectl, which reads YAML 1.1, would take for a boolean or a number: no, on, 0644.
  const document = new Document(value, { compat: 'yaml-1.1' });
  visit(document, {
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'string' && !isHarmless(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
  return escapeUnsafe(text, codePointEscape).replaceAll(/##(?=\w*\[)/g, '#\\x23');
}

function isHarmless(text: string): boolean {
  return escapeUnsafe(text, () => '') === text && withoutLogCommands(text) === text;
}

function codePointEscape(codePoint: number): string {
  const digits = codePoint.toString(16);
  return codePoint > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}
