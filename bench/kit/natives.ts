/**
 * Configurations of the proxies that are not Node: one worker, keep-alive on both sides, no access log. Their defaults
 * would close connections (nginx: HTTP/1.0 and no keep-alive to the upstream) and so measure handshakes.
 */

export interface NativeSettings {
  readonly port: number;
  /** host:port */
  readonly upstream: string;
  /** A directory that it may write to. */
  readonly directory: string;
}

export const nginxConfig = ({ port, upstream, directory }: NativeSettings) => `
daemon off;
worker_processes 1;
pid ${directory}/pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 100000000;
  upstream lead { server ${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://lead;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;

export const haproxyConfig = ({ port, upstream }: NativeSettings) => `
global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout connect 5s
  timeout server 60s
  http-reuse always
frontend public
  bind 127.0.0.1:${port}
  default_backend lead
backend lead
  server lead ${upstream}
`;

export const caddyfile = ({ port, upstream }: NativeSettings) => `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port}, http://facade.example:${port} {
  bind 127.0.0.1
  reverse_proxy ${upstream}
}
`;
