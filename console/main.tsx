// The owner's console: starts the app in the page.
import { render } from "preact";
import { followOtherTabs, readAccount } from "./account.ts";
import { App } from "./app.tsx";
import { deleteOnClose } from "./images/deletion.ts";

followOtherTabs();
deleteOnClose();
void readAccount();
const root = document.getElementById("app");
if (root) render(<App />, root);
