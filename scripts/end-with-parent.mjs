const CHECK_EVERY_MS = 250;

/**
 * Sends this process SIGTERM when the process that started it is gone. npm passes a signal to the shell between us and
 * not to us: without this, ending `npm run dev` by a signal would leave the bus running. Without npm it does nothing. Keeps no
 * process alive.
 */
export function endWithParent() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_EVERY_MS);
  timer.unref();
}
