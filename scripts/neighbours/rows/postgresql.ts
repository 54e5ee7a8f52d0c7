/** Streaming replication of PostgreSQL. */

import type { ProgramHost } from '../../lab/program-host.js';
import { pause, until } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import type { Outcome, Row } from '../row.js';

const BIN = '/usr/lib/postgresql/15/bin';
const DATA = '/var/lib/lab-postgresql';

function sql(host: ProgramHost, text: string): Promise<string> {
  return host.sh(`${BIN}/psql -h /run -U postgres -Atq postgres`, { input: text });
}

async function startServer(host: ProgramHost): Promise<void> {
  const flags =
    "-c listen_addresses='*' -c unix_socket_directories=/run -c wal_receiver_timeout=3s -c wal_sender_timeout=3s";
  host.start('postgres', `setpriv --reuid=postgres --clear-groups ${BIN}/postgres -D ${DATA} ${flags}`);
  await host.holds('PostgreSQL', `${BIN}/pg_isready -q -h /run`);
}

async function drill(bed: Bed): Promise<Outcome> {
  const [primary, standby] = [bed.host(1), bed.host(2)];
  for (const host of [primary, standby]) {
    await host.sh(`id -u postgres >/dev/null 2>&1 || echo postgres:x:890:890::/:/bin/sh >> /etc/passwd
      chmod 1777 /run; mkdir -p ${DATA}; chown postgres ${DATA}; chmod 700 ${DATA}`);
  }
  const asPostgres = (script: string) => `setpriv --reuid=postgres --clear-groups sh -ec '${script}'`;
  await primary.sh(
    asPostgres(
      `${BIN}/initdb -N -A trust -D ${DATA} >/dev/null; echo host all all 10.77.0.0/24 trust >> ${DATA}/pg_hba.conf; echo host replication all 10.77.0.0/24 trust >> ${DATA}/pg_hba.conf`,
    ),
    { timeoutMs: 60_000 },
  );
  await startServer(primary);
  await standby.sh(
    asPostgres(`${BIN}/pg_basebackup -h ${bed.address(1)} -U postgres -D ${DATA} -R -c fast`),
    { timeoutMs: 60_000 },
  );
  await startServer(standby);
  await primary.holds(
    'replication',
    `${BIN}/psql -h /run -U postgres -Atc 'select state from pg_stat_replication' | grep -q streaming`,
  );
  await sql(primary, 'create table rows(n int);');
  const receiver = await sql(standby, 'select pid from pg_stat_wal_receiver;');
  let written = 0;
  const write = async () => {
    await sql(primary, 'insert into rows select generate_series(1, 1000);');
    written += 1_000;
    await until(
      'the rows to arrive',
      async () => Number(await sql(standby, 'select count(*) from rows;')) === written,
      10_000,
    );
  };
  await write();
  await bed.eachCut(async () => {
    for (let i = 0; i < 4; i++) {
      await write();
      await pause(1_000);
    }
  });
  const after = await sql(standby, 'select pid from pg_stat_wal_receiver;');
  if (after !== receiver) throw new Error('the receiver was started again');
  return { without: 'streams', cut: 'streams on by the same connection, timeouts 3 s' };
}

export const POSTGRESQL: Row[] = [
  {
    name: 'postgresql',
    program: 'PostgreSQL',
    packages: ['postgresql-15'],
    asked: 'streaming replication',
    know: '',
    run: drill,
  },
];
