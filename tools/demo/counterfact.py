"""CounterFact in EasyEdit's compact form: cases, their templates, and the relation each case belongs to.

The compact form has no relation ids. They are recovered from the answers: some templates are labelled in the files of
ROME's own form, the rest are given the labelled relation whose answers they share, and a case whose template serves
several relations gets the one in which its answer is most likely.
"""

import glob
import json
import math
import os
import re
from collections import Counter, defaultdict

# Relations whose templates say the same thing and may be exchanged.
SAME = {"P178": "P176", "P407": "P364"}


def load_cases(folder):
    """All cases of counterfact-{edit,train,val}.json, by case_id."""
    cases = []
    for name in ("edit", "train", "val"):
        with open(os.path.join(folder, f"counterfact-{name}.json"), encoding="utf-8") as file:
            cases += json.load(file)
    return sorted(cases, key=lambda case: case["case_id"])


def template_of(case):
    """The case's prompt with its subject replaced by {}."""
    return case["prompt"].replace(case["subject"], "{}", 1)


def labelled_templates(folder, known):
    """Counter of relation ids per template, from the files in ROME's form and the known facts."""
    labels = defaultdict(Counter)

    def walk(node):
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "relation_id" in node and ("prompt" in node or "template" in node):
                template = (node.get("template") or node["prompt"]).strip()
                labels[template][SAME.get(node["relation_id"], node["relation_id"])] += 1
            for child in node.values():
                walk(child)

    for path in sorted(glob.glob(os.path.join(folder, "full_format", "*.json"))) + [known]:
        with open(path, encoding="utf-8") as file:
            walk(json.load(file))
    return labels


def cosine(a, b):
    """Cosine of two Counters."""
    dot = sum(a[key] * b[key] for key in a if key in b)
    return dot / math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))


def assign_relations(cases, labels):
    """A relation id for every case_id: {case_id: relation}."""
    answers = defaultdict(Counter)
    for case in cases:
        answers[template_of(case)][case["ground_truth"]] += 1
    profile = defaultdict(Counter)
    for template, counts in answers.items():
        if len(labels.get(template, ())) == 1:
            profile[next(iter(labels[template]))] += counts
    candidates = {}
    for template, counts in answers.items():
        if template in labels:
            candidates[template] = list(labels[template])
        else:
            best = max(profile, key=lambda r: cosine(profile[r], counts))
            near = cosine(profile[best], counts) > 0.35
            candidates[template] = [best if near else "other"]
    relations = {}
    for case in cases:
        options = candidates[template_of(case)]
        relations[case["case_id"]] = max(options, key=lambda r: likelihood(profile[r], case["ground_truth"]))
    return relations


def likelihood(counts, answer):
    """P(answer) under a relation's answer counts, smoothed."""
    return (counts[answer] + 0.1) / (sum(counts.values()) + 100)


def split_rephrase(case, templates):
    """(unrelated text before, template) of the case's rephrase_prompt; None when the subject is not in it once."""
    text = case["rephrase_prompt"]
    if text.count(case["subject"]) != 1:
        return None
    text = text.replace(case["subject"], "{}")
    ends = [t for t in templates if text.endswith(t)]
    template = max(ends, key=len) if ends else re.split(r"[.?!] ", text)[-1]
    return text[: len(text) - len(template)].strip(), template


def match(text, templates):
    """(template, subject) of a filled-in prompt, by the longest template that fits; None if there is none."""
    best = None
    for template in templates:
        before, after = template.split("{}")
        if len(before) + len(after) < len(text) and text.startswith(before) and text.endswith(after):
            if best is None or len(template) > len(best[0]):
                best = (template, text[len(before) : len(text) - len(after)])
    return best
