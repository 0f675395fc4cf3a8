import { announcePort, parseConnectionRole } from './connection-role.ts';
import type { ConnectionRole } from './connection-role.ts';
import { loadUws } from './load-uws.ts';

// Raw uWebSockets.js with topic publish: the fastest server that Node has, doing nothing but moving bytes.
const uws = loadUws();
const app = uws.App();

app.ws<ConnectionRole>('/*', {
  maxPayloadLength: 1_048_576,
  maxBackpressure: 0,
  idleTimeout: 0,
  sendPingsAutomatically: false,
  compression: uws.DISABLED,
  upgrade: (res, req, context) => {
    // Its own clients bring no token: who does is of a flood that is to be refused, at no more than the cost of an answer.
    if (req.getHeader('authorization') !== '') {
      res.writeStatus('401 Unauthorized').end('', true);
      return;
    }
    const key = req.getHeader('sec-websocket-key');
    res.upgrade(parseConnectionRole(req.getQuery() ?? ''), key, '', '', context);
  },
  open: (socket) => {
    for (const topic of socket.getUserData().joins) socket.subscribe(topic);
  },
  message: (socket, message, isBinary) => {
    const { publishes } = socket.getUserData();
    if (publishes !== '') app.publish(publishes, message, isBinary);
  },
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('cannot listen');
  announcePort(uws.us_socket_local_port(socket));
});
