/**
 * Every bound on what comes from outside, with its reason: files, answers and kept data can say any number, and nothing
 * is allocated, unpacked or made before it was held against the bound that stands here. None is a wish: each is well
 * above what real files need and well below what a page or a terminal on a small machine can bear.
 */
export const bounds = {
  /** A sentence about a file, in characters: what a reader reads, and what a line of a terminal or a toast can hold. */
  sentence: 300,

  /**
   * Bytes of the JSON header of a safetensors file. The reference reader stops at 100 MB, which takes seconds and more
   * than a gigabyte to parse here; the largest header of a published checkpoint that we know of is below 1 MB (some
   * thousand tensors of 100 to 200 bytes each).
   */
  safetensorsHeader: 16 * 2 ** 20,
  /** Tensors in one file of weights: the largest models have some thousand in all. */
  tensors: 100_000,
  /** Files of weights of one model: the largest published ones have below 200. */
  weightFiles: 1000,
  /** Axes of an array: NumPy 2 has at most 64. */
  axes: 64,
  /** Axes of a tensor of a checkpoint: those of language models have 4 at most. */
  tensorAxes: 16,
  /** Bytes of the text header of a `.npy` file: numpy.load refuses more than 10,000 without allow_pickle. */
  npyHeader: 10_000,
  /** Elements of a `.npy` array of texts of length 0, which take no byte of the file. */
  emptyTexts: 65_536,
  /** Columns of a matrix that is read row by row: the widest MLP that is published has below 100,000. */
  columns: 2 ** 24,

  /** Members of a zip archive: a checkpoint of PyTorch has one a tensor, and a `.npz` one an array. */
  zipMembers: 100_000,
  /** Bytes of a zip archive's directory: about 100 a member. */
  zipDirectory: 16 * 2 ** 20,
  /** Bytes that the members of one archive that are read may unpack to: an adapter that is read whole. */
  unpacked: 2 ** 31,
  /**
   * How many times its packed bytes a member may unpack to beyond `unpackedFree`: weights shrink by a tenth when they are
   * packed, a deflate bomb grows a thousandfold.
   */
  expansion: 50,
  /** Bytes that a member may unpack to from however few. */
  unpackedFree: 64 * 2 ** 20,

  /** Bytes of a pickle: names, shapes and storages of a checkpoint take some hundred bytes a tensor. */
  pickle: 16 * 2 ** 20,
  /**
   * Values that one pickle may make, marks and numbers included: about 40 a tensor. Without it each byte of a pickle
   * could make a dictionary of some 200 bytes.
   */
  pickleObjects: 1_000_000,

  /** Bytes of a JSON text of no special kind: configs, provenances, recipes, manifests and indices are below 1 MB. */
  json: 16 * 2 ** 20,
  /** Lists and objects within each other in JSON: what we read has 8 levels at most, and the stack some thousand. */
  jsonDepth: 64,
  /** Members of lists and objects in one JSON text: each costs some tens of bytes once it is parsed. */
  jsonValues: 4_000_000,

  /** Characters of a name, a method or another short text that is shown on the page. */
  name: 1000,
  /** Characters of a prompt, a target or another text of a fact: no model reads as many at once. */
  text: 100_000,
  /** Bytes of a file of cases or facts: CounterFact has 45 MB, zsRE's largest set 130. */
  cases: 256 * 2 ** 20,
  /** Members of all lists and objects of such a file: CounterFact has some 60 a record. */
  caseValues: 32_000_000,
  /** Facts of one edit, one file or one study: CounterFact has 21,919, zsRE's largest set 244,173. */
  facts: 500_000,

  /** Patterns by which an adapter tells one module from another: one a module, where their ranks differ. */
  patterns: 1024,
  /** Edits that a page keeps for one model. */
  edits: 10_000,
  /** Runs that a page keeps, or one zip holds. */
  runs: 10_000,
  /** Bytes of the runs that a browser keeps, beyond which the oldest go that nobody has pinned: a trace has some 100 kB. */
  keptRuns: 512 * 2 ** 20,
  /** Bytes of an edit that is kept beside a run: one fact of GPT-J takes 82 kB. */
  runEdit: 64 * 2 ** 20,

  /** Characters of one edit in a link, and bytes that it unpacks to: one fact of GPT-2 XL takes 32 kB, 40,000 characters. */
  linkedEdit: 48 * 2 ** 10,
  /** Characters of all edits of a link: browsers take addresses of 64 kB and more. */
  link: 64 * 2 ** 10,

  /** Token ids of a prompt or prompts of a fact that comes with a file: no model reads as many at once. */
  ids: 1_000_000,

  /** Bytes of a tokenizer.json, or of the vocabulary and the merges it is made of: GPT-2's has 1.4 MB, GPT-NeoX's 2.1. */
  tokenizer: 32 * 2 ** 20,
  /** Tokens of a vocabulary: published ones have up to 256,000, and a table of as many texts is still small. */
  tokens: 2 ** 20,
  /** Merges of a byte-level BPE: about one a token. */
  merges: 2 ** 20,

  /** Bytes of the found states that a browser keeps: 10,000 facts of GPT-J, whose states take 16 kB, are 164 MB. */
  keptStates: 256 * 2 ** 20,
  /** Rows and columns of a tile of a collection's sums, which is read into memory at once: 1024 as we write them. */
  tileSide: 4096,

  /** Layers of a model: the deepest published ones have below 200, and each costs a few kB before it is read. */
  layers: 1024,
  /** Any one size of a model's configuration (width, heads, vocabulary, positions). */
  dimension: 2 ** 24,

  /** Bytes of a file that is fetched or read in parts: the largest files of published models have 50 GB. */
  fileSize: 2 ** 40,
  /** Bytes of one read: what an array of a browser holds at most. */
  read: 2 ** 32,
  /** Bytes of an answer that must be taken whole because its server knows no ranges: what a browser keeps on disk. */
  wholeAnswer: 2 ** 34,
  /** Files of one model: the Hub advises against more than 100,000 in a repository. */
  repositoryFiles: 100_000,
  /** Pages of the Hub's list of files, which has up to 1,000 a page. */
  listPages: 1000,
  /** Bytes of an answer that is read whole where a manifest, a listing or another small file is expected. */
  smallAnswer: 64 * 2 ** 20,
} as const;
