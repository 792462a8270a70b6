// A new intent either says something new, or does what there is.
"use strict";

const action = find("#new-intent [name=action]");
action?.addEventListener("change", () => {
  find("#new-intent [data-answer]").hidden = Boolean(action.value);
});
