// A one-time token, which the API shows once, and the link that redeems it.
import { formatTime } from "../format.ts";
import type { Output } from "../operations.ts";
import { copyText } from "../ui/copy.ts";
import { Field } from "../ui/field.tsx";

export type Invitation = Output<"user-create">;

/** The token is in the fragment, which browsers do not send. */
const linkOf = (token: string) => `${location.origin}${location.pathname}#/redeem?token=${encodeURIComponent(token)}`;

export function InvitationNotice({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const { expiresAt, token, user } = invitation;
  const link = linkOf(token);
  return (
    <section class="panel accent" aria-labelledby="invitation">
      <h2 id="invitation">A link for {user.email}</h2>
      <p>
        With it they set a password, once, until {formatTime(expiresAt)}. It is shown only now. Send it to them over a
        channel that you trust.
      </p>
      <Field label="Link">
        {(attributes) => <textarea {...attributes} class="code" rows={2} readOnly value={link} />}
      </Field>
      <div class="actions">
        <button type="button" class="button primary" onClick={() => void copyText(link, "Link")}>
          Copy link
        </button>
        <button type="button" class="button" onClick={onClose}>
          Done
        </button>
      </div>
    </section>
  );
}
