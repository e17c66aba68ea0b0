/** A template with the subject in the place of its `{}`; whatever is in the subject stands there as it is. */
export const fillTemplate = (template: string, subject: string): string =>
  template.replace("{}", () => subject);
