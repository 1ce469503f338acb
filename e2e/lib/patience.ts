/** How many seconds any one thing may take: a run takes one minute on an idle machine, and ten on a busy one. */
export const patience = 600;
