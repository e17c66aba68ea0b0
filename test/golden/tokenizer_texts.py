"""Ids of our own texts by Hugging Face's GPT-2 tokenizer, for src/methods/tokenizerTexts.ts.

`python test/golden/tokenizer_texts.py --vocabulary DIR` reads OpenAI's encoder.json and vocab.bpe and prints the module;
`npx prettier` then gives it the project's form.
"""

import argparse
import json
import pathlib

import tokenizers
from tokenizers import ByteLevelBPETokenizer

TEXTS = [
    "The lighthouse keeper's daughter couldn't swim, but she'd learned to row.",
    "In 1987 the ferry carried 12,480 passengers and 3.5 tonnes of post.",
    "Café Müller is on the Åland Islands; naïve façades, señor!",
    "Ключ лежит под ковриком, Ελένη.",
    "灯塔在海边。灯台は海辺にあります。등대",
    "👩‍🚀 waved 👋🏽 from the 🇫🇮 pier",
    "for (let i = 0; i < n; i++) {\n\tsum += x[i] ** 2;\n}\n",
    "  two blanks before and two after  ",
    "a\n\n\nb\r\n\tc",
    "WE'LL don't I'VE they're 'tis",
    "https://example.org/a?b=c&d=%20#e_f-g",
    "∑ kᵢkᵢᵀ ≈ C ± 10⁻⁶ “quoted” — dash… €5 ½",
    "antidisestablishmentarianism Llanfairpwllgwyngyll",
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vocabulary", type=pathlib.Path, required=True)
    folder = parser.parse_args().vocabulary
    tokenizer = ByteLevelBPETokenizer(str(folder / "encoder.json"), str(folder / "vocab.bpe"))
    print("/**")
    print(" * Our own texts with their ids in GPT-2's vocabulary, by Hugging Face's tokenizers", tokenizers.__version__)
    print(" * (test/golden/tokenizer_texts.py): accents, scripts, emoji, contractions, numbers, code, blanks.")
    print(" */")
    print("export const tokenizerTexts: { text: string; ids: number[] }[] = [")
    for text in TEXTS:
        print(f"{{ text: {json.dumps(text, ensure_ascii=False)}, ids: {tokenizer.encode(text).ids} }},")
    print("];")


if __name__ == "__main__":
    main()
