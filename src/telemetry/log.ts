/**
 * Structured logs: one JSON object a line on stdout, through winston.
 *
 * Fields are merged here, not by winston: its own merging glues a field named `message` onto the message and loses a child's fields on errors.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import winston from 'winston';

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

const context = new AsyncLocalStorage<LogFields>();

/** Every line logged while `run` is under way carries `fields`, whatever logger it goes through: this is how a reconcile's id gets everywhere. */
export function withLogFields<T>(fields: LogFields, run: () => T): T {
  return context.run({ ...context.getStore(), ...fields }, run);
}

/** JSON.stringify shows an Error as `{}`. */
function readable(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...Object.fromEntries(Object.entries(value)), name, message, stack, cause: readable(cause) };
}

const jsonLine = winston.format.printf(({ level, message, fields }) => {
  const readableFields = Object.entries(fields as LogFields).map(([name, value]) => [name, readable(value)]);
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...Object.fromEntries(readableFields) });
});

function boundTo(sink: winston.Logger, bound: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      sink.log({ level, message, fields: { ...bound, ...context.getStore(), ...fields } });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => boundTo(sink, { ...bound, ...fields }),
  };
}

export function createLogger(level: LogLevel, output: NodeJS.WritableStream = process.stdout): Logger {
  const options = { level, format: jsonLine, transports: new winston.transports.Stream({ stream: output }) };
  return boundTo(winston.createLogger(options), {});
}
