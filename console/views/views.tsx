// The views of the console in the order of the navigation, and the roles that see each.
import type { ComponentChildren } from "preact";
import type { Me } from "../account.ts";
import { ImageView } from "../images/image-view.tsx";
import { ImagesView } from "../images/images-view.tsx";
import type { Place } from "../router.ts";
import type { IconName } from "../ui/icon.tsx";
import { AccountView } from "./account-view.tsx";
import { DashboardView } from "./dashboard.tsx";
import { HealthView } from "./health.tsx";
import { KeysView } from "./keys.tsx";
import { UsageView } from "./usage.tsx";
import { UsersView } from "./users.tsx";

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
  { path: "dashboard", label: "Visits", icon: "dashboard", render: ({ params }) => <DashboardView params={params} /> },
  {
    path: "images",
    label: "Images",
    icon: "images",
    render: ({ id, params }) =>
      id === undefined ? <ImagesView tag={params.get("tag") ?? ""} /> : <ImageView id={id} />,
  },
  { path: "usage", label: "Usage", icon: "usage", render: () => <UsageView /> },
  { path: "users", label: "Users", icon: "users", ownerOnly: true, render: () => <UsersView /> },
  { path: "keys", label: "Keys", icon: "keys", ownerOnly: true, render: () => <KeysView /> },
  { path: "account", label: "Account", icon: "account", render: () => <AccountView /> },
  { path: "health", label: "Health", icon: "health", render: () => <HealthView /> },
];

export const viewsFor = ({ role }: Me): readonly View[] =>
  views.filter(({ ownerOnly }) => !ownerOnly || role === "owner");
