import type { ModelFact } from "../../data/facts/modelFacts.ts";

/**
 * Numbers that zjunlp/EasyEdit (MIT) printed in the outputs of its notebooks while it wrote facts with ROME and MEMIT.
 *
 * The left vector's are left out: it is not said whether C was used there. Everything below needs the contexts, which
 * were printed too and are given here as ids, but no statistics.
 */

/** One edit's prompt, target and numbers. */
interface PublishedEdit {
  /** The prompt at the beginning of a row and, with a leading blank, after a context. */
  bare: number[];
  spaced: number[];
  /** Where the subject ends in either. */
  lookup: number;
  target: number[];
  /** "{subject} is a", and where the subject ends there. */
  essence: { tokens: number[]; lookup: number };
  /** The norm of what the search begins from: of m in ROME, of h in MEMIT. */
  initialNorm: number;
  /** Before the first step: the mean over contexts of exp(−NLL). */
  probability: number;
  /** Before each of the first steps; of MEMIT only the first, which is the NLL. */
  losses: number[];
}

interface Notebook {
  source: string;
  layer: number;
  prefixes: number[][];
  edits: PublishedEdit[];
}

const romeXl: Notebook = {
  source: "zjunlp/EasyEdit (MIT), output of the notebook EasyEdit_Example_ROME",
  layer: 17,
  prefixes: [
    [464, 717, 1517, 314, 750, 13],
    [464, 749, 2219, 1296, 286, 13],
    [26583, 11, 611, 356, 389, 13],
    [26583, 11, 314, 561, 1950, 13],
    [8128, 340, 318, 407, 257, 13],
    [8128, 314, 1101, 262, 691, 13],
    [40, 716, 845, 6613, 284, 13],
    [40, 1101, 1016, 284, 307, 13],
    [1639, 1183, 307, 1498, 284, 13],
    [1639, 460, 1064, 262, 3452, 13],
    [464, 749, 2274, 1366, 422, 262, 471, 13, 50, 492],
    [464, 976, 1110, 11, 314, 2722, 257, 3275, 422, 262, 13],
    [26583, 314, 423, 1282, 284, 262, 7664, 326, 262, 640, 13],
    [26583, 11, 262, 1808, 22068, 1771, 262, 1230, 815, 307, 13],
    [8128, 340, 338, 262, 717, 1110, 290, 345, 1053, 655, 13],
    [8128, 286, 428, 11, 314, 423, 3066, 284, 787, 428, 13],
    [40, 892, 262, 749, 1593, 1517, 326, 314, 460, 910, 13],
    [40, 423, 284, 9159, 284, 852, 6655, 326, 262, 27071],
    [1639, 821, 1016, 284, 307, 3734, 526, 27071],
    [1639, 1183, 766, 257, 1256, 517, 286, 326, 287, 262, 13],
  ],
  edits: [
    {
      bare: [19591, 7516, 11, 262],
      spaced: [7760, 7516, 11, 262],
      lookup: 1,
      target: [38283, 396],
      essence: { tokens: [19591, 7516, 318, 257], lookup: 1 },
      initialNorm: 23.1282063,
      probability: 0.00457418803,
      losses: [5.409, 3.577, 2.429, 1.664, 1.087, 0.593],
    },
    {
      bare: [45431, 3327, 318, 257, 4708],
      spaced: [12181, 3327, 318, 257, 4708],
      lookup: 1,
      target: [11783],
      essence: { tokens: [45431, 3327, 318, 257], lookup: 1 },
      initialNorm: 38.8829613,
      probability: 0.00786762778,
      losses: [4.966, 3.972, 1.221, 0.82, 0.517, 0.31],
    },
    {
      bare: [464, 1099, 287, 314, 4914, 14414, 268, 24183, 262, 3303],
      spaced: [383, 1099, 287, 314, 4914, 14414, 268, 24183, 262, 3303],
      lookup: 6,
      target: [14023],
      essence: { tokens: [40, 4914, 14414, 268, 318, 257], lookup: 3 },
      initialNorm: 20.5596466,
      probability: 7.27511215e-5,
      losses: [9.789, 7.981, 6.303, 3.84, 1.817, 0.905],
    },
  ],
};

const romeJ: Notebook = {
  source: "zjunlp/EasyEdit (MIT), output of the notebook EasyEdit_Example_ROME_GPTJ",
  layer: 5,
  prefixes: [
    [464, 1944, 14250, 318, 7924, 13],
    [464, 1944, 14250, 18436, 284, 13],
    [26583, 11, 340, 561, 307, 13],
    [26583, 11, 356, 423, 257, 13],
    [8128, 314, 373, 287, 257, 13],
    [8128, 262, 3741, 286, 674, 13],
    [40, 716, 523, 6568, 43179],
    [40, 423, 257, 1808, 38508],
    [1639, 389, 994, 764],
    [1639, 423, 587, 6163, 284, 13],
    [464, 1944, 14250, 18436, 284, 257, 2446, 329, 9138, 257, 13],
    [464, 1944, 14250, 18436, 284, 281, 21152, 329, 262, 6161, 13],
    [26583, 11, 356, 423, 284, 787, 1654, 326, 356, 836, 13],
    [26583, 11, 262, 2184, 7228, 326, 262, 20870, 468, 4054, 13],
    [8128, 286, 663, 1029, 14233, 11, 1029, 6323, 290, 922, 13],
    [8128, 262, 3741, 286, 661, 287, 262, 995, 1909, 389, 13],
    [40, 58, 45, 5446, 28644, 2849, 4083, 17470, 13],
    [40, 58, 45, 5446, 28644, 2849, 4083, 17470, 13],
    [1639, 389, 3058, 11681, 262, 1468, 14216, 13, 775, 423, 13],
    [1639, 821, 257, 31866, 553, 673, 531, 13, 366, 1639, 13],
  ],
  edits: [
    {
      bare: [8241, 373, 262, 11915, 286, 30693, 20259, 8329, 4789, 30],
      spaced: [5338, 373, 262, 11915, 286, 30693, 20259, 8329, 4789, 30],
      lookup: 8,
      target: [22044, 30693, 20259],
      essence: { tokens: [43, 993, 20259, 8329, 4789, 318, 257], lookup: 4 },
      initialNorm: 22.1837368,
      probability: 0.00904875062,
      losses: [4.871, 3.612, 2.422, 1.781, 0.441, 0.209],
    },
    {
      bare: [2061, 2597, 857, 360, 11870, 34321, 328, 711, 287, 4346, 30],
      spaced: [1867, 2597, 857, 360, 11870, 34321, 328, 711, 287, 4346, 30],
      lookup: 6,
      target: [31389],
      essence: { tokens: [35, 11870, 34321, 328, 318, 257], lookup: 3 },
      initialNorm: 24.8309994,
      probability: 5.60314732e-7,
      losses: [14.686, 11.642, 7.085, 2.889, 0.529, 0.337],
    },
    {
      bare: [2061, 1748, 750, 1526, 75, 6960, 2107, 618, 339, 3724, 30],
      spaced: [1867, 1748, 750, 1526, 75, 6960, 2107, 618, 339, 3724, 30],
      lookup: 5,
      target: [968, 12255],
      essence: { tokens: [44, 7063, 6960, 318, 257], lookup: 2 },
      initialNorm: 34.249527,
      probability: 0.0308530871,
      losses: [3.539, 1.923, 0.629, 0.209, 0.096, 0.066],
    },
  ],
};

const memitXl: Notebook = {
  source: "zjunlp/EasyEdit (MIT), output of the notebook EasyEdit_Example_MEMIT",
  layer: 17,
  prefixes: [
    [464, 717, 640, 339, 1625, 284, 3187, 502, 11, 339, 13],
    [26583, 11, 340, 318, 1744, 284, 2251, 257, 366, 25833, 13],
    [8128, 286, 428, 11, 314, 892, 340, 338, 257, 922, 13],
    [40, 892, 262, 717, 1517, 284, 910, 318, 326, 314, 13],
    [1639, 821, 257, 1310, 2739, 284, 262, 2151, 11, 475, 13],
  ],
  edits: [
    {
      bare: [19591, 7516, 11, 262],
      spaced: [7760, 7516, 11, 262],
      lookup: 1,
      target: [38283],
      essence: { tokens: [19591, 7516, 318, 257], lookup: 1 },
      initialNorm: 110.150978,
      probability: 3.25909168e-5,
      losses: [10.461],
    },
    {
      bare: [45431, 3327, 318, 257, 4708],
      spaced: [12181, 3327, 318, 257, 4708],
      lookup: 1,
      target: [11783],
      essence: { tokens: [45431, 3327, 318, 257], lookup: 1 },
      initialNorm: 111.925392,
      probability: 0.00238601444,
      losses: [6.252],
    },
    {
      bare: [464, 1099, 287, 314, 4914, 14414, 268, 24183, 262, 3303],
      spaced: [383, 1099, 287, 314, 4914, 14414, 268, 24183, 262, 3303],
      lookup: 6,
      target: [14023],
      essence: { tokens: [40, 4914, 14414, 268, 318, 257], lookup: 3 },
      initialNorm: 102.954453,
      probability: 5.02401963e-5,
      losses: [10.165],
    },
  ],
};

/** The settings of the notebooks, which are ROME's own (METHODS 4.7). */
const settings = { learningRate: 0.5, clamp: 4, weightDecay: 0.5, klFactor: 0.0625 };

/** ROME and MEMIT on GPT-2 XL. */
export const editsOfXl: ModelFact[] = [...romeFacts(romeXl), ...memitFacts(memitXl)];

/** ROME on GPT-J. */
export const editsOfGptJ: ModelFact[] = romeFacts(romeJ);

function romeFacts({ source, layer, prefixes, edits }: Notebook): ModelFact[] {
  return edits.flatMap((edit): ModelFact[] => [
    { kind: "stateNorm", source, site: "mlp", layer, ...initialState(edit) },
    { kind: "probability", source, ...underContexts(edit, prefixes), expected: edit.probability },
    {
      kind: "search",
      source,
      layer,
      settings,
      essence: edit.essence,
      ...underContexts(edit, prefixes),
      lookups: [edit.lookup, ...prefixes.map((prefix) => prefix.length + edit.lookup)],
      expected: edit.losses,
    },
  ]);
}

function memitFacts({ source, layer, prefixes, edits }: Notebook): ModelFact[] {
  return edits.flatMap((edit): ModelFact[] => [
    { kind: "stateNorm", source, site: "hidden", layer, ...initialState(edit) },
    { kind: "probability", source, ...underContexts(edit, prefixes), expected: edit.probability },
    { kind: "nll", source, ...underContexts(edit, prefixes), expected: edit.losses[0] },
  ]);
}

function initialState({ bare, lookup, initialNorm }: PublishedEdit) {
  return { tokens: bare.slice(0, lookup + 1), expected: initialNorm };
}

function underContexts({ bare, spaced, target }: PublishedEdit, prefixes: number[][]) {
  return { prompts: [bare, ...prefixes.map((prefix) => [...prefix, ...spaced])], target };
}
