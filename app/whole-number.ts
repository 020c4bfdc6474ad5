import { HTTPException } from 'hono/http-exception';

/**
 * Parses a number from a path or query. @throws HTTPException 400 with the allowed range if it is not a whole number in
 * it
 */
export function wholeNumber(name: string, value: string, { min, max }: { min: number; max: number }): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new HTTPException(400, { message: `${name} must be a whole number from ${min} to ${max}, not "${value}"` });
}
