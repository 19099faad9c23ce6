// Signs in with e-mail address and password.
import { useState } from "preact/hooks";
import { signIn } from "../account.ts";
import { Field } from "../ui/field.tsx";
import { ErrorNotice } from "../ui/states.tsx";
import { useAction } from "../use-request.ts";

export function SignInView() {
  const { error, isRunning, run } = useAction();
  const [isWrong, setWrong] = useState(false);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    void run(async () => {
      setWrong(false);
      setWrong(!(await signIn(String(form.get("email")), String(form.get("password")))));
    });
  }
  return (
    <form class="card" onSubmit={submit}>
      <h1>Sign in</h1>
      <Field label="E-mail address">
        {(attributes) => <input {...attributes} name="email" autocomplete="username" required autofocus />}
      </Field>
      <Field label="Password">
        {(attributes) => (
          <input {...attributes} type="password" name="password" autocomplete="current-password" required />
        )}
      </Field>
      {isWrong && <ErrorNotice error={new Error("E-mail address or password is wrong.")} />}
      {error && <ErrorNotice error={error} />}
      <button type="submit" class="button primary" disabled={isRunning}>
        {isRunning ? "Signing in…" : "Sign in"}
      </button>
      <p class="hint">
        Invited, or password reset? <a href="#/redeem">Set a password</a> with your one-time token.
      </p>
    </form>
  );
}
