/**
 * Keeps the process alive until the returned function is called: for waiting on a `Clock`, whose timers do not,
 * where nothing else of Node's is open.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => {}, 1 << 30);
  return () => clearInterval(timer);
}
