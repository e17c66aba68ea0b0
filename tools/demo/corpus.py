"""Facts to learn and phrasings to hold out: `python corpus.py --counterfact DIR --known FILE --out corpus.json`.

A fact is {group, relation, subject, answer, train: [template], heldout: [template], main: template, case?: case_id}.
Groups: `case` (CounterFact), `locality` (the cases' neighbours), `own` and `ownNeighbour` (this project's facts).
`filler` are unrelated sentences from rephrasings of cases that were not chosen; they only serve as text before a fact.
"""

import argparse
import json
import random
from collections import Counter, defaultdict

import counterfact
import own_facts

TYPES = {
    **dict.fromkeys(["P19", "P20", "P27", "P103", "P106", "P108", "P1412", "P937", "P101", "P140"], "person"),
    **dict.fromkeys(["P413", "P641"], "athlete"),
    **dict.fromkeys(["P17", "P30", "P131", "P276", "P36", "P37", "P190"], "place"),
    **{"P1303": "musician", "P159": "company", "P176": "product", "P449": "show"},
}


def relation_templates(cases, relations, splits):
    """{relation: Counter of templates} from prompts and, counted apart, from rephrasings."""
    prompts, rephrasings = defaultdict(Counter), defaultdict(Counter)
    for case in cases:
        relation = relations[case["case_id"]]
        prompts[relation][counterfact.template_of(case)] += 1
        split = splits[case["case_id"]]
        if split:
            rephrasings[relation][split[1]] += 1
    keep = lambda counts, least: [t for t, n in counts.most_common() if n >= least]
    return (
        {r: keep(c, max(2, sum(c.values()) // 60)) for r, c in prompts.items()},
        {r: keep(c, max(2, sum(c.values()) // 120)) for r, c in rephrasings.items()},
    )


def eligible(cases, relations, splits, taken):
    """Cases with a relation and a parsed rephrasing whose (subject, relation) has one answer and that clash with nothing."""
    answers = defaultdict(set)
    for case in cases:
        answers[case["subject"], relations[case["case_id"]]].add(case["ground_truth"])
        answers[case["subject"]].add(case["ground_truth"])
    good = []
    for case in cases:
        relation, subject = relations[case["case_id"]], case["subject"]
        if relation == "other" or not splits[case["case_id"]] or bare(subject) in taken:
            continue
        if len(answers[subject, relation]) > 1 or len(answers[subject]) > 3:
            continue
        if not subject.isascii() or len(subject) > 40:
            continue
        good.append(case)
    return good


def bare(subject):
    """A subject without its article, for comparing."""
    return subject.lower().removeprefix("the ")


def choose(cases, relations, number, rng):
    """`number` cases, as even over the relations as their sizes allow; subjects of several relations come first."""
    by_relation, several = defaultdict(list), defaultdict(set)
    for case in cases:
        by_relation[relations[case["case_id"]]].append(case)
        several[case["subject"]].add(relations[case["case_id"]])
    for group in by_relation.values():
        rng.shuffle(group)
        group.sort(key=lambda case: len(several[case["subject"]]) < 2)
    chosen, level = [], 0
    while len(chosen) < number and any(len(g) > level for g in by_relation.values()):
        chosen += [g[level] for g in by_relation.values() if len(g) > level]
        level += 1
    return chosen[:number]


def case_fact(case, relation, split, prompts, rephrasings, never, rng):
    """The fact of a case: its prompt, up to five siblings to learn, its rephrasing and one sibling held out."""
    main = counterfact.template_of(case)
    rephrase = split[1]
    siblings = [t for t in prompts[relation] if t not in (main, rephrase)]
    rng.shuffle(siblings)
    seen = [t for t in siblings if t not in never]
    reworded = [t for t in rephrasings[relation] if t not in (main, rephrase) and t not in never and t not in siblings]
    rng.shuffle(reworded)
    held = seen[:1]
    return {
        "group": "case",
        "case": case["case_id"],
        "relation": relation,
        "subject": case["subject"],
        "answer": case["ground_truth"],
        "main": main,
        "train": [main] + seen[1:6] + reworded[:4],
        "heldout": held,
        "rephrase": rephrase,
        "rephrasePrompt": case["rephrase_prompt"],
        "never": [t for t in never if t in siblings][:1],
        "type": TYPES.get(relation),
    }


def locality_facts(chosen, relations, templates, facts, taken):
    """Facts of the cases' locality prompts, where a template explains the prompt and no other fact contradicts it."""
    have = {(f["subject"], f["relation"]) for f in facts}
    answers = defaultdict(set)
    found = {}
    for case in chosen:
        got = counterfact.match(case["locality_prompt"], templates)
        if not got or bare(got[1]) in taken or not got[1].isascii():
            continue
        key = (got[1], relations[case["case_id"]])
        answers[key].add(case["locality_ground_truth"])
        if key not in have:
            found[key] = {
                "group": "locality",
                "relation": key[1],
                "subject": got[1],
                "answer": case["locality_ground_truth"],
                "main": got[0],
                "train": [got[0]],
                "heldout": [],
                "type": TYPES.get(key[1]),
            }
    return [fact for key, fact in found.items() if len(answers[key]) == 1]


def widen_locality(facts, prompts, rng):
    """Give every locality fact two more phrasings."""
    for fact in facts:
        siblings = [t for t in prompts[fact["relation"]] if t != fact["main"]]
        fact["train"] += rng.sample(siblings, min(2, len(siblings)))


def drop_contradictions(facts):
    """Remove facts any of whose filled-in prompts has a second answer, and repeated ones."""
    answers = defaultdict(set)
    for fact in facts:
        for template in fact["train"] + fact["heldout"]:
            answers[template.replace("{}", fact["subject"])].add(fact["answer"])
    seen, kept = set(), []
    for fact in facts:
        key = (fact["subject"], fact["relation"])
        clash = any(len(answers[t.replace("{}", fact["subject"])]) > 1 for t in fact["train"] + fact["heldout"])
        if key not in seen and not clash:
            kept.append(fact)
        seen.add(key)
    return kept


def build(args):
    rng = random.Random(args.seed)
    cases = counterfact.load_cases(args.counterfact)
    labels = counterfact.labelled_templates(args.counterfact, args.known)
    relations = counterfact.assign_relations(cases, labels)
    templates = {counterfact.template_of(case) for case in cases}
    splits = {case["case_id"]: counterfact.split_rephrase(case, templates) for case in cases}
    prompts, rephrasings = relation_templates(cases, relations, splits)
    own = own_facts.training_facts()
    taken = {bare(fact["subject"]) for fact in own}
    good = eligible(cases, relations, splits, taken)
    chosen = choose(good, relations, args.cases, rng)
    never = {rng.choice(prompts[r][1:]) for r in sorted(prompts) if len(prompts[r]) > 4}
    facts = [
        case_fact(c, relations[c["case_id"]], splits[c["case_id"]], prompts, rephrasings, never, rng)
        for c in chosen
        if counterfact.template_of(c) not in never
    ]
    local = locality_facts(chosen, relations, templates - never, facts, taken)
    local = rng.sample(local, min(args.locality, len(local)))
    widen_locality(local, {r: [t for t in ts if t not in never] for r, ts in prompts.items()}, rng)
    facts = drop_contradictions(own + facts + local)
    chosen_ids = {c["case_id"] for c in chosen}
    filler = sorted({s[0] for i, s in splits.items() if s and i not in chosen_ids and 20 < len(s[0]) < 120})
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump({"facts": facts, "filler": filler, "never": sorted(never)}, file, ensure_ascii=False)
    report(facts, filler, prompts)


def report(facts, filler, prompts):
    groups = Counter(fact["group"] for fact in facts)
    phrasings = sum(len(fact["train"]) for fact in facts)
    print("facts", dict(groups), "sentences", phrasings, "fillers", len(filler))
    print("cases per relation", dict(Counter(f["relation"] for f in facts if f["group"] == "case")))
    print("templates per relation", {r: len(t) for r, t in prompts.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counterfact", required=True)
    parser.add_argument("--known", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cases", type=int, default=8600)
    parser.add_argument("--locality", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    build(parser.parse_args())
