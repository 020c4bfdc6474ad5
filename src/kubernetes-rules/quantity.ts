/**
 * Kubernetes quantities: "500m", "1.5Gi", "1e3". Source: the resource package of apimachinery (pkg/api/resource), whose
 * smallest unit is a billionth and which rounds up.
 */

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANO = 10n ** 9n;

/** The value in billionths; undefined if the text is not a quantity. */
export function nanoUnits(quantity: string | number): bigint | undefined {
  const match = QUANTITY.exec(String(quantity));
  const [, sign, whole = '', fraction = '', , exponent = '0', suffix = ''] = match ?? [];
  if (!match || whole + fraction === '') return undefined;
  const power = Number(exponent) - fraction.length;
  const value = BigInt(whole + fraction) * unit(suffix);
  const scaled = power >= 0 ? value * 10n ** BigInt(power) : ceilDivide(value, 10n ** BigInt(-power));
  return sign === '-' ? -scaled : scaled;
}

function unit(suffix: string): bigint {
  const binary = BINARY.indexOf(suffix);
  return binary >= 0 ? 1024n ** BigInt(binary + 1) * NANO : 1000n ** BigInt(DECIMAL.indexOf(suffix));
}

/** For a dividend of 0 or more. */
export function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
