/**
 * check.py, shipped in every adapter folder: loads base model and adapter with PEFT, prints p(target) before and
 * after, and fails when the adapter had no effect (PEFT only warns when no name matched). What it asks is in
 * edit.json, so that nothing is pasted into Python.
 */
export const checkScript = `# python check.py [folder or Hub id of the base model]   needs: pip install torch transformers peft
import json, pathlib, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

here = pathlib.Path(__file__).resolve().parent
check = json.loads((here / "edit.json").read_text("utf-8"))["check"]
base = sys.argv[1] if len(sys.argv) > 1 else check["base_model"]
encode = AutoTokenizer.from_pretrained(base)
prompt, target = (encode(check[part], add_special_tokens=False)["input_ids"] for part in ("prompt", "target"))
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base).float(), str(here)).eval()
def scores():  # log p of every next token at each target position, [target token, vocab]
    with torch.no_grad():
        return model(torch.tensor([prompt + target])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
after = scores()
with model.disable_adapter():
    before = scores()
p = [score[range(len(target)), target].sum().exp().item() for score in (before, after)]
print(f"p({check['target']!r} after {check['prompt']!r}): before {p[0]:.6f}, after {p[1]:.6f}")
if (after - before).abs().max() < 1e-6:
    sys.exit("FAILED: the adapter changed nothing; is this the model it was made for, and did PEFT warn of missing keys?")
`;
