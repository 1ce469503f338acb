export interface LogFields { readonly [field: string]: unknown }
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** One JSON object a line on stdout; inside a reconcile every line carries controller, namespace, name and reconcileID. */
export declare function createLogger(level: LogLevel): Logger;
