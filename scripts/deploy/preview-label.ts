// The label of a pull request that asks for a stage of its own; preview.yml names it too.
export const PREVIEW_LABEL = "preview";
