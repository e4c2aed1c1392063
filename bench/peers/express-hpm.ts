import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { agent, port, upstream } from './settings.ts';

const app = express();
app.disable('x-powered-by');
app.use(createProxyMiddleware({ target: upstream, changeOrigin: true, agent }));
app.listen(port, '127.0.0.1');
