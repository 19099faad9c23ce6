// Where resources stand: spread into each.

export type Place = { readonly resourceGroupName: string; readonly location: string };
