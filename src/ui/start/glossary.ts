/** A word of the page, explained to who knows language models and not these papers. */
export interface Entry {
  word: string;
  /** One to three sentences. */
  text: string;
  /** Where it comes from. */
  paper?: keyof typeof papers;
}

/** What the page's methods were published in. */
export const papers = {
  locating: {
    title: "Meng et al. 2022, Locating and Editing",
    url: "https://arxiv.org/abs/2202.05262",
  },
  many: {
    title: "Meng et al. 2023, Mass-Editing Memory",
    url: "https://arxiv.org/abs/2210.07229",
  },
} as const;

/** The words of the page, by the order in which they are met. */
export const glossary: readonly Entry[] = [
  {
    word: "subject",
    text: "The words that a fact is about, such as “The Space Needle”. Its last token is where these models gather what they know of it.",
    paper: "locating",
  },
  {
    word: "causal trace",
    text: "The prompt is run three times: as it is, with noise on the subject so that the answer is lost, and with the noise but one clean state put back. Where the answer comes back, that state carried the fact.",
    paper: "locating",
  },
  {
    word: "noise",
    text: "Random numbers added to the embeddings of the subject’s tokens. 3s is three times σ, the authors’ choice; 0.1 is a fixed size.",
    paper: "locating",
  },
  {
    word: "σ",
    text: "The standard deviation of the embeddings of many subjects: the unit of the noise, so that it means the same in every model.",
  },
  {
    word: "samples",
    text: "How many different draws of the noise are averaged. More make the figure calmer and take longer.",
  },
  {
    word: "state, MLP, attention",
    text: "What is put back: a layer’s whole output, or only what its MLP or its attention adds to it.",
  },
  {
    word: "window",
    text: "MLP and attention outputs are put back in so many neighbouring layers at once, since one alone brings back little. A state is put back in one layer.",
    paper: "locating",
  },
  {
    word: "indirect effect",
    text: "How much of the answer’s probability one state brings back: p with the state restored minus p corrupted.",
    paper: "locating",
  },
  {
    word: "layer",
    text: "Which block’s MLP output matrix is changed. The trace shows where the fact is recalled; the preset is what the authors took.",
  },
  {
    word: "key and value",
    text: "An MLP is read as a memory: its inner activations at the subject’s last token are a key k, and its output matrix answers with a value v. A rewrite gives this key another value.",
    paper: "locating",
  },
  {
    word: "steps",
    text: "How often the search for the new value looks at the loss and moves.",
  },
  {
    word: "clamp",
    text: "How far the new value may move from the old: so many times the old one’s length. A larger clamp writes harder and damages more.",
  },
  {
    word: "KL factor",
    text: "How strongly the search is held to leave “{subject} is a” with the same next words as before.",
  },
  {
    word: "covariance C",
    text: "C = Σkkᵀ/N over many texts: which keys the layer uses for everything else. Dividing by it spreads a change away from them. C = I, the identity, knows nothing of them, and is not the published method.",
    paper: "locating",
  },
  {
    word: "k₀·u / k̄·u",
    text: "How well the written key k̄, a mean over contexts, meets the key k₀ of the prompt itself, in the direction u of the change. Near 1 the prompt gets the whole change, near 0 almost nothing of it.",
  },
  {
    word: "‖ΔW‖/‖W‖",
    text: "The size of the change against the size of the matrix. Far above that of the preset, other facts suffer.",
  },
  {
    word: "λ",
    text: "How much the old keys weigh against the new facts where many are written at once. A larger λ changes less.",
    paper: "many",
  },
  {
    word: "delta",
    text: "An edit as a change of some weights, kept apart from the model: it can be switched off, downloaded, and put on the same model elsewhere.",
  },
  {
    word: "ES and EM",
    text: "Efficacy on the rewritten prompt. ES: whether the new answer is likelier than the true one. EM: by how much.",
    paper: "locating",
  },
  {
    word: "PS and PM",
    text: "The same on paraphrases: other words for the same fact, which should change too.",
    paper: "locating",
  },
  {
    word: "NS and NM",
    text: "The same on neighbours, the other way round: prompts about other subjects with the same true answer, which should stay as they were.",
    paper: "locating",
  },
  {
    word: "S",
    text: "The harmonic mean of ES, PS and NS, or of those that there are prompts for: high only where all of them are.",
    paper: "locating",
  },
  {
    word: "p of several tokens",
    text: "Joint: the product over an answer’s tokens, which falls with every further one. Per token: their geometric mean, which can be compared between answers of different length.",
  },
  {
    word: "greedy",
    text: "Always the likeliest next token, so that the same text comes every time.",
  },
  {
    word: "top k",
    text: "Each next token is drawn among the k likeliest only, by their probabilities.",
  },
  {
    word: "temperature",
    text: "Below 1 a drawn text keeps closer to the likeliest words, above 1 it strays. It does not change what the model finds likely.",
  },
];

/**
 * The entry of a word.
 *
 * @throws where the glossary has none: a page that names one is wrong
 */
export function entryOf(word: string): Entry {
  const found = glossary.find((entry) => entry.word === word);
  if (!found) throw new Error(`the glossary has no “${word}”; add an entry`);
  return found;
}
