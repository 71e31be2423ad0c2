/**
 * The looks of the page as a whole.
 *
 * @module
 */

/** The looks of the page as a whole. */
export const pageCss: string = /* css */ `
:root {
  color-scheme: light dark;
  --paper: #f7f6f1;
  --card: #ffffff;
  --ink: #1d241f;
  --soft: #59655c;
  --line: #d9dbd0;
  --leaf: #2f7a48;
  --handshake: #8a5a00;
  --request: #0b63a5;
  --response: #2f7a48;
  --ack: #6c7670;
  --neighbour: #7a4b9c;
  --close: #8b3a2f;
  --trouble: #c01f2e;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}

@media (prefers-color-scheme: dark) {
  :root {
    --paper: #10140f;
    --card: #181e19;
    --ink: #e4e9e2;
    --soft: #9eaaa0;
    --line: #2f3830;
    --leaf: #7cc893;
    --handshake: #e3b35b;
    --request: #74b9f0;
    --response: #7cc893;
    --ack: #97a39b;
    --neighbour: #c79be8;
    --close: #e59386;
    --trouble: #ff7d86;
  }
}

* {
  box-sizing: border-box;
}

body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: break-word;
}

header,
main,
footer {
  max-width: 62rem;
  margin: 0 auto;
  padding: 0 1.25rem;
}

header {
  padding-top: 2.5rem;
}

.brand {
  display: flex;
  align-items: center;
  gap: 0.7rem;
  font-weight: 650;
  font-size: 1.15rem;
  letter-spacing: 0.01em;
}

.brand svg {
  width: 2.6rem;
  height: 2.6rem;
  flex: none;
}

h1 {
  font-size: clamp(1.7rem, 1.1rem + 2.6vw, 2.7rem);
  line-height: 1.15;
  letter-spacing: -0.02em;
  margin: 1.2rem 0 0.7rem;
  max-width: 26ch;
  text-wrap: balance;
}

h2 {
  font-size: 1.3rem;
  letter-spacing: -0.01em;
  margin: 3rem 0 0.3rem;
}

h2 + p {
  margin-top: 0;
}

p {
  max-width: 68ch;
}

.lead {
  font-size: 1.1rem;
}

.soft,
h2 + p {
  color: var(--soft);
}

a {
  color: var(--leaf);
  text-underline-offset: 0.15em;
}

code,
pre,
.mono {
  font-family: var(--mono);
  font-size: 0.9em;
}

:focus-visible {
  outline: 2px solid var(--leaf);
  outline-offset: 2px;
}

.card {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.75rem;
}

.hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

footer {
  margin-top: 3.5rem;
  padding-bottom: 3rem;
  color: var(--soft);
  font-size: 0.88rem;
}

@media (max-width: 52rem) {
  header {
    padding-top: 1.5rem;
  }
}
`;
