/** Fields of later work: each row goes when its field is supported. */
import { withRunner, type Row } from './row.ts';

export const notSupportedYet: readonly Row[] = [
  {
    field: 'runner.gpus above 1',
    refused: withRunner({ gpus: 2 }),
    says: 'runner.gpus above 1 is not supported yet in this release; remove it',
    accepted: withRunner({ gpus: 1, gpuProducts: ['NVIDIA-H100-80GB-HBM3'] }),
  },
];
