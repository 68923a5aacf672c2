/** How each of Debian's web servers is configured for a test: where it listens, and what it says of each request. */

/** @typedef {import('./web-servers.js').Place} Place */

/** @param {Place} place @param {string} http @param {string} server */
export const nginx = ({ dir, port, cert, key }, http, server) => ({
  command: '/usr/sbin/nginx',
  args: ['-p', dir, '-c', `${dir}/nginx.conf`, '-e', 'stderr', '-g', 'daemon off;'],
  log: 'requests',
  files: {
    'nginx.conf': `worker_processes 1; pid ${dir}/pid; error_log stderr;
events { worker_connections 256; }
http {
  log_format request '$uri $status'; access_log ${dir}/requests request;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  ${http}
  server {
    listen 127.0.0.1:${port} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};
    ${server}
  }
}`
  }
})

/** @param {Place} place @param {string} host @param {string} [global] */
export const h2o = ({ dir, port, cert, key }, host, global = '') => ({
  command: '/usr/bin/h2o',
  args: ['-c', `${dir}/h2o.conf`],
  log: 'requests',
  files: {
    'h2o.conf': `${global}
num-threads: 1
access-log: { path: ${dir}/requests, format: "%U %s" }
hosts:
  default:
    listen: { host: 127.0.0.1, port: ${port}, ssl: { certificate-file: ${cert}, key-file: ${key} } }
    paths:
      /:
        ${host}
`
  }
})

/** @param {Place} place @param {string} rules */
export const apache = ({ dir, port, cert, key }, rules) => ({
  command: '/usr/sbin/apache2',
  args: ['-d', dir, '-f', `${dir}/apache.conf`, '-DFOREGROUND'],
  log: 'requests',
  files: {
    'apache.conf': `${['mpm_event', 'authz_core', 'http2', 'ssl', 'rewrite'].map(name =>
      `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${dir}/pid
DefaultRuntimeDir ${dir}
Mutex file:${dir}
ErrorLog ${dir}/errors
LogFormat "%U %>s" request
CustomLog ${dir}/requests request
StartServers 1
ThreadsPerChild 16
MaxRequestWorkers 64
Protocols h2
SSLEngine on
SSLCertificateFile ${cert}
SSLCertificateKeyFile ${key}
${rules}
`
  }
})

/** @param {Place} place @param {string} gateway the port of what is behind it @param {string} global */
export const haproxy = ({ dir, port, both }, gateway, global) => ({
  command: '/usr/sbin/haproxy',
  args: ['-W', '-f', `${dir}/haproxy.conf`],
  files: {
    'haproxy.conf': `global
  ${global}
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend here
  bind 127.0.0.1:${port} ssl crt ${both} alpn h2
  default_backend there
backend there
  server gateway 127.0.0.1:${gateway} ssl verify none alpn h2
`
  }
})

/** @param {Place} place @param {string[]} args */
export const nghttpd = ({ dir, port, cert, key }, ...args) => ({
  command: '/usr/sbin/nghttpd',
  args: ['-a', '127.0.0.1', '-d', dir, ...args, String(port), key, cert]
})
