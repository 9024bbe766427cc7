import { configurationOf, findProgram, makeCertificate, startProxy } from './proxy.js';
import { proxyCases } from './proxy-cases.js';

const program = findProgram('nginx');

proxyCases(
  'nginx',
  program === undefined || findProgram('openssl') === undefined
    ? undefined
    : (t, [first, second]) => {
        const commandLine = (file: string, folder: string) => ['-p', folder, '-c', file, '-e', 'stderr'];
        return startProxy(t, program, 'nginx.conf', commandLine, async (port, folder) => {
          const { key, certificate } = await makeCertificate(folder);
          const site = configurationOf('nginx', {
            '127.0.0.1:3000': `127.0.0.1:${first}`,
            '127.0.0.1:3001': `127.0.0.1:${second}`,
            'listen 443': `listen 127.0.0.1:${port}`,
            'app.example.com;': 'localhost;',
            '/etc/ssl/app.example.com.crt': certificate,
            '/etc/ssl/app.example.com.key': key,
          });
          // Else workers of a master that runs as root could not use the folder.
          const user = process.getuid?.() === 0 ? 'user root;' : '';
          const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
            (each) => `${each}_temp_path ${each};`,
          );
          return `daemon off; pid nginx.pid; worker_processes 1; ${user}
            events { worker_connections 256; }
            http { access_log off; ${folders.join(' ')}
            ${site} }`;
        });
      },
);
