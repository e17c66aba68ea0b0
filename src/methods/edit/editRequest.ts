import type { Model } from "../../engine/Model.ts";
import { promptTemplate } from "../prompt/subject.ts";

/** A fact to write: the prompt with the subject should be followed by the target (METHODS 4.1). */
export interface EditRequest {
  /** Text with one `{}` for the subject, or text that holds the subject once. */
  prompt: string;
  subject: string;
  target: string;
  /** What is overwritten, where that is known: it is kept with the edit, and makes no difference to it. */
  truth?: string | undefined;
}

/**
 * The request with its prompt as a template.
 *
 * @throws one sentence for a prompt or subject that cannot be edited, or a layer the model does not have
 */
export function checkEditRequest(model: Model, request: EditRequest, layer: number): EditRequest {
  const { layers } = model.config;
  if (!(Number.isInteger(layer) && layer >= 0 && layer < layers)) {
    throw new Error(`invalid layer: ${layer} (this model has 0–${layers - 1})`);
  }
  const subject = request.subject.trim();
  if (request.prompt.trim() === "") throw new Error("the prompt is empty; type a sentence");
  if (subject === "") throw new Error("the subject is empty; mark some words of the prompt");
  return { ...request, subject, prompt: promptTemplate(request.prompt, subject) };
}
