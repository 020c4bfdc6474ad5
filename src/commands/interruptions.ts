/** Ends what is under way when the program is told to end. */

/** Ctrl-C, SIGTERM and SIGHUP end the trials; a second one while they are being taken away changes nothing. */
export function interruptions(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (name: NodeJS.Signals) => controller.abort(new Error(`interrupted by ${name}`));
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
