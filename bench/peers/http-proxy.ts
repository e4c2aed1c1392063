import { createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { agent, port, upstream } from './settings.ts';

const proxy = httpProxy.createProxyServer({ target: upstream, changeOrigin: true, agent });
createServer((request, response) => {
  proxy.web(request, response, {}, () => response.destroy());
}).listen(port, '127.0.0.1');
