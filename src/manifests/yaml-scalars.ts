/**
 * Plain scalars as kubectl reads them: mostly YAML 1.1, so `no` and `off` are booleans and 0644 is octal, but without its
 * numbers of base 60 and its timestamps. Source: resolve.go in sigs.k8s.io/yaml/goyaml.v2; compared with kubectl 1.37.
 */
import type { ScalarTag } from 'yaml';

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;

const withoutUnderscores = (text: string) => text.replaceAll('_', '');

const boolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: new RegExp(`${TRUE.source}|${FALSE.source}`),
  resolve: (text) => TRUE.test(text),
};

/** Go's prefixes. A leading 0 alone makes a number octal, if all of its digits are. */
const integer: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|0[oO]_*[0-7][0-7_]*|0[bB]_*[01][01_]*|0[0-7_]*|[1-9][0-9_]*)$/,
  resolve: (text) => {
    const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(withoutUnderscores(text)) ?? [];
    const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    return sign === '-' ? -value : value;
  },
};

const float: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/,
  resolve: (text) => Number(withoutUnderscores(text)),
};

const notFinite: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  resolve: (text, onError) => onError(`${text} is not a number in JSON, which kubectl sends`),
};

/** The order matters: what is not an integer may be a float, as 0888 is. */
export const KUBECTL_SCALARS: (ScalarTag | 'null')[] = ['null', boolean, integer, float, notFinite];
