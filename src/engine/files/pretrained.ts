import {
  AutoConfig,
  AutoTokenizer,
  env,
  type PretrainedConfig,
  type PreTrainedTokenizer,
} from "@huggingface/transformers";

/** Files of one model by name: their bytes, or as JSON values. */
type Contents = Record<string, object>;

/** What transformers.js is to read now, by the name that it knows the model by. */
const shelf = new Map<string, Contents>();
let models = 0;

const SILENT = 50;
const refuse = (what: unknown) =>
  Promise.reject(new Error(`transformers.js asked for ${String(what)}, which it may not`));

// It has no way to a file but the shelf: no server, no folder, no cache of its own.
Object.assign(env, {
  useCustomCache: true,
  customCache: { match: (path: string) => Promise.resolve(onShelf(path)), put: refuse },
  fetch: refuse,
  allowRemoteModels: false,
  allowLocalModels: true, // it insists on one of the two; a local file would be asked of fetch
  useFS: false,
  useFSCache: false,
  useBrowserCache: false,
  useWasmCache: false,
  logLevel: SILENT,
} satisfies Partial<typeof env>);

/**
 * Hugging Face's AutoConfig of a config.json: its own fields, and what transformers.js adds to them.
 *
 * @throws what transformers.js says of it
 */
export function autoConfig(config: object): Promise<PretrainedConfig> {
  return reading({ "config.json": config }, (id) => AutoConfig.from_pretrained(id));
}

/**
 * Hugging Face's AutoTokenizer of a tokenizer.json and a tokenizer_config.json, each as bytes or as JSON values.
 *
 * @throws what transformers.js says of them
 */
export function autoTokenizer(json: object, config: object): Promise<PreTrainedTokenizer> {
  const contents = { "tokenizer.json": json, "tokenizer_config.json": config };
  return reading(contents, (id) => AutoTokenizer.from_pretrained(id));
}

/** Lets transformers.js find these files under a name that it has not seen: it remembers what it was told of one. */
async function reading<T>(contents: Contents, read: (id: string) => Promise<T>): Promise<T> {
  const id = `palimpsest-${models++}`;
  shelf.set(id, contents);
  try {
    return await read(id);
  } finally {
    shelf.delete(id);
  }
}

function onShelf(path: string): Response | undefined {
  const [id, file] = path.split("/").slice(-2);
  const content = shelf.get(id)?.[file];
  if (!content) return undefined;
  return new Response(content instanceof Uint8Array ? content.slice() : JSON.stringify(content));
}
