import { html, useEffect, useRef, useState } from './vendor/preact.js';

interface ConfirmProps {
  readonly title: string;
  /** On the button. */
  readonly action: string;
  /** Rejects with what to tell the operator; the dialog then stays. */
  readonly onConfirm: (form: FormData) => Promise<void>;
  readonly onClose: () => void;
  /** Why it cannot be confirmed by what is typed in; empty: it can. */
  readonly lack?: ((form: FormData | undefined) => string) | undefined;
  readonly children?: unknown;
}

/** A change is asked for once more, in a dialog that keeps the focus until it is answered. */
export function Confirm({ title, action, onConfirm, onClose, lack = () => '', children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [form, setForm] = useState<FormData | undefined>(undefined);
  const lacking = lack(form);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const shown = dialog.current as HTMLDialogElement;
    shown.showModal();
    return () => {
      // Nothing else can have the focus while it is open. The browser gives it back, but only to what is still there.
      shown.close();
      if (before?.isConnected !== true) document.getElementById('content')?.focus();
    };
  }, []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      await onConfirm(new FormData(event.currentTarget as HTMLFormElement));
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  return html`<dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${onClose}>
    <form
      onSubmit=${submit}
      onInput=${(event: InputEvent) => setForm(new FormData(event.currentTarget as HTMLFormElement))}
    >
      <h2 id="dialog-title">${title}</h2>
      ${children}
      <p role="alert" class="bad">${problem}</p>
      <div class="foot">
        ${lacking !== '' && html`<p id="lack">${lacking}</p>`}
        <div class="buttons">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button
            class="primary"
            disabled=${isBusy || lacking !== ''}
            aria-describedby=${lacking === '' ? undefined : 'lack'}
          >
            ${action}
          </button>
        </div>
      </div>
    </form>
  </dialog>`;
}

const NAME = 'c2s-facade-name';

/** Who changes it, and why, for the history. The name is remembered in this browser; it is for display only. */
export function Signature({ optional = false }: { optional?: boolean }) {
  return html`<label for="why">Why ${optional && html`<${MayBeLeftOut} />`}</label>
    <input id="why" name="why" required=${!optional} maxlength="500" placeholder="for the history" autocomplete="off" />
    <${YourName} />`;
}

/** Who does it. */
export function YourName() {
  const [name] = useState(localStorage.getItem(NAME) ?? '');
  return html`<label for="who">Your name <${MayBeLeftOut} /></label>
    <input id="who" name="who" maxlength="100" autocomplete="name" defaultValue=${name} />`;
}

const MayBeLeftOut = () => html`<span class="quiet">(may be left out)</span>`;

/** As the API wants it. */
export function signed(form: FormData): { why?: string; who?: string } {
  const [why, who] = [typed(form, 'why'), typed(form, 'who')];
  localStorage.setItem(NAME, who);
  return { ...(why !== '' && { why }), ...(who !== '' && { who }) };
}

/** What was typed into a field. */
export function typed(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value.trim() : '';
}
