#!/usr/bin/env python3
"""Measure rules/confidence.yaml: the share of each extractor's claims found right on the annotated documents.

usage: confidence.py EVAL_DIR COMMAND GOLD_DIR:TEXT_DIR [GOLD_DIR:TEXT_DIR ...] > confidence.yaml   (make confidence)

EVAL_DIR holds score.py, whose alignment of system and gold is used. A claim is right when the gold has its relation,
wrong when it has not; claims on optional items, or out of a file's scope, do not count. A mention is right when the
entity that it mentions is in the gold. The figure is (right + 1) / (claims + 2) (Laplace), to two digits; extractors
with fewer than five claims share "default", the figure over them together.
"""
import collections, json, pathlib, subprocess, sys

sys.path.insert(0, sys.argv[1])
import score

right, wrong = collections.Counter(), collections.Counter()
for pair in sys.argv[3:]:
    gold_dir, text_dir = map(pathlib.Path, pair.split(":"))
    for path in sorted(gold_dir.glob("*.json")):
        gold = json.loads(path.read_text("utf-8"))
        src = text_dir / gold["source"]
        text = src.read_bytes().decode("utf-8", "replace")
        run = subprocess.run([sys.argv[2], "extract", str(src)], capture_output=True, check=True)
        out = [json.loads(l) for l in run.stdout.decode().splitlines()]
        docs = score.align(gold["documents"], [o for o in out if o["type"] == "document"], score.document_affinity(text))
        ents = score.align(gold["entities"], [o for o in out if o["type"] == "entity"], score.entity_affinity)
        cls = {o["id"]: o["class"] for o in out if o["type"] == "entity"}
        ids = {**docs, **ents}
        optional = {e["id"] for e in gold["entities"] + gold["documents"] if e.get("optional")}
        scope = gold.get("scope") or {}
        want, free = set(), set()
        for r in gold["relations"]:
            (free if r.get("optional") or {r["s"], r["o"]} & optional else want).add((r["s"], r["p"], r["o"]))
        for c in (o for o in out if o["type"] == "claim"):
            k = (ids.get(c["subject"]), c["predicate"], ids.get(c["object"]))
            if c["predicate"] == "mentions":
                if cls.get(c["object"]) not in scope.get("entities", cls.values()) or k[2] in optional:
                    continue
                (right if k[2] else wrong)[c["extractor"]] += 1
            elif not (scope and c["predicate"] not in scope["relations"] or k in free or {k[0], k[2]} & optional):
                (right if k in want else wrong)[c["extractor"]] += 1

rate = lambda r, w: (r + 1) / (r + w + 2)
print("# Share of the claims of each extractor found right on the annotated documents. Made by make confidence\n# (confidence.py beside this file says how); the comment gives right/all.")
few = [k for k in right.keys() | wrong.keys() if right[k] + wrong[k] < 5]
r, w = sum(right[k] for k in few), sum(wrong[k] for k in few)
print(f"default: {rate(r, w):.2f} # {r}/{r + w} of the {len(few)} extractors with fewer than 5 claims")
for k in sorted((right.keys() | wrong.keys()) - set(few)):
    print(f"{k}: {rate(right[k], wrong[k]):.2f} # {right[k]}/{right[k] + wrong[k]}")
