/** A row of the table: what a queue does with a run, and what must come of it. Each has a PruneJob of its own. */
export interface Row {
  readonly title: string;
  readonly play: () => Promise<void>;
}
