import { html, useEffect, useRef, useState } from './vendor/preact.js';

export interface ConfirmProps {
  readonly title: string;
  /** On the button. */
  readonly action: string;
  /** Rejects with what to tell the operator; the dialog then stays. */
  readonly onConfirm: (form: FormData) => Promise<void>;
  readonly onClose: () => void;
  readonly children?: unknown;
}

/** A change is asked for once more, in a dialog that keeps the focus until it is answered. */
export function Confirm({ title, action, onConfirm, onClose, children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
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
    <form onSubmit=${submit}>
      <h2 id="dialog-title">${title}</h2>
      ${children}
      <p role="alert" class="bad">${problem}</p>
      <div class="buttons">
        <button type="button" onClick=${onClose}>Cancel</button>
        <button class="primary" disabled=${isBusy}>${action}</button>
      </div>
    </form>
  </dialog>`;
}

/** What was typed into a field. */
export function typed(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value.trim() : '';
}
