// The views of the console in the order of the navigation, and the roles that see each.
import type { ComponentChildren } from "preact";
import type { Me } from "../account.ts";
import { ImageView } from "../images/image-view.tsx";
import { ImagesView } from "../images/images-view.tsx";
import type { Place } from "../router.ts";
import type { IconName } from "../ui/icon.tsx";

type View = {
  /** First segment of the place. */
  readonly path: string;
  readonly label: string;
  readonly icon: IconName;
  /** Of owners only. The API decides; this hides what it would reject. */
  readonly ownerOnly?: true;
  readonly render: (place: Place) => ComponentChildren;
};

const views: readonly View[] = [
  {
    path: "images",
    label: "Images",
    icon: "images",
    render: ({ id, params }) =>
      id === undefined ? <ImagesView tag={params.get("tag") ?? ""} /> : <ImageView id={id} />,
  },
];

export const viewsFor = ({ role }: Me): readonly View[] =>
  views.filter(({ ownerOnly }) => !ownerOnly || role === "owner");
