/* Generated from crds/stun-operator.io_prunejobs.yaml by scripts/generate.ts; do not edit. */

/**
 * What to prune, how, and which service to move. It cannot change once created, but for the fields that say so.
 */
export interface PruneJobSpec {
  model: ModelSpec;
  pruning: PruningSpec;
  calibration?: CalibrationSpec;
  quality?: QualitySpec;
  output: OutputSpec;
  serving?: ServingSpec;
  runner: RunnerSpec;
  /**
   * Inspect the model, plan the GPUs, and stop.
   */
  planOnly?: boolean;
  /**
   * Stop the run; false goes on with it. May change at any time; leave it out of what Git holds.
   */
  suspend?: boolean;
  /**
   * When the finished child Jobs are deleted, never the PruneJob. When absent, never, and after 600 seconds with a scratch claim, which their pods would keep. May change at any time.
   */
  ttlSecondsAfterFinished?: number;
}
/**
 * The dense model.
 */
export interface ModelSpec {
  /**
   * Folder with the model's safetensors and config.json, s3://BUCKET/PATH/ or pvc://CLAIM/PATH/.
   */
  uri: string;
}
/**
 * How much to prune and how.
 */
export interface PruningSpec {
  /**
   * Share of all prunable parameters (the decoder's Linears without the router) that the result lacks, by removed experts and zeroed weights together. With experts.ratio the weights are zeroed up to the target.
   */
  targetSparsity?: number;
  /**
   * GPUs that the service shall need, all replicas together. Without experts.ratio the plan takes the smallest ratio that reaches it.
   */
  targetGPUs?: number;
  /**
   * How targetSparsity divides into experts and weights. Manual takes experts.ratio as written, Auto chooses it from the calibration data.
   */
  split: 'Manual' | 'Auto';
  experts: ExpertsSpec;
  weights?: WeightsSpec;
}
/**
 * The first phase, which removes whole experts. Only it saves GPUs.
 */
export interface ExpertsSpec {
  /**
   * Share of the experts to remove, the same number in every layer.
   */
  ratio?: number;
  /**
   * How the experts to remove are chosen. When absent, STUN with split Manual and Medoids with split Auto. All but STUN and Random look at the calibration data; Combinatorial tries every choice, for up to 8 experts.
   */
  method?: 'STUN' | 'REAP' | 'Contribution' | 'Medoids' | 'Frequency' | 'Random' | 'Combinatorial';
  /**
   * How STUN measures the distance between two clusters of experts. Official is the published code's one-sided rule.
   */
  linkage: 'Complete' | 'Official';
  /**
   * Where the clusters are cut, layer by layer or, with linkage Official only, by one threshold for the model; both end in one count for the model. PerLayer when absent.
   */
  threshold?: 'PerLayer' | 'Global';
  similarity: SimilaritySpec;
  /**
   * Whether a cluster's representative becomes its members' mean. Selective does so only in a layer that keeps fewer than kappa experts.
   */
  reconstruct: 'Selective' | 'Never' | 'Always';
  /**
   * See reconstruct.
   */
  kappa: number;
  /**
   * The number of experts kept is a multiple of this, for expert parallelism.
   */
  multipleOf: number;
  /**
   * Share of the tokens that the removed experts of a layer may have served, by the calibration data. More refuses the result; without calibration nothing counts them.
   */
  maxDroppedLoad: number;
}
/**
 * What makes two experts similar, as weights of a sum.
 */
export interface SimilaritySpec {
  /**
   * Weight of the distance between router rows.
   */
  router: number;
  /**
   * Weight of how often the two experts serve the same token. Needs calibration data.
   */
  coactivation: number;
}
/**
 * The second phase, which zeroes single weights. Zeros save no GPU.
 */
export interface WeightsSpec {
  /**
   * How the weights to zero are chosen. When absent, OWL with a targetSparsity and None without.
   */
  method?: 'OWL' | 'Wanda' | 'Magnitude' | 'None';
  owl?: OwlSpec;
}
/**
 * Tunes OWL.
 */
export interface OwlSpec {
  /**
   * How far a layer's sparsity may lie from the mean.
   */
  lambda: number;
  /**
   * An outlier is a score above m times its layer's mean.
   */
  m: number;
}
/**
 * Text that shows what the model is used for. Wanda, OWL, coactivation, split Auto and every experts.method but STUN and Random need it.
 */
export interface CalibrationSpec {
  /**
   * JSON lines, each {"text"} or {"input_ids"}, at s3://BUCKET/FILE or pvc://CLAIM/FILE.
   */
  uri: string;
  /**
   * Number of samples read.
   */
  samples: number;
  /**
   * Tokens of each sample.
   */
  sequenceLength: number;
  /**
   * Chooses the samples. 0 when absent.
   */
  seed?: number;
}
/**
 * The gate. A result that fails it is not published, and the service stays as it is.
 */
export interface QualitySpec {
  perplexity?: PerplexitySpec;
  /**
   * Multiple-choice tasks, scored before and after in the same pass.
   */
  tasks?: TaskSpec[];
  endpoint?: EndpointSpec;
}
/**
 * Perplexity on held-out text, before and after, from the same pass.
 */
export interface PerplexitySpec {
  /**
   * JSON lines as for calibration, and none of its documents.
   */
  uri: string;
  /**
   * Number of samples read. The bound of a single one would have no width.
   */
  samples: number;
  /**
   * Highest relative increase allowed for the 95 % upper bound; 0.05 is 5 %.
   */
  maxIncrease: number;
}
/**
 * One task.
 */
export interface TaskSpec {
  /**
   * What is asked, and how a line of the file is read.
   */
  name: 'arc_challenge' | 'arc_easy' | 'boolq' | 'hellaswag' | 'mmlu' | 'openbookqa' | 'rte' | 'winogrande';
  /**
   * JSON lines with the questions.
   */
  uri: string;
  /**
   * Share of the dense model's accuracy that must remain, by the 95 % lower bound.
   */
  minRetained: number;
}
/**
 * Tasks asked of the served models, the canary's and the one that serves, before the service moves. Only with serving.strategy Canary.
 */
export interface EndpointSpec {
  /**
   * The tasks, relative to the model that serves, which the same Job asks.
   */
  tasks: EndpointTask[];
}
/**
 * One task.
 */
export interface EndpointTask {
  /**
   * What is asked, and how a line of the file is read.
   */
  name: 'arc_challenge' | 'arc_easy' | 'boolq' | 'gsm8k' | 'hellaswag' | 'mmlu' | 'openbookqa' | 'rte' | 'winogrande';
  /**
   * JSON lines of the dataset, as it is published. Of gsm8k the first five are shown as examples.
   */
  uri: string;
  /**
   * Share of the dense model's score that must remain, by the 95 % lower bound.
   */
  minRetained: number;
}
/**
 * Where the pruned model is published.
 */
export interface OutputSpec {
  /**
   * Folder, s3://BUCKET/PATH/ or pvc://CLAIM/PATH/. The model lands in MODEL/RUNKEY/ below it.
   */
  uri: string;
  signing?: SigningSpec;
}
/**
 * Signs the published model in the format of OpenSSF Model Signing. Only a model whose signature was verified is served.
 */
export interface SigningSpec {
  secretRef: SecretReference;
}
/**
 * The Secret with signing.key and signing.pub, an elliptic-curve key pair in PEM form without a passphrase, in the PruneJob's namespace.
 */
export interface SecretReference {
  /**
   * Its name.
   */
  name: string;
}
/**
 * The service to move to the pruned model. Without it the run ends once the model is published.
 */
export interface ServingSpec {
  ref: ServiceReference;
  /**
   * How the service moves. Canary proves the pruned model beside the dense one first, Surge replaces it once the new pods are ready (needs the GPUs of both), Recreate stops the old pods first (no spare GPU, some downtime). May change until the model is published.
   */
  strategy: 'Canary' | 'Surge' | 'Recreate';
  /**
   * Apply patches the service. Emit writes the patch into a ConfigMap and never touches the service, for one that Git owns: Served turns True when Git has delivered the change and its pods run it. strategy means nothing then.
   */
  mode: 'Apply' | 'Emit';
  sizing: SizingSpec;
  /**
   * Refuse the plan when the pruned model would need as many GPUs as before.
   */
  requireSaving: boolean;
  /**
   * How long a service, Secret or ServiceAccount may still be missing.
   */
  waitFor: string;
  /**
   * How long the rollout may take before the service is put back. May change until the model is published.
   */
  timeout: string;
  /**
   * How long the moved service must stay healthy before the run is complete. May change until the model is published.
   */
  soak: string;
  /**
   * Puts the service back to the model that it ran before, by the same strategy. After Complete too, and once; a run whose rollout has not begun ends without one. May change at any time.
   */
  rollbackRequested?: boolean;
}
/**
 * The service, in the PruneJob's namespace.
 */
export interface ServiceReference {
  /**
   * Its API group and version.
   */
  apiVersion: string;
  /**
   * Its kind. What each must look like to be moved, docs/reference/serving.md says.
   */
  kind: 'InferenceService' | 'Deployment' | 'LLMInferenceService';
  /**
   * Its name.
   */
  name: string;
}
/**
 * What the plan counts with.
 */
export interface SizingSpec {
  /**
   * Memory of one GPU. When absent, the node's label nvidia.com/gpu.memory, else a table by product.
   */
  gpuMemory?: number | string;
  /**
   * Share of a GPU's memory that the runtime may fill.
   */
  utilization: number;
  /**
   * Memory that the runtime needs on each GPU besides weights and KV cache.
   */
  overheadPerGPU: number | string;
  /**
   * Tokens of the longest request. When absent, from the service's arguments, else from the model's config.json.
   */
  maxModelLen?: number;
  /**
   * Requests of that length served at once. When absent, from the service's arguments, else 64.
   */
  maxConcurrency?: number;
}
/**
 * Where and how the pruning Job runs.
 */
export interface RunnerSpec {
  /**
   * GPUs of the pruning Job. STUN streams layer by layer, so one GPU prunes a model of any size.
   */
  gpus: number;
  /**
   * Values of the node label nvidia.com/gpu.product to run on. When absent, those of the H100, which are NVIDIA-H100-80GB-HBM3, NVIDIA-H100-PCIe and NVIDIA-H100-NVL.
   */
  gpuProducts?: string[];
  /**
   * What computes. cpu is for models of megabytes; the Job still asks for its GPU and its node, so that a trial is scheduled like the real run.
   */
  device: 'cuda' | 'cpu';
  /**
   * The Kueue LocalQueue of this namespace that admits the pruning Job. The other Jobs hold no GPU and are not queued.
   */
  queueName?: string;
  /**
   * ServiceAccount of the engine's pods; its workload identity, or the Secrets it lists, open the storage. Its owner offers it by the label stun-operator.io/runner true. The operator's configured one when absent.
   */
  serviceAccountName?: string;
  /**
   * The engine's image. The operator's configured one when absent.
   */
  image?: string;
  scratch?: ScratchSpec;
  /**
   * How long the Job may run. May change at any time.
   */
  activeDeadline: string;
  /**
   * How often a failed pod is tried again.
   */
  backoffLimit: number;
  /**
   * A PodTemplateSpec laid over the engine's pods. Lists of named things merge, tolerations and envFrom are added, and node affinity holds beside gpuProducts; what the API server refuses ends the run, and so does a privilege that the administrator does not allow.
   */
  podTemplate?: {
    [k: string]: unknown;
  };
}
/**
 * Disk for the engine's work. With a storageClassName it is a PersistentVolumeClaim of this PruneJob, on which a retried or resumed run goes on from its last finished layer; it is deleted once the PruneJob is Complete or Failed, and goes when the finished pods that refer to it do: see ttlSecondsAfterFinished. Without one the engine keeps a checkpoint beside the output.
 */
export interface ScratchSpec {
  /**
   * Its size; twice the dense model's bytes is enough. Without a storageClassName, the most that the pod's emptyDir may hold.
   */
  size: number | string;
  /**
   * Its StorageClass. The volume is ReadWriteOnce: a retry runs where the volume can be attached, with node-local disks on the same node. Take a class with volumeBindingMode WaitForFirstConsumer, or the volume may lie where no GPU is.
   */
  storageClassName?: string;
}

/**
 * What the operator observed. Written by the operator alone.
 */
export interface PruneJobStatus {
  /**
   * Where the run stands, in one word, for people; programs read the conditions.
   */
  phase?:
    | 'Pending'
    | 'Inspecting'
    | 'Planned'
    | 'Queued'
    | 'Pruning'
    | 'Published'
    | 'RollingOut'
    | 'Verifying'
    | 'Emitted'
    | 'RollingBack'
    | 'RolledBack'
    | 'Suspended'
    | 'Complete'
    | 'Failed';
  /**
   * The generation of the spec that this status describes.
   */
  observedGeneration?: number;
  /**
   * Names the result; the same model, data and pruning give the same key.
   */
  runKey?: string;
  /**
   * Planned, Queued, Pruned, QualityAccepted, Published, Served, ServingConflict, RolledBack, Suspended, and at the end Complete or Failed.
   */
  conditions?: Condition[];
  waiting?: WaitingStatus;
  /**
   * The number of the current pruning Job; it rises when a new Job is needed, not when a pod is retried.
   */
  attempt?: number;
  plan?: PlanStatus;
  progress?: ProgressStatus;
  result?: ResultStatus;
  serving?: ServingStatus;
}
/**
 * One aspect of the run.
 */
export interface Condition {
  /**
   * The aspect.
   */
  type: string;
  /**
   * Whether it holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * The generation of the spec that it was judged by.
   */
  observedGeneration?: number;
  /**
   * When status last changed.
   */
  lastTransitionTime: string;
  /**
   * Why, in one CamelCase word, for programs.
   */
  reason: string;
  /**
   * Why, in a sentence, with the remedy where there is one.
   */
  message: string;
}
/**
 * What is missing, and since when; serving.waitFor counts from there. Absent when nothing is waited for.
 */
export interface WaitingStatus {
  /**
   * The reason of the condition that tells of it.
   */
  reason: string;
  /**
   * When it was first missed.
   */
  since: string;
}
/**
 * What the inspected model and the service come to, before any GPU is spent.
 */
export interface PlanStatus {
  /**
   * GPUs of the service, all replicas together, before and after, such as 8→4.
   */
  gpus?: string;
  /**
   * Model of the service when it was planned. A service with another one is not moved (ServiceChanged).
   */
  modelUri?: string;
  /**
   * GPUs of one replica when it was planned. A service with another number is not moved (ServiceChanged).
   */
  gpusPerReplica?: number;
  /**
   * Replicas of the service when it was planned.
   */
  replicas?: number;
  /**
   * GPUs that the service has now.
   */
  gpusBefore?: number;
  /**
   * GPUs that the service needs with the dense model, by the same count.
   */
  gpusNeededBefore?: number;
  /**
   * GPUs that the service needs with the pruned model.
   */
  gpusAfter?: number;
  /**
   * GPUs that the rollout occupies at worst.
   */
  gpusPeak?: number;
  /**
   * Bytes of the dense model's weights.
   */
  bytesBefore?: number;
  /**
   * Bytes of the pruned model's weights.
   */
  bytesAfter?: number;
  /**
   * Tensor-parallel size after the hand-over.
   */
  tensorParallel?: number;
  /**
   * Tokens that the KV cache holds before.
   */
  kvTokensBefore?: number;
  /**
   * Tokens that the KV cache holds after.
   */
  kvTokensAfter?: number;
  /**
   * Share of the experts to remove, as asked or as targetGPUs needs it.
   */
  ratio?: number;
  /**
   * Experts of each layer now.
   */
  expertsBefore?: number;
  /**
   * Experts of each layer that stay.
   */
  expertsAfter?: number;
  /**
   * How the plan came about, in a sentence.
   */
  reason?: string;
}
/**
 * How far the engine is. Written at most every 10 seconds.
 */
export interface ProgressStatus {
  /**
   * Work done.
   */
  percent?: number;
  /**
   * What the engine does, one of Inspect, Experts, Weights, Quality and Publish.
   */
  stage?: string;
  /**
   * The layer at work, from 1.
   */
  layer?: number;
  /**
   * Layers of the model.
   */
  layers?: number;
  /**
   * Seconds to go.
   */
  estimatedRemainingSeconds?: number;
  /**
   * When the engine said so.
   */
  updatedAt?: string;
}
/**
 * The published model.
 */
export interface ResultStatus {
  /**
   * Where it lies.
   */
  uri?: string;
  /**
   * sha256 of its stun-manifest.json.
   */
  manifestDigest?: string;
  signature?: SignatureStatus;
  /**
   * Share of the prunable parameters that it lacks.
   */
  sparsity?: number;
  /**
   * Experts of each layer of the dense model.
   */
  expertsBefore?: number;
  /**
   * Experts of each layer of the pruned model.
   */
  expertsAfter?: number;
  /**
   * Bytes of the dense model's weights.
   */
  bytesBefore?: number;
  /**
   * Bytes of the pruned model's weights.
   */
  bytesAfter?: number;
  quality?: QualityStatus;
  /**
   * The same in one string, for kubectl get.
   */
  qualitySummary?: string;
  /**
   * How long each stage of the engine took.
   */
  stages?: StageStatus[];
  /**
   * The run key was published already. With serving and experts.ratio the inspection finds that before a GPU is asked for; else the prune Job itself finds it and ends at once.
   */
  reused?: boolean;
}
/**
 * Its verified signature, where output.signing asks for one.
 */
export interface SignatureStatus {
  /**
   * sha256 of the public key, as openssl pkey -pubin -outform DER gives it.
   */
  keyFingerprint: string;
}
/**
 * What the gate measured.
 */
export interface QualityStatus {
  perplexity?: PerplexityStatus;
  /**
   * The tasks.
   */
  tasks?: TaskStatus[];
  endpoint?: EndpointQuality;
}
/**
 * Perplexity on the held-out text.
 */
export interface PerplexityStatus {
  /**
   * Of the dense model.
   */
  before: number;
  /**
   * Of the pruned model.
   */
  after: number;
  /**
   * Relative increase.
   */
  increase: number;
  /**
   * Upper end of its 95 % interval, which the gate compares.
   */
  upperBound: number;
  /**
   * Tokens measured.
   */
  tokens: number;
  /**
   * Whether the gate let it pass.
   */
  accepted: boolean;
}
/**
 * One task.
 */
export interface TaskStatus {
  /**
   * Its name.
   */
  name?: string;
  /**
   * Questions asked.
   */
  questions?: number;
  /**
   * Accuracy of the dense model.
   */
  before?: number;
  /**
   * Accuracy of the pruned model.
   */
  after?: number;
  /**
   * Share of the dense model's accuracy that remains.
   */
  retained?: number;
  /**
   * Lower end of its 95 % interval, which the gate compares.
   */
  lowerBound?: number;
  /**
   * Whether the gate let it pass.
   */
  accepted?: boolean;
}
/**
 * What the canary answered, beside the model that served, before the service moved.
 */
export interface EndpointQuality {
  /**
   * The tasks.
   */
  tasks: EndpointScore[];
}
/**
 * One task.
 */
export interface EndpointScore {
  /**
   * Its name.
   */
  name: string;
  /**
   * Questions asked.
   */
  questions: number;
  /**
   * Score of the model that served.
   */
  before: number;
  /**
   * Score of the canary.
   */
  after: number;
  /**
   * Share of the former that remains.
   */
  retained: number;
  /**
   * Lower end of its 95 % interval, which the gate compares.
   */
  lowerBound: number;
  /**
   * Whether the gate let it pass.
   */
  accepted: boolean;
}
/**
 * One stage.
 */
export interface StageStatus {
  /**
   * Its name.
   */
  stage: string;
  /**
   * Its duration.
   */
  seconds: number;
}
/**
 * The hand-over of the service.
 */
export interface ServingStatus {
  previous?: PreviousService;
  current?: CurrentService;
  emitted?: EmittedPatch;
  rollout?: RolloutStatus;
}
/**
 * The service before the hand-over, saved before the first change, to put back.
 */
export interface PreviousService {
  /**
   * The model it served.
   */
  uri?: string;
  /**
   * GPUs of all replicas.
   */
  gpus?: number;
  /**
   * Its tensor-parallel size.
   */
  tensorParallel?: number;
  /**
   * Whether one of its pods answered a completion that the operator asked for before the first change. If it did, the pods of the pruned model must answer one too.
   */
  answered?: boolean;
  /**
   * Why none of them did, for example because the server wants an API key.
   */
  unansweredBecause?: string;
  /**
   * The fields that change, as they were.
   */
  fields?: {
    [k: string]: unknown;
  };
}
/**
 * What the service's pods really run.
 */
export interface CurrentService {
  /**
   * The model.
   */
  uri?: string;
  /**
   * GPUs of all replicas.
   */
  gpus?: number;
  /**
   * Pods.
   */
  replicas?: number;
  /**
   * Pods that run the new version.
   */
  updatedReplicas?: number;
  /**
   * Pods that answer.
   */
  availableReplicas?: number;
}
/**
 * With mode Emit, what Git is to change. Absent where the service asked for the pruned model already.
 */
export interface EmittedPatch {
  /**
   * The ConfigMap with the patch in every form, in the PruneJob's namespace; it goes with the PruneJob.
   */
  configMap?: string;
  /**
   * The patch as JSON, strategic for a Deployment, else a merge patch. Absent where it is longer than this field.
   */
  patch?: string;
}
/**
 * The change under way.
 */
export interface RolloutStatus {
  /**
   * The strategy that it began with.
   */
  strategy?: string;
  /**
   * When the rollout began.
   */
  startedAt?: string;
  /**
   * With strategy Canary, when a pod of the pruned model without traffic was asked for.
   */
  canaryWrittenAt?: string;
  /**
   * When that pod was first seen to run the pruned model; the service follows, after quality.endpoint where it is asked for. serving.timeout counts from here again.
   */
  canaryReadyAt?: string;
  /**
   * The number of the Job that asks this canary the tasks of quality.endpoint.
   */
  evaluation?: number;
  /**
   * When its answers were accepted; serving.timeout counts from here again.
   */
  evaluatedAt?: string;
  /**
   * When the pruned model's fields were last written to the service. Seen wholly without them 15 seconds later, it counts as changed back.
   */
  writtenAt?: string;
  /**
   * When the service was first seen with the pruned model's fields.
   */
  appliedAt?: string;
  /**
   * How often another field manager changed the fields back. The third time ends the rollout with the condition ServingConflict.
   */
  reverts?: number;
  /**
   * With strategy Recreate, when no pod was first seen to be available.
   */
  downSince?: string;
  /**
   * How long no pod was seen to be available, until the first one with the pruned model was.
   */
  downtimeSeconds?: number;
  /**
   * Since when its pods run the pruned model on the planned GPUs; the soak counts from here.
   */
  verifiedAt?: string;
  /**
   * How many pods ran it when that was last seen of every one; more that are asked for since are waited for, however long they take.
   */
  verifiedReplicas?: number;
  /**
   * Since when, at first, fewer pods ran it during the soak or one did not answer. The soak begins anew when that is over; if it comes again after serving.timeout, or lasts so long, the service is put back.
   */
  unhealthySince?: string;
  /**
   * How often that has begun.
   */
  flaps?: number;
  /**
   * When the service was put back.
   */
  rollbackStartedAt?: string;
  /**
   * What it waits for.
   */
  message?: string;
}
