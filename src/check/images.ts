/** What the name of an image says about it: the program, the shell behind `sh`, the signal that stops it. */

/** The last component of an image's path, without tag and digest: `postgres` of `registry.example/db/postgres:16`. */
export function imageName(image: string | undefined): string {
  const path = (image ?? '').split('@')[0] ?? '';
  return (path.split('/').at(-1) ?? '').split(':')[0] ?? '';
}

function tagOf(image: string): string {
  const last = (image.split('@')[0] ?? '').split('/').at(-1) ?? '';
  return last.split(':')[1] ?? '';
}

/** Whether the image is one of Docker's official ones, also through a mirror: `node`, `docker.io/library/node`. */
function isOfficial(image: string): boolean {
  return !image.includes('/') || /(^|\/)library\/[^/]+$/.test(image);
}

const ALPINE = /alpine|busybox/i;
/** Official images whose default tags are built on Debian or Ubuntu. */
const DEBIAN_BASED = new Set(
  (
    'debian ubuntu buildpack-deps node python ruby php perl golang rust gcc openjdk eclipse-temurin tomcat jetty maven ' +
    'gradle nginx httpd caddy redis postgres mysql mariadb mongo rabbitmq erlang elixir haproxy wordpress drupal ' +
    'composer clojure groovy swift julia r-base rails django'
  ).split(' '),
);
const REDHAT_BASED = /(^|\/)(centos|fedora|rockylinux|almalinux|oraclelinux|amazonlinux|ubi[789](-\w+)?)(\/[^/]+)?$/;

/** Which program `/bin/sh` of an image is; undefined if its name does not show that. */
export function shellOf(image: string): 'ash' | 'dash' | 'bash' | undefined {
  if (ALPINE.test(image)) return 'ash';
  const path = (image.split('@')[0] ?? '').replace(/:[^/:]*$/, '');
  if (REDHAT_BASED.test(path) || /ubi\d/.test(tagOf(image))) return 'bash';
  const name = imageName(image);
  if ((isOfficial(path) && DEBIAN_BASED.has(name)) || /(^|\/)bitnami(legacy)?\/[^/]+$/.test(path)) return 'dash';
  return /(^|[-_.])(slim|bookworm|bullseye|buster|trixie|jammy|noble|focal)/.test(tagOf(image)) ? 'dash' : undefined;
}

/** Whether it is known that the image runs a container's args as its command: it has no ENTRYPOINT, or one that does that. */
export function runsItsArguments(image: string): boolean {
  const name = imageName(image);
  return (
    isOfficial(image.replace(/(:[^/:]*)?(@.*)?$/, '')) && (DEBIAN_BASED.has(name) || /^(alpine|busybox)$/.test(name))
  );
}

export interface StopBehavior {
  /** The program, as its users call it. */
  program: string;
  /** The names under which a command starts it. */
  commands: readonly string[];
  /** The signal that lets it finish the requests in flight; the STOPSIGNAL of its official image. */
  graceful: string;
  /** The signals at which it cuts them. */
  cutting: readonly string[];
}

const NGINX: StopBehavior = {
  program: 'nginx',
  commands: ['nginx', 'openresty', 'nginx-debug'],
  graceful: 'SIGQUIT',
  cutting: ['SIGTERM', 'SIGINT', 'SIGKILL'],
};
const HTTPD: StopBehavior = {
  program: 'Apache httpd',
  commands: ['httpd', 'httpd-foreground', 'apache2', 'apache2-foreground', 'apachectl'],
  graceful: 'SIGWINCH',
  cutting: ['SIGTERM', 'SIGKILL'],
};
const PHP_FPM: StopBehavior = {
  program: 'php-fpm',
  commands: ['php-fpm'],
  graceful: 'SIGQUIT',
  cutting: ['SIGTERM', 'SIGINT', 'SIGKILL'],
};
const HAPROXY: StopBehavior = {
  program: 'HAProxy',
  commands: ['haproxy'],
  graceful: 'SIGUSR1',
  cutting: ['SIGTERM', 'SIGINT', 'SIGKILL'],
};

/**
 * How the server of a known image stops. Sources: the Dockerfiles of the official images, and the programs' own pages on
 * signals (nginx "Controlling nginx", httpd "Stopping and Restarting", php-fpm(8), the HAProxy management guide).
 */
export function stopBehaviorOf(image: string | undefined): StopBehavior | undefined {
  const path = (image ?? '').split('@')[0] ?? '';
  const name = imageName(image);
  if (['nginx', 'nginx-unprivileged', 'openresty'].includes(name) && !path.includes('bitnami')) return NGINX;
  if (name === 'httpd') return HTTPD;
  if (name === 'haproxy') return HAPROXY;
  if (name === 'php' && /fpm/.test(tagOf(path))) return PHP_FPM;
  return name === 'php' && /apache/.test(tagOf(path)) ? HTTPD : undefined;
}

/** `SIGTERM` for `TERM`, `sigterm`, `15`. */
export function signalName(text: string): string {
  const numbers: Record<string, string> = {
    2: 'SIGINT',
    3: 'SIGQUIT',
    9: 'SIGKILL',
    10: 'SIGUSR1',
    15: 'SIGTERM',
    28: 'SIGWINCH',
  };
  const plain = text.replaceAll(/["']/g, '').trim().toUpperCase();
  return numbers[plain] ?? (plain.startsWith('SIG') ? plain : `SIG${plain}`);
}
