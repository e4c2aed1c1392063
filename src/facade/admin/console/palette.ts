import { found, type Command } from './find.ts';
import type { Live } from './live.ts';
import { routeHref } from './needs.ts';
import { menuOf } from './pages.ts';
import { html, useEffect, useRef, useState } from './vendor/preact.js';

/** `k`, or Ctrl+K: go to any page or route by a few letters of its name. */

let open: () => void = () => undefined;

export const openPalette = (): void => open();

export function Palette({ live }: { live: Live }) {
  const [isOpen, setOpen] = useState(false);
  open = () => setOpen(true);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || event.altKey || event.shiftKey) return;
      const isTyping = (event.target as HTMLElement).closest('input, select, textarea') !== null;
      const isChord = event.ctrlKey || event.metaKey;
      if ((isTyping && !isChord) || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return isOpen && live.snapshot ? html`<${Dialog} live=${live} onClose=${() => setOpen(false)} />` : null;
}

function Dialog({ live, onClose }: { live: Live; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [search, setSearch] = useState('');
  const [at, setAt] = useState(0);
  const { routes = [], extensionRoutes = [] } = live.snapshot ?? {};
  const commands: readonly Command[] = [
    ...menuOf(extensionRoutes).map(({ title, address }) => ({
      kind: 'page' as const,
      name: title,
      href: `#/${address}`,
    })),
    ...routes.map(({ id }) => ({ kind: 'route' as const, name: id, href: routeHref(id) })),
  ];
  const shown = found(commands, search);
  const chosen = Math.min(at, shown.length - 1);
  useEffect(() => {
    const element = dialog.current as HTMLDialogElement;
    element.showModal();
    return () => element.close();
  }, []);
  const go = (command: Command | undefined): void => {
    if (!command) return;
    onClose();
    location.hash = command.href;
  };
  const pressed = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + shown.length) % Math.max(1, shown.length));
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      go(shown[chosen]);
    }
  };
  return html`<dialog class="palette" ref=${dialog} aria-label="Search or jump to" onClose=${onClose}>
    <input
      role="combobox"
      aria-label="Page or route"
      aria-expanded="true"
      aria-controls="palette-list"
      aria-activedescendant=${shown.length > 0 ? `palette-${chosen}` : undefined}
      placeholder="Page or route"
      autocomplete="off"
      spellcheck=${false}
      value=${search}
      onInput=${(event: InputEvent) => {
        setSearch((event.target as HTMLInputElement).value);
        setAt(0);
      }}
      onKeyDown=${pressed}
    />
    <ul id="palette-list" role="listbox" aria-label="Pages and routes">
      ${shown.map(
        (command, i) =>
          html`<li
            id=${`palette-${i}`}
            role="option"
            aria-selected=${i === chosen}
            onPointerMove=${() => setAt(i)}
            onClick=${() => go(command)}
          >
            <span>${command.name}</span> <span class="quiet">${command.kind}</span>
          </li>`,
      )}
    </ul>
    <p class="quiet small" role="status">${shown.length === 0 ? `Nothing is called “${search}”.` : ''}</p>
  </dialog>`;
}
