import winston from 'winston';
import { withoutSecrets, withoutSecretsText } from './mask.ts';

/** error: someone must act. warn: it healed itself. info: the life of the process. Never data of users. */
export type Log = Record<'error' | 'warn' | 'info', (message: string, details?: unknown) => void>;

export type LogLevel = keyof Log;

/** Says nothing, for tests and tools. */
export const silent: Log = { error() {}, warn() {}, info() {} };

/** One line of JSON per entry on stdout: time, level, message, details. Secrets are masked wherever they stand. */
export function createLog(level: LogLevel, out: NodeJS.WritableStream = process.stdout): Log {
  const logger = winston.createLogger({
    level,
    transports: [new winston.transports.Stream({ stream: out })],
    format: line(),
  });

  const write = (at: LogLevel) => (message: string, details?: unknown) => {
    // Winston would make the line first and then leave it out.
    if (logger.isLevelEnabled(at)) logger.log({ level: at, message, details });
  };
  return { error: write('error'), warn: write('warn'), info: write('info') };
}

function line() {
  return winston.format.printf(({ level, message, details }) =>
    JSON.stringify({
      time: new Date().toISOString(),
      level,
      message: withoutSecretsText(String(message)),
      details: details === undefined ? undefined : withoutSecrets(details),
    }),
  );
}
