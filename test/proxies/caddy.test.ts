import { configurationOf, findProgram, makeCertificate, startProxy } from './proxy.js';
import { proxyCases } from './proxy-cases.js';

const program = findProgram('caddy');

proxyCases(
  'Caddy',
  program === undefined || findProgram('openssl') === undefined
    ? undefined
    : (t, [first, second]) => {
        const commandLine = (file: string) => ['run', '--config', file, '--adapter', 'caddyfile'];
        return startProxy(t, program, 'Caddyfile', commandLine, async (port, folder) => {
          const { key, certificate } = await makeCertificate(folder);
          const site = configurationOf('caddy', {
            '127.0.0.1:3000': `127.0.0.1:${first}`,
            '127.0.0.1:3001': `127.0.0.1:${second}`,
            // Use our own certificate, because Caddy can't get one for a name of this machine.
            'app.example.com {': `https://localhost:${port} {\n  bind 127.0.0.1\n  tls ${certificate} ${key}`,
          });
          return `{\n  admin off\n  auto_https disable_redirects\n  skip_install_trust\n}\n${site}`;
        });
      },
);
