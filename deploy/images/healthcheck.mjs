// Ends well when the service in this container is ready; what the images ask of themselves.
const port = process.env.ARQONBUS_HTTP_PORT ?? '8080';
const signal = AbortSignal.timeout(2_500);
const isReady = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isReady ? 0 : 1);
