/** A real Prometheus on loopback that scrapes one target and evaluates rules every second; its folder goes with it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePorts, hasEnded, lastWords, startProgram, stopAll, type Daemon } from '../../e2e/lib/daemon.ts';
import { findTool } from '../../scripts/tools.ts';
import type { RuleGroup } from './rules.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

export class Prometheus {
  readonly #folder: string;
  readonly #url: string;
  readonly #daemon: Daemon;

  private constructor(folder: string, url: string, daemon: Daemon) {
    this.#folder = folder;
    this.#url = url;
    this.#daemon = daemon;
  }

  static async start(target: string, groups: readonly RuleGroup[]): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'stun-prometheus-'));
    const address = `127.0.0.1:${(await freePorts(1))[0] ?? 0}`;
    // JSON is YAML.
    await writeFile(join(folder, 'rules.yml'), JSON.stringify({ groups }));
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration(target)));
    const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`, '--log.level=warn'];
    const daemon = await startProgram(folder, 'prometheus', { command: [findTool('prometheus'), ...flags] });
    const prometheus = new Prometheus(folder, `http://${address}`, daemon);
    await prometheus.#untilReady();
    return prometheus;
  }

  async query(expr: string): Promise<readonly Sample[]> {
    return (await this.#get<{ result: readonly Sample[] }>(`query?query=${encodeURIComponent(expr)}`)).result;
  }

  async alerts(): Promise<readonly ActiveAlert[]> {
    return (await this.#get<{ alerts: readonly ActiveAlert[] }>('alerts')).alerts;
  }

  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = await this.#get<{ groups: readonly { rules: readonly EvaluatedRule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    await stopAll([this.#daemon]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #get<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as { readonly status: string; readonly error?: string; readonly data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus refuses ${decodeURIComponent(path)}: ${answer.error ?? ''}`);
    return answer.data;
  }

  async #untilReady(): Promise<void> {
    try {
      await vi.waitFor(async () => {
        if (!hasEnded(this.#daemon) && (await fetch(`${this.#url}/-/ready`)).ok) return;
        throw new Error(await lastWords(this.#daemon));
      }, { timeout: 30_000, interval: 50 });
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

function configuration(target: string): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    // As the chart's ServiceMonitor has it; the namespace is what the Prometheus operator adds.
    scrape_configs: [{ job_name: 'stun-operator', honor_labels: true, static_configs: [{ targets: [target], labels: { namespace: 'stun-operator' } }] }],
  };
}
