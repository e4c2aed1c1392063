import { createServer } from 'node:http';
import { createProxyServer } from 'httpxy';
import { agent, port, upstream } from './settings.ts';

const proxy = createProxyServer({ target: upstream, changeOrigin: true, agent });
createServer((request, response) => {
  proxy.web(request, response).catch(() => response.destroy());
}).listen(port, '127.0.0.1');
