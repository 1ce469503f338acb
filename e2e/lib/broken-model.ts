/** Copies of the small model, each broken in one way that happens to people. */
import { cp, mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixture = fileURLToPath(new URL('../../engine/fixture/model', import.meta.url));

type Config = Record<string, unknown>;

const breakages = {
  /** An upload that stopped half-way. */
  truncated: async (folder: string): Promise<void> => {
    await truncate(join(folder, 'model.safetensors'), 1_000_000);
  },
  /** A checkpoint of the old kind: pickled weights, which are never read. */
  pickle: async (folder: string): Promise<void> => {
    await rename(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin'));
  },
  /** A model without experts: its config says so. */
  dense: async (folder: string): Promise<void> => {
    const file = join(folder, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as Config;
    const dense = Object.entries(config).filter(([name]) => !name.includes('experts'));
    await writeFile(file, JSON.stringify({ ...Object.fromEntries(dense), model_type: 'mistral', architectures: ['MistralForCausalLM'] }));
  },
};

export type Breakage = keyof typeof breakages;

/** Makes the broken copy below `folder` and gives its path. */
export async function breakModel(kind: Breakage, folder: string): Promise<string> {
  const copy = join(folder, kind);
  await mkdir(copy);
  await cp(fixture, copy, { recursive: true });
  await breakages[kind](copy);
  return copy;
}
