// The parts of a résumé that the page shows, in the format of JSON Resume. https://jsonresume.org/schema

/** Year, month or day: 2021, 2021-05 or 2021-05-31. */
type PartialDate = string;
type Period = { readonly startDate?: PartialDate; readonly endDate?: PartialDate };
type Linked = { readonly url?: string };
type Listed = { readonly summary?: string; readonly highlights?: readonly string[] };

/** The fields that the page shows. All are optional in the format, but the page needs a name. */
export type Resume = {
  readonly basics: Linked & {
    readonly name: string;
    readonly label?: string;
    readonly image?: string;
    readonly email?: string;
    readonly phone?: string;
    readonly summary?: string;
    readonly location?: { readonly city?: string; readonly region?: string; readonly countryCode?: string };
    readonly profiles?: readonly (Linked & { readonly network?: string; readonly username?: string })[];
  };
  readonly work?: readonly (Period & Linked & Listed & { readonly name?: string; readonly position?: string })[];
  readonly volunteer?: readonly (Period &
    Linked &
    Listed & { readonly organization?: string; readonly position?: string })[];
  readonly projects?: readonly (Period & Linked & Listed & { readonly name?: string; readonly description?: string })[];
  readonly publications?: readonly (Linked &
    Listed & { readonly name?: string; readonly publisher?: string; readonly releaseDate?: PartialDate })[];
  readonly education?: readonly (Period &
    Linked & {
      readonly institution?: string;
      readonly studyType?: string;
      readonly area?: string;
      readonly score?: string;
      readonly courses?: readonly string[];
    })[];
  readonly awards?: readonly (Listed & {
    readonly title?: string;
    readonly awarder?: string;
    readonly date?: PartialDate;
  })[];
  readonly certificates?: readonly (Linked & {
    readonly name?: string;
    readonly issuer?: string;
    readonly date?: PartialDate;
  })[];
  readonly skills?: readonly {
    readonly name?: string;
    readonly level?: string;
    readonly keywords?: readonly string[];
  }[];
  readonly languages?: readonly { readonly language?: string; readonly fluency?: string }[];
  readonly interests?: readonly { readonly name?: string; readonly keywords?: readonly string[] }[];
  readonly references?: readonly { readonly name?: string; readonly reference?: string }[];
};
